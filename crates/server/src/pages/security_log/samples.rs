//! Pages of the security log worth looking at.

use gatewright_protocol::time::UnixTime;

use super::*;
use crate::pages::Sampled;

impl<'a> Sampled<'a> for SecurityLogPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let page = |events: &[SecurityEvent]| Self::new(shell, AccountName::sample("alice.test"), events);
        let event = |kind| {
            let account = "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap();
            SecurityEvent::new(account, kind, UnixTime::from_seconds(1_785_500_000))
        };
        let all = SecurityEventKind::ALL.map(|kind| {
            let event = event(kind);
            match kind {
                SecurityEventKind::SignIn => {
                    event.client("Mozilla/5.0 (iPhone) Safari/604.1").place("192.0.2.0/24")
                }
                SecurityEventKind::AppPasswordUsed => {
                    event.client("notes-bot").subject("<b>alice").place("192.0.2.0/24")
                }
                SecurityEventKind::AppPasswordCreated => {
                    event.subject("\"><script>1").scope("repo:com.example.note")
                }
                SecurityEventKind::Grant => event
                    .client("https://app.example.com/client.json?<img src=x>")
                    .scope("atproto repo:com.example.note blob:image/*")
                    .place("2001:db8:1::/48"),
                SecurityEventKind::ScopeRefused => event
                    .client("https://app.example.com/client.json")
                    .scope("repo:com.example.other?action=delete"),
                SecurityEventKind::SetChanged => event
                    .client("https://app.example.com/client.json")
                    .subject("include:com.example.authFull")
                    .scope("repo:com.example.photo"),
                _ => event,
            }
        });
        let many: Vec<_> = (0..=MOST_SHOWN).map(|_| event(SecurityEventKind::PasswordSession)).collect();
        let mut many = page(&many);
        many.events.truncate(2);
        vec![("none", page(&[])), ("all", page(&all)), ("many", many)]
    }
}
