//! From a name to the sockets that are dialled, and what went wrong on the way.

use std::net::SocketAddr;
use std::sync::Arc;

use gatewright_protocol::syntax::Development;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::is_public;
use crate::dns::{Dns, DnsError};
use crate::error::FetchError;
#[cfg(any(test, feature = "testing"))]
use crate::testing::Scripted;

/// The addresses of a name, refused as a whole if one of them is not public. What this returns is what is dialled.
pub(super) struct CheckedDns {
    pub(super) dns: Arc<dyn Dns>,
    pub(super) development: Development,
    #[cfg(any(test, feature = "testing"))]
    pub(super) scripted: Option<Arc<Scripted>>,
}

#[derive(Debug, thiserror::Error)]
enum NotDialled {
    #[error(transparent)]
    Lookup(#[from] DnsError),
    #[error("the name has no address")]
    NoAddress,
    #[error("the name leads to an address that is not public")]
    NotPublic,
}

impl Resolve for CheckedDns {
    fn resolve(&self, name: Name) -> Resolving {
        let (dns, development) = (Arc::clone(&self.dns), self.development);
        #[cfg(any(test, feature = "testing"))]
        let scripted = self.scripted.clone();
        Box::pin(async move {
            let name = name.as_str();
            if development.is_allowed() && name == "localhost" {
                let here: [SocketAddr; 2] =
                    [([127, 0, 0, 1], 0).into(), ([0, 0, 0, 0, 0, 0, 0, 1], 0).into()];
                return Ok(Box::new(here.into_iter()) as Addrs);
            }
            let checked = dialled(&*dns, name).await?;
            #[cfg(any(test, feature = "testing"))]
            if let Some(scripted) = scripted {
                return Ok(Box::new(scripted.sockets(name).into_iter()) as Addrs);
            }
            Ok(Box::new(checked.into_iter()) as Addrs)
        })
    }
}

async fn dialled(dns: &dyn Dns, name: &str) -> Result<Vec<SocketAddr>, NotDialled> {
    let addresses = dns.addresses(name).await?;
    if addresses.is_empty() {
        return Err(NotDialled::NoAddress);
    }
    if !addresses.iter().copied().all(is_public) {
        return Err(NotDialled::NotPublic);
    }
    Ok(addresses.into_iter().map(|address| SocketAddr::new(address, 0)).collect())
}

/// What went wrong, without the URL and the texts that reqwest's errors carry.
pub(super) fn of_reqwest(error: &reqwest::Error) -> FetchError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        match current.downcast_ref::<NotDialled>() {
            Some(NotDialled::NotPublic) => return FetchError::NotPublic,
            Some(NotDialled::Lookup(_) | NotDialled::NoAddress) => return FetchError::Lookup,
            None => cause = current.source(),
        }
    }
    if error.is_timeout() {
        FetchError::TimedOut
    } else if error.is_connect() {
        FetchError::Connect
    } else {
        FetchError::Broken
    }
}
