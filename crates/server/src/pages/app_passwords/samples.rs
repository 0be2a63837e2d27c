//! Pages of app passwords worth looking at.

use gatewright_protocol::time::UnixTime;
use gatewright_store::app_password::{AppPassword, AppPasswordId, AppPasswordUse};

use super::*;
use crate::operations::OwnSet;
use crate::pages::{Hidden, Sampled, Shell};

impl<'a> Sampled<'a> for AppPasswordsPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let page = |own: &[OwnAppPassword]| Self {
            shell,
            csrf: Hidden::sample().csrf,
            account: AccountName::sample("alice.test"),
            listed: (1..)
                .zip(own)
                .map(|(number, own)| AppPasswordView::new(own, number, shell.locale))
                .collect(),
            typed: TypedAppPassword::default(),
            refused: None,
            has_revoked: false,
        };
        let all = [plain("notes-bot"), messages("<b>alice"), scoped("archive")];
        let refused = |refused: AppPasswordRefused| Self {
            typed: TypedAppPassword {
                name: "\"><b>alice".to_owned(),
                kind: Some(Kind::Scoped),
                scope: "repo:com.example.note </textarea><script>1".to_owned(),
                days: "soon".to_owned(),
            },
            refused: Some(refused),
            ..page(&[])
        };
        let scope = |scope: Option<&str>| AppPasswordRefused::Scope {
            scope: scope.map(str::to_owned),
            why: "<script>1 is no collection".to_owned(),
        };
        vec![
            ("none", Self { has_revoked: true, ..page(&[]) }),
            ("three", page(&all)),
            ("scope", refused(scope(Some("repo:<b>alice")))),
            ("scopes", refused(scope(None))),
            ("scope_empty", refused(AppPasswordRefused::ScopeEmpty)),
            ("scope_unused", refused(AppPasswordRefused::ScopeUnused)),
            ("name", refused(AppPasswordRefused::Name)),
            ("name_taken", refused(AppPasswordRefused::NameTaken)),
            ("kind", refused(AppPasswordRefused::Kind)),
            ("days", refused(AppPasswordRefused::Days)),
            ("too_many", refused(AppPasswordRefused::TooMany)),
            ("busy", refused(AppPasswordRefused::Busy)),
        ]
    }
}

fn plain(name: &str) -> OwnAppPassword {
    let app_password = AppPassword {
        id: AppPasswordId([1; 16]),
        account: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap(),
        name: name.parse().unwrap(),
        privileged: false,
        scope: None,
        created_at: UnixTime::from_seconds(1_784_000_000),
        expires_at: None,
        last_use: None,
    };
    OwnAppPassword { app_password, sets: Vec::new() }
}

fn messages(name: &str) -> OwnAppPassword {
    let last_use = AppPasswordUse {
        at: UnixTime::from_seconds(1_785_500_000),
        client: Some("<b>alice".to_owned()),
        network: Some("192.0.2.0/24".to_owned()),
    };
    let own = plain(name);
    let app_password = AppPassword {
        privileged: true,
        expires_at: Some(UnixTime::from_seconds(1_790_000_000)),
        last_use: Some(last_use),
        ..own.app_password
    };
    OwnAppPassword { app_password, ..own }
}

fn scoped(name: &str) -> OwnAppPassword {
    let known = crate::pages::consent::samples::found().swap_remove(0).known.unwrap();
    let Ok(Permission::Include(include)) = "include:fm.plyr.authFullApp".parse() else {
        panic!("it is an include")
    };
    let granted = known.set.expand(&include).scopes();
    let own = plain(name);
    let scope = "include:fm.plyr.authFullApp include:com.example.gone repo:com.example.note?action=create blob:image/*";
    let app_password = AppPassword { scope: Some(scope.parse().unwrap()), ..own.app_password };
    OwnAppPassword { app_password, sets: vec![OwnSet { known, include, granted }] }
}
