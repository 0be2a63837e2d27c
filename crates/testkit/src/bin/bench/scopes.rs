//! The scope language alone, without a server: checks against a token with many scopes, and the normal form of the
//! longest scope value there is.

use gatewright_protocol::scope::{
    AccountAction, AccountAttr, AccountNeed, BlobNeed, IdentityAttr, IdentityNeed, MAX_LENGTH, MAX_TOKENS,
    Need, Permission, Permissions, RepoAction, RepoNeed, RpcNeed, Scopes,
};
use serde_json::{Value, json};

use crate::limits::median;

const SERVICE: &str = "did:web:api.example.com#svc";

/// Checks a second on one processor, half of them refused; microseconds of the slowest normal form.
pub(crate) fn measure() -> Value {
    let check_us = check();
    let normalise_us = longest().iter().map(normalise).fold(0.0, f64::max);
    json!({
        "checks_per_second": (1e6 / check_us).round(), "checks_at_least": 1_000_000,
        "normalise_us": (normalise_us * 10.0).round() / 10.0, "normalise_limit_us": 200.0,
        "holds": check_us <= 1.0 && normalise_us < 200.0,
    })
}

/// Microseconds of one check: one needed permission against a whole token of 200 scopes.
fn check() -> f64 {
    let token = token();
    assert_eq!(token.len(), MAX_TOKENS, "a token of all resources");
    let held = Permissions::of(&token);
    let granted: Vec<Permission> = token
        .permissions()
        .filter_map(|(_, meaning)| meaning.ok())
        .filter(|meaning| !meaning.needs().is_empty())
        .collect();
    let names = Names::new();
    let mut needs: Vec<Need<'_>> =
        granted.iter().filter_map(|permission| permission.needs().first().copied()).collect();
    let granted = needs.len();
    needs.extend(names.refused().into_iter().cycle().take(granted));
    assert!(
        needs.iter().enumerate().all(|(at, need)| held.allows(need) == (at < granted)),
        "half are refused"
    );
    let rounds = 2_000;
    median(rounds * u32::try_from(needs.len()).unwrap_or(u32::MAX), || {
        for _ in 0..rounds {
            let allowed = needs.iter().filter(|need| held.allows(std::hint::black_box(need))).count();
            assert_eq!(allowed, granted);
        }
    })
}

/// As many scopes as a token may have, of every resource.
fn token() -> Scopes {
    let service = SERVICE.replace('#', "%23");
    let fixed = [
        "atproto",
        "transition:email",
        "include:com.example.app.authBasic",
        "account:email?action=manage",
        "account:repo",
        "account:status",
        "identity:handle",
        "repo:org.example.note",
        "blob:audio/*",
    ];
    let mut scopes: Vec<String> = fixed.iter().map(ToString::to_string).collect();
    for at in 0.. {
        scopes.push(match at % 5 {
            0 => format!("blob:image/x-{at}"),
            1 | 3 => format!("repo:com.example.app.n{at}?action=create"),
            2 => format!("repo:com.example.app.deep.n{at}"),
            _ => format!("rpc:com.example.app.get{at}?aud={service}"),
        });
        if scopes.len() == MAX_TOKENS {
            break;
        }
    }
    Scopes::from_tokens(&scopes).expect("they fit one value")
}

/// What the needs that are refused are about.
struct Names(Vec<String>);

impl Names {
    fn new() -> Self {
        Self((0..200).map(|at| format!("com.example.app.n{at}")).collect())
    }

    /// Near misses of every resource: another action, another name, another service, another type.
    fn refused(&self) -> Vec<Need<'_>> {
        let mut needs = vec![
            Need::Account(AccountNeed { attr: AccountAttr::Repo, action: AccountAction::Manage }),
            Need::Identity(IdentityNeed { attr: IdentityAttr::Any }),
            Need::Blob(BlobNeed { mime: "video/mp4" }),
            Need::Blob(BlobNeed { mime: "image/x" }),
        ];
        for (at, name) in self.0.iter().enumerate() {
            needs.push(match at % 4 {
                0 => Need::Repo(RepoNeed { collection: name, action: RepoAction::Delete }),
                1 => Need::Rpc(RpcNeed { lxm: name, aud: SERVICE }),
                2 => Need::Rpc(RpcNeed { lxm: "com.example.app.get4", aud: "did:web:api.example.com#other" }),
                _ => Need::Blob(BlobNeed { mime: "image/png" }),
            });
        }
        needs
    }
}

/// The longest scope values there are: many scopes, and one of each kind with many values.
fn longest() -> Vec<Scopes> {
    let fill = |start: &str, value: &dyn Fn(usize) -> String| {
        let mut text = start.to_owned();
        for at in (0..1_000).rev() {
            let value = value(at);
            if text.len() + value.len() > MAX_LENGTH {
                break;
            }
            text.push_str(&value);
        }
        text
    };
    let texts = [
        fill("atproto", &|at| {
            if at < 801 { String::new() } else { format!(" repo:com.example.app.rather.long.name{at}?") }
        }),
        fill("repo?action=delete", &|at| format!("&collection=a.b.n{at}")),
        fill("repo?action=delete", &|at| format!("&collection=com.example.a%2ea.n{at}")),
        fill("rpc?aud=*", &|at| format!("&lxm=com.example.get{at}")),
        fill("blob?accept=a/z", &|at| format!("&accept=image/%2B{at}")),
    ];
    texts.iter().map(|text| text.parse().expect("each is a scope value")).collect()
}

/// Microseconds of one normal form.
fn normalise(scopes: &Scopes) -> f64 {
    assert!(!scopes.normalized().is_empty());
    median(500, || {
        for _ in 0..500 {
            std::hint::black_box(std::hint::black_box(scopes).normalized());
        }
    })
}
