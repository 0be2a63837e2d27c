//! What may come once only: proofs, and service tokens that change something. Remembered in the store, so by all
//! processes that share it.

use std::time::Duration;

use crate::keep::Sessions;
use crate::per_request::Refused;
use crate::sessions::{Allowance, Spent};

/// Is it the first time within this long? `within` has to be longer than anything that is asked for can be good.
pub(super) async fn is_first(
    sessions: &Sessions,
    what: &[u8],
    key: &[u8; 32],
    within: Duration,
) -> Result<bool, Refused> {
    let key = sessions.ring().lookup(&[what, key]);
    let once = [Allowance { most: 1, within }];
    match sessions.store().spend(&key, sessions.now(), &once).await {
        Ok(spent) => Ok(spent == Spent::Allowed),
        Err(error) => {
            tracing::error!(%error, "whether a token or proof came before cannot be told");
            Err(Refused::Unavailable("what was used before cannot be told"))
        }
    }
}
