//! The consent page of a permission set before it is published: for its author.
//!
//! It is the page that people see, made by the same functions; only nothing comes of its buttons.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{Redirect, Response};
use axum::routing::get;
use gatewright_protocol::oauth::redirect_uri::RedirectUri;
use gatewright_protocol::permission_set::PermissionSet;
use gatewright_protocol::scope::{Include, Permission, Scopes};
use gatewright_protocol::time::UnixTime;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::http::extract::locale::locale;
use crate::http::headers;
use crate::operations::{FoundSet, Offer};
use crate::pages::account_picker::AccountName;
use crate::pages::brand::Look;
use crate::pages::client_name::ClientName;
use crate::pages::consent::{ConsentPage, Destination};
use crate::pages::permission_list::PermissionList;
use crate::pages::{Hidden, Page as _, Shell, paths};
use crate::permission_sets::KnownSet;
use crate::settings::Brand;

/// Where the answer of the application that is made up for the page would go.
const CALLBACK: &str = "https://app.example.com/callback";

/// `GET /` is the consent page of an application that asks for this set and nothing else. Its language is the browser's,
/// or that of the parameter `lang`.
pub fn consent(set: PermissionSet, include: Include) -> Router {
    let look = Look::new(&Brand::default());
    let stylesheet = look.stylesheet_path.clone();
    let preview = Arc::new(Preview { offer: offer(set, include), look });
    Router::new()
        .route("/", get(page))
        .route(&stylesheet, get(style))
        // Whatever is pressed leads back to the page.
        .route(paths::CONSENT, get(again).post(again))
        .with_state(preview)
}

struct Preview {
    offer: Offer,
    look: Look,
}

/// What the application asks for.
fn offer(set: PermissionSet, include: Include) -> Offer {
    let scope = Permission::Include(include.clone()).to_string();
    let asked = Scopes::from_tokens(["atproto", scope.as_str()]).expect("two scopes fit one value");
    let now = UnixTime::from_seconds(0);
    let known = KnownSet { set, cid: "preview".to_owned(), rev: "preview".to_owned(), resolved_at: now };
    let found = FoundSet { scope, include, known: Ok(Arc::new(known)) };
    Offer::of(&asked, &[found], None).expect("the only set that is asked for is there")
}

#[derive(Deserialize)]
struct Language {
    lang: Option<String>,
}

async fn page(
    State(preview): State<Arc<Preview>>,
    Query(language): Query<Language>,
    headers: HeaderMap,
) -> Response {
    let shell = Shell { locale: locale(&headers, language.lang.as_deref()), look: &preview.look };
    let redirect_uri: RedirectUri = CALLBACK.parse().expect("it is an https URL");
    let account =
        AccountName { did: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".into(), handle: "you.example.net".into() };
    ConsentPage {
        shell,
        hidden: Hidden { csrf: "preview", request: "preview" },
        client: ClientName::Host("app.example.com".to_owned()),
        account,
        offer: &preview.offer,
        list: PermissionList::of(&preview.offer, shell.locale),
        destination: Destination::new(&redirect_uri),
        expected: None,
        picker: None,
        refused: None,
    }
    .respond(StatusCode::OK, false)
}

async fn style(State(preview): State<Arc<Preview>>) -> Response {
    headers::asset("text/css; charset=utf-8", preview.look.stylesheet.clone())
}

async fn again() -> Redirect {
    Redirect::to("/")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt as _;
    use serde_json::json;
    use tower::ServiceExt as _;

    use super::*;

    async fn show(path: &str) -> String {
        let repo =
            json!({"type": "permission", "resource": "repo", "collection": ["com.example.music.like"]});
        let main = json!({"type": "permission-set", "title": "Music", "title:lang": {"de": "Musik"}, "permissions": [repo]});
        let document = json!({"lexicon": 1, "id": "com.example.music.auth", "defs": {"main": main}});
        let set = PermissionSet::from_document(&document).unwrap();
        let Ok(Permission::Include(include)) = "include:com.example.music.auth".parse() else { panic!() };
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = consent(set, include).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn it_is_the_page_that_people_see_in_their_language() {
        let page = show("/").await;
        assert!(page.contains("Music") && page.contains("com.example.music.like"), "{page}");
        assert!(page.contains("name=\"decision\" value=\"approve\""));
        assert!(show("/?lang=de").await.contains("Musik"));
    }
}
