//! The server over its router, with a store in memory: the lines of the security checklist that concern it.

#[cfg(test)]
mod support;

#[cfg(test)]
mod account_pages;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod app_password_page;
#[cfg(test)]
mod app_passwords;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod deletion;
#[cfg(test)]
mod device_page;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod email;
#[cfg(test)]
mod email_factor;
#[cfg(test)]
mod factors;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod passkeys;
#[cfg(test)]
mod password_reset;
#[cfg(test)]
mod permission_sets;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod revoke;
#[cfg(test)]
mod security_log;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod sign_up;
#[cfg(test)]
mod thin_line;
