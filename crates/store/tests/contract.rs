//! Every back end against the same suite.

use gatewright_store::contract::{LIMITS, Subject};
use gatewright_store::memory::Memory;

gatewright_store::contract_tests!(memory => Subject::new(Memory::with_limits(LIMITS)));
gatewright_store::contract_tests!(sqlite => Subject::sqlite());
#[cfg(feature = "postgres")]
gatewright_store::contract_tests!(postgres => Subject::postgres().await);
