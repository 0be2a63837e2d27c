//! What an operator decides about a host.

use std::path::PathBuf;
use std::time::Duration;

use gatewright_guard::rate::Rate;
use gatewright_protocol::syntax::{Development, Did, Handle};
use ipnet::IpNet;
use url::Url;

/// The most that a blob may hold, unless the operator says otherwise.
pub const BLOB_LIMIT: u64 = 50 * 1024 * 1024;
/// The most that the value of a record may take as DAG-CBOR.
pub const RECORD_LIMIT: usize = 1024 * 1024;
/// The most that a JSON body may take (RS-12).
pub const BODY_LIMIT: usize = 150 * 1024;
/// The most that the JSON body of a record write may take (RS-12), with room for what surrounds the record.
pub const WRITE_BODY_LIMIT: usize = 1024 * 1024 + 16 * 1024;
/// The most writes of one `applyWrites`.
pub const MAX_WRITES: usize = 200;
/// How long an upload waits for a record that names it.
pub const UNNAMED_BLOB: Duration = Duration::from_hours(24);

/// What an operator decides about a host.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the host is reached: an origin.
    pub public_url: Url,
    /// Who the host is: a `did:web` of the same origin, as a rule.
    pub service_did: Did,
    /// The domains under which it gives handles away, each with a dot before it: `.test`.
    pub handle_domains: Vec<String>,
    /// The folder that blobs lie in.
    pub blob_folder: PathBuf,
    /// The most that one blob may hold, in bytes.
    pub blob_limit: u64,
    /// How much strangers and applications may send.
    pub limits: Limits,
    /// Proxies in front of the host, whose word about the address of a client is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Where people reach the operator.
    pub contact_email: Option<String>,
    /// The operator's terms.
    pub terms_of_service: Option<Url>,
    /// The operator's privacy policy.
    pub privacy_policy: Option<Url>,
    /// Whether `.test` handles and the like are in order.
    pub development: Development,
    /// Who may make an account, beside the operator.
    pub sign_up: SignUpMode,
}

/// Who may make an account, beside the operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignUpMode {
    /// Nobody.
    #[default]
    Closed,
    /// Whoever has an invite code.
    Invite,
    /// Anybody.
    Open,
}

impl Settings {
    /// What is usual for this origin, with blobs in this folder.
    pub fn new(public_url: Url, service_did: Did, blob_folder: PathBuf) -> Self {
        Self {
            public_url,
            service_did,
            handle_domains: Vec::new(),
            blob_folder,
            blob_limit: BLOB_LIMIT,
            limits: Limits::default(),
            trusted_proxies: Vec::new(),
            contact_email: None,
            terms_of_service: None,
            privacy_policy: None,
            development: Development::Refused,
            sign_up: SignUpMode::Closed,
        }
    }

    /// The origin as text, without a slash at its end.
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// Whether this is one name directly under one of the host's domains.
    pub fn gives_away(&self, handle: &Handle) -> bool {
        self.handle_domains.iter().any(|domain| {
            handle
                .as_str()
                .strip_suffix(domain.as_str())
                .is_some_and(|name| !name.is_empty() && !name.contains('.'))
        })
    }

    /// Whether anybody may have this name, one that the host gives away: the operator's own are not among them, nor those
    /// of one or two characters.
    pub fn is_for_anybody(&self, handle: &Handle) -> bool {
        let name = handle.as_str().split('.').next().unwrap_or_default();
        name.len() >= SHORTEST_NAME
            && !RESERVED_NAMES.split_ascii_whitespace().any(|reserved| reserved == name)
    }

    /// Whether this is a name anywhere under one of the host's domains: nobody else can have given it away.
    pub fn owns_domain_of(&self, handle: &Handle) -> bool {
        self.handle_domains.iter().any(|domain| handle.as_str().ends_with(domain.as_str()))
    }
}

/// How much strangers and applications may send (RS-12). What passes a limit is answered 429 and changes nothing.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Whether anything is counted at all.
    pub enabled: bool,
    /// Requests from one network to all methods together, without `getRepo`.
    pub requests: Rate,
    /// Requests from one network to `getRepo`.
    pub exports: Rate,
    /// Points of changes of one account's records: a create is three, a put or update two, a delete one.
    pub writes: Rate,
    /// The same over a day.
    pub writes_daily: Rate,
    /// Uploads of one account.
    pub uploads: Rate,
    /// Changes of one account's handle.
    pub handles: Rate,
    /// The same over a day.
    pub handles_daily: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        const FIVE: Duration = Duration::from_mins(5);
        const DAY: Duration = Duration::from_hours(24);
        Self {
            enabled: true,
            requests: Rate { count: 3000, window: FIVE },
            exports: Rate { count: 6000, window: FIVE },
            writes: Rate { count: 5000, window: Duration::from_hours(1) },
            writes_daily: Rate { count: 35_000, window: DAY },
            uploads: Rate { count: 1000, window: DAY },
            handles: Rate { count: 10, window: FIVE },
            handles_daily: Rate { count: 50, window: DAY },
        }
    }
}

/// The least characters of a name that anybody may have.
const SHORTEST_NAME: usize = 3;
/// Names that people take for the operator's, or that programs take for a service. In the order of the alphabet.
const RESERVED_NAMES: &str = "abuse account accounts admin administrator api app autoconfig autodiscover billing \
    contact dns docs feedback ftp help hostmaster imap info legal login mail moderation moderator news noreply oauth \
    official operator pds pop postmaster privacy root security server settings smtp staff status support sysadmin \
    system terms webmaster www xrpc";
