//! OAuth as the AT Protocol profiles it: requests, answers, errors and metadata documents.
//!
//! | module | what it holds | spec |
//! |---|---|---|
//! | [`params`] | a form or JSON body as parameters | AS-20, SEC-69 |
//! | [`client_id`], [`client_metadata`], [`redirect_uri`] | who a client is and where it may be reached | CM-1 … CM-24 |
//! | [`client_auth`], [`assertion`] | how a client proves who it is | CM-25 … CM-35 |
//! | [`par`], [`authorize`] | asking for a code, and answering through the browser | AS-20 … AS-46 |
//! | [`pkce`] | verifier and challenge | RFC 7636 |
//! | [`token`], [`revoke`] | codes and refresh tokens for access tokens | AS-50 … AS-65 |
//! | [`authorization_header`] | how a token is presented | RS-1 |
//! | [`server_metadata`], [`resource_metadata`] | what servers publish about themselves | AS-1 … AS-19, RS-10 |
//! | [`error`](mod@error) | error codes and what may be said with them | AS-27, AS-46, AS-69 |

pub mod assertion;
pub mod authorization_header;
pub mod authorize;
pub mod client_auth;
pub mod client_id;
pub mod client_metadata;
pub mod error;
pub mod par;
pub mod params;
pub mod pkce;
pub mod redirect_uri;
pub mod resource_metadata;
pub mod revoke;
pub mod server_metadata;
pub mod token;
