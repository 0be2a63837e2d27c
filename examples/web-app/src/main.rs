//! A web application that signs people in and writes notes for them.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::Result;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, serve};
use gatewright_client::sessions::{KeyRing, sqlite::Sqlite};
use gatewright_client::web::{MaybeSignedIn, SignedIn, Web};
use gatewright_client::{Client, ClientDescription, Sessions};
use gatewright_protocol::syntax::Datetime;
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const COLLECTION: &str = "com.example.note";
const SIGN_IN: &str = "<form method=post action=/login><label>Handle <input name=identifier></label><button>Sign in</button></form>";
const WRITE: &str = "<form method=post action=/notes><label>Note <input name=text></label><button>Write</button></form>\
                     <form method=post action=/logout><button>Sign out</button></form>";

#[tokio::main]
async fn main() -> Result<()> {
    let state = PathBuf::from(env::var("STATE").unwrap_or_else(|_| "state".to_owned()));
    fs::create_dir_all(&state)?;
    let ring = KeyRing::load_or_create(&state.join("session.keys"), &SystemRandom)?;
    let mut sessions = Sessions::builder(Sqlite::open(state.join("sessions.db"))?, ring);
    if let Ok(directory) = env::var("PLC_URL") {
        sessions = sessions.plc(directory.parse()?);
    }
    // On a domain: `ClientDescription::web("https://…/client.json")` with keys; its documents are served as well.
    let description = ClientDescription::loopback()
        .redirect_uri("http://127.0.0.1/callback")
        .scope(format!("atproto repo:{COLLECTION}?action=create"));
    let listener =
        TcpListener::bind(env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned())).await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let web = Web::new(Client::new(description, sessions.build())?).origin(&origin);
    println!("{origin}");
    let pages = Router::new().route("/", get(home)).route("/notes", post(write));
    serve(listener, pages.with_state(web.clone()).merge(web.router())).await?;
    Ok(())
}

async fn home(MaybeSignedIn(signed_in): MaybeSignedIn) -> Html<String> {
    Html(match signed_in {
        None => SIGN_IN.to_owned(),
        // A DID has no character that HTML would mistake.
        Some(signed_in) => format!("You are {}. {WRITE}", signed_in.session.account()),
    })
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

async fn write(
    State(web): State<Web>,
    signed_in: SignedIn,
    headers: HeaderMap,
    Form(note): Form<Note>,
) -> Response {
    if !web.is_own_form(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let record =
        json!({"$type": COLLECTION, "text": note.text, "createdAt": Datetime::from(SystemClock.now())});
    let input = json!({"repo": signed_in.session.account(), "collection": COLLECTION, "record": record});
    match signed_in.session.procedure::<Value>("com.atproto.repo.createRecord", &input).await {
        Ok(_) => Redirect::to("/").into_response(),
        Err(error) if error.is_over() => Redirect::to("/").into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}
