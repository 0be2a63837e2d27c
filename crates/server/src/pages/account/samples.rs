//! Account pages worth looking at.

use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::time::UnixTime;
use gatewright_store::approved_set::ApprovedSet;
use gatewright_store::set_change::SetChange;
use gatewright_store::token::{Token, TokenId};

use super::*;
use crate::pages::{Hidden, Sampled, Shell};

impl<'a> Sampled<'a> for AccountPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let page = |sessions: &[Session]| Self {
            shell,
            csrf: Hidden::sample().csrf,
            account: AccountName::sample("alice.test"),
            others: Vec::new(),
            sessions: sessions
                .iter()
                .enumerate()
                .map(|(number, session)| SessionView::new(session, number, shell.locale))
                .collect(),
            done: None,
        };
        let other = OtherAccount {
            handle: "bob.test".to_owned(),
            link: "/account?account=did%3Aplc%3Abob".to_owned(),
        };
        vec![
            ("none", Self { done: Some(Done::Ended), ..page(&[]) }),
            ("followed", Self { others: vec![other], ..page(&[grown(SetOutcome::Applied), plain()]) }),
            ("held", Self { done: Some(Done::Changed), ..page(&[grown(SetOutcome::Held)]) }),
            ("approved", Self { done: Some(Done::Approved), ..page(&[grown(SetOutcome::Approved)]) }),
        ]
    }
}

fn plain() -> Session {
    let token = Token { granted: "atproto account:email blob:image/*".parse().unwrap(), ..token() };
    Session { token, client: None, sets: Vec::new(), changes: Vec::new() }
}

/// A session whose set grew.
fn grown(outcome: SetOutcome) -> Session {
    let known = crate::pages::consent::samples::found().swap_remove(0).known.unwrap();
    let had: Scopes = "repo?collection=fm.plyr.like&collection=fm.plyr.track".parse().unwrap();
    let added: Scopes = "repo:fm.plyr.actor.profile?action=update repo:fm.plyr.comment".parse().unwrap();
    let has_it = outcome != SetOutcome::Held;
    let set = ApprovedSet {
        include: "include:fm.plyr.authFullApp".to_owned(),
        version: "later".to_owned(),
        granted: if has_it { had.union(&added) } else { had.clone() },
        declined: Scopes::empty(),
        held: if has_it { Scopes::empty() } else { added.clone() },
    };
    let token =
        Token { granted: "atproto blob:*/*".parse::<Scopes>().unwrap().union(&set.granted), ..token() };
    let change = SetChange {
        token: token.id,
        account: token.account.clone(),
        client: token.client.clone(),
        at: UnixTime::from_seconds(1_785_542_400),
        include: set.include.clone(),
        from: "earlier".to_owned(),
        to: "later".to_owned(),
        added,
        removed: "repo:fm.plyr.list?action=delete".parse().unwrap(),
        outcome,
    };
    Session { token, client: None, sets: vec![(set, Some(known))], changes: vec![change] }
}

fn token() -> Token {
    Token {
        began_public: true,
        id: TokenId([7; 16]),
        account: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap(),
        client: "https://notes.example.com/oauth-client-metadata.json".parse().unwrap(),
        client_auth: ClientAuth::None,
        dpop_jkt: Thumbprint([1; 32]),
        audience: "did:web:pds.example.com".parse().unwrap(),
        approved: "atproto blob:*/* include:fm.plyr.authFullApp".parse().unwrap(),
        granted: Scopes::empty(),
        device: None,
        created_at: UnixTime::from_seconds(1_784_000_000),
        rotated_at: UnixTime::from_seconds(1_785_500_000),
        rotation: 3,
        access_expires_at: UnixTime::from_seconds(1_785_501_000),
        refresh: None,
        previous_refresh: None,
    }
}
