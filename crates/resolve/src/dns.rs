//! Names to TXT values and to addresses, asked by ourselves so that what is checked is what is dialled.

use std::fmt;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolveHosts};
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::RData;
use tokio::sync::Semaphore;

/// Where names are looked up.
#[async_trait]
pub trait Dns: fmt::Debug + Send + Sync {
    /// The TXT values of `name`, each with its chunks joined (ID-6). Empty if there are none.
    async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError>;

    /// The addresses of `name`, of both families, unfiltered. Empty if there are none.
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError>;
}

/// Why a name could not be looked up. "There is no such name" is an answer, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DnsError {
    /// The name servers did not answer, or answered with a failure.
    #[error("the name servers gave no answer")]
    Failed,
    /// The text is not a domain name.
    #[error("this is not a domain name")]
    Name,
    /// No answer in time.
    #[error("the name servers did not answer in time")]
    TimedOut,
    /// This machine has no usable name server configured.
    #[error("no name server is configured on this machine")]
    Unconfigured,
}

/// The name servers of this machine, through hickory.
pub struct SystemDns {
    /// Read at the first question, so that a start without network costs and breaks nothing.
    resolver: OnceLock<Option<TokioResolver>>,
    permits: Semaphore,
}

/// Longest wait for one answer, retries included.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Questions in flight at once.
const CONCURRENT: usize = 128;
/// A name with more records than this is not one of ours.
const MOST_RECORDS: usize = 64;

impl SystemDns {
    /// Asks as `/etc/resolv.conf` says, without its search domains and without `/etc/hosts`.
    pub fn new() -> Self {
        Self { resolver: OnceLock::new(), permits: Semaphore::new(CONCURRENT) }
    }

    fn resolver(&self) -> Result<&TokioResolver, DnsError> {
        self.resolver.get_or_init(open).as_ref().ok_or(DnsError::Unconfigured)
    }
}

impl Default for SystemDns {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SystemDns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemDns").finish_non_exhaustive()
    }
}

fn open() -> Option<TokioResolver> {
    let mut builder = TokioResolver::builder_tokio()
        .inspect_err(
            |error| tracing::warn!(%error, "no name server is configured; names cannot be looked up"),
        )
        .ok()?;
    let options = builder.options_mut();
    options.timeout = Duration::from_secs(1);
    options.attempts = 2;
    options.cache_size = 1024;
    options.positive_max_ttl = Some(Duration::from_mins(5));
    // What was published a moment ago must be found (PS-30).
    options.negative_max_ttl = Some(Duration::from_secs(1));
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.use_hosts_file = ResolveHosts::Never;
    builder.build().inspect_err(|error| tracing::warn!(%error, "the resolver could not be set up")).ok()
}

#[async_trait]
impl Dns for SystemDns {
    async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let name = absolute(name)?;
        let resolver = self.resolver()?;
        let answer = bounded(&self.permits, TIMEOUT, resolver.txt_lookup(name)).await?;
        let Some(answer) = answer else { return Ok(Vec::new()) };
        let values = answer.answers().iter().filter_map(|record| match &record.data {
            RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
            _ => None,
        });
        Ok(values.take(MOST_RECORDS).collect())
    }

    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        let name = absolute(name)?;
        let resolver = self.resolver()?;
        let answer = bounded(&self.permits, TIMEOUT, resolver.lookup_ip(name)).await?;
        Ok(answer.map(|answer| answer.iter().take(MOST_RECORDS).collect()).unwrap_or_default())
    }
}

/// With a final dot, so that no search domain of this machine is tried.
fn absolute(name: &str) -> Result<String, DnsError> {
    let name = name.trim_end_matches('.');
    if name.is_empty() || name.len() > 253 {
        return Err(DnsError::Name);
    }
    Ok(format!("{name}."))
}

async fn bounded<T>(
    permits: &Semaphore,
    limit: Duration,
    question: impl Future<Output = Result<T, NetError>>,
) -> Result<Option<T>, DnsError> {
    let asked = tokio::time::timeout(limit, async {
        let _permit = permits.acquire().await.map_err(|_| DnsError::Failed)?;
        match question.await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_no_records_found() => Ok(None),
            Err(_) => Err(DnsError::Failed),
        }
    });
    asked.await.unwrap_or(Err(DnsError::TimedOut))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_asked_as_absolute_names() {
        assert_eq!(absolute("_atproto.alice.example.net").unwrap(), "_atproto.alice.example.net.");
        assert_eq!(absolute("example.net.").unwrap(), "example.net.");
        assert_eq!(absolute(""), Err(DnsError::Name));
        assert_eq!(absolute(&"a".repeat(254)), Err(DnsError::Name));
    }

    #[tokio::test]
    async fn a_question_without_answer_ends() {
        let permits = Semaphore::new(1);
        let asked =
            bounded(&permits, Duration::from_millis(5), std::future::pending::<Result<(), NetError>>()).await;
        assert_eq!(asked, Err(DnsError::TimedOut));
    }
}
