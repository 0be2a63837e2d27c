//! Every environment variable the program reads, in one place.

/// The configuration file of `serve`, when `--config` is not given.
pub const CONFIG: &str = "GATEWRIGHT_CONFIG";
/// Which log lines to print, in the syntax of `tracing`'s filter: `info`, `gatewright_server=debug`…
pub const LOG: &str = "GATEWRIGHT_LOG";
/// Overrides `server.public_url` of the configuration.
pub const PUBLIC_URL: &str = "GATEWRIGHT_PUBLIC_URL";
/// Overrides `server.listen` of the configuration.
pub const LISTEN: &str = "GATEWRIGHT_LISTEN";
/// Overrides `server.data` of the configuration.
pub const DATA: &str = "GATEWRIGHT_DATA";
/// The host of an account whose name does not lead there, as `dev` prints it.
pub const HOST: &str = "GATEWRIGHT_HOST";
/// The PLC directory: overrides `identity.plc_url` of the configuration.
pub const PLC: &str = "GATEWRIGHT_PLC";
/// The account of `mcp` on standard input, by handle or DID.
pub const MCP_HANDLE: &str = "ATPROTO_HANDLE";
/// Its app password.
pub const MCP_PASSWORD: &str = "ATPROTO_PASSWORD";
/// Its host, where its name does not lead there.
pub const MCP_HOST: &str = "ATPROTO_PDS_URL";
/// The repository that is read where a call names none.
pub const MCP_REPO: &str = "ATPROTO_REPO";
/// Where programs keep a person's state (XDG); the sessions of the command line lie below it.
pub const STATE_HOME: &str = "XDG_STATE_HOME";
/// Where programs keep a person's configuration (XDG); the key of the sessions lies below it.
pub const CONFIG_HOME: &str = "XDG_CONFIG_HOME";
