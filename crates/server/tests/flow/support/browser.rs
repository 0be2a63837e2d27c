//! A browser without JavaScript: it keeps cookies, reads forms and sends them as a person would.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Method, Request};

use super::app::{Form, form};
use super::machine::{Reply, call};
use super::{ALICE_PASSWORD, World};

pub(crate) struct Browser<'w> {
    pub(crate) world: &'w World,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) user_agent: String,
    /// Headers that go with every request.
    pub(crate) extra: Vec<(&'static str, String)>,
}

/// A form as it stands on a page.
#[derive(Clone, Debug)]
pub(crate) struct PageForm {
    pub(crate) action: String,
    pub(crate) fields: Form,
    pub(crate) buttons: Form,
}

impl<'w> Browser<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        Self {
            world,
            cookies: BTreeMap::new(),
            user_agent: "Mozilla/5.0 (test)".to_owned(),
            extra: Vec::new(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        self.request(Method::GET, path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &Form) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.request(Method::POST, path, Some(body)).await
    }

    async fn request(&mut self, method: Method, path: &str, body: Option<String>) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header("user-agent", &self.user_agent);
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        if body.is_some() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        for (name, value) in &self.extra {
            request = request.header(*name, value);
        }
        let body = body.map_or_else(Body::empty, Body::from);
        let reply = call(&self.world.router, request.body(body).unwrap()).await;
        for cookie in reply.headers.get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        reply
    }

    /// Opens a request and signs in as alice, unless somebody is asked for already.
    pub(crate) async fn sign_in(&mut self, path: &str) -> Reply {
        let page = self.get(path).await;
        self.sign_in_as(&page, "alice.example.net", ALICE_PASSWORD, true).await
    }

    pub(crate) async fn sign_in_as(
        &mut self,
        page: &Reply,
        identifier: &str,
        password: &str,
        remember: bool,
    ) -> Reply {
        let sign_in = form_of(page, "/oauth/authorize/sign-in");
        let mut fields = sign_in.fields.clone();
        for (name, value) in [("identifier", identifier), ("password", password)] {
            fields.iter_mut().find(|(known, _)| known == name).expect("a sign-in form").1 = value.to_owned();
        }
        if remember {
            fields.push(("remember".to_owned(), "on".to_owned()));
        }
        self.post(&sign_in.action, &fields).await
    }

    /// Presses a button of the consent form, everything ticked.
    pub(crate) async fn decide(&mut self, page: &Reply, decision: &str) -> Reply {
        let consent = form_of(page, "/oauth/authorize/consent");
        let mut fields = consent.fields;
        fields.extend(form(&[("decision", decision)]));
        self.post(&consent.action, &fields).await
    }

    /// Signs in as alice and approves, unless that was done before: where the browser is sent then.
    pub(crate) async fn approve(&mut self, path: &str) -> String {
        let consent = self.sign_in(path).await;
        if consent.status == 303 {
            return location(&consent);
        }
        assert_eq!(consent.status, 200, "{}", consent.text);
        let reply = self.decide(&consent, "approve").await;
        location(&reply)
    }
}

/// Where a redirect leads.
#[track_caller]
pub(crate) fn location(reply: &Reply) -> String {
    assert_eq!(reply.status, 303, "{}", reply.text);
    reply.header("location").expect("a redirect").to_owned()
}

/// The parameters of a URL, in its query or fragment.
pub(crate) fn query(url: &str) -> BTreeMap<String, String> {
    let at = url.find(['?', '#']).expect("parameters");
    form_urlencoded::parse(&url.as_bytes()[at + 1..]).map(|(k, v)| (k.into_owned(), v.into_owned())).collect()
}

/// The only form of the page that goes there.
#[track_caller]
pub(crate) fn form_of(page: &Reply, action: &str) -> PageForm {
    let mut found = forms(&page.text).into_iter().filter(|form| form.action == action);
    found.next().unwrap_or_else(|| panic!("no form for {action} on {} {}", page.status, page.text))
}

pub(crate) fn forms(html: &str) -> Vec<PageForm> {
    let mut forms = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<form") {
        let end = rest[start..].find("</form>").expect("an end") + start;
        let text = &rest[start..end];
        let mut form = PageForm {
            action: attribute(tag(text), "action").unwrap_or_default(),
            fields: Vec::new(),
            buttons: Vec::new(),
        };
        for (at, _) in text.match_indices('<') {
            let tag = tag(&text[at..]);
            let name = attribute(tag, "name");
            let value = attribute(tag, "value").unwrap_or_default();
            if tag.starts_with("<input")
                && let Some(name) = name
            {
                let is_box = matches!(attribute(tag, "type").as_deref(), Some("checkbox" | "radio"));
                if !is_box || tag.contains(" checked") {
                    form.fields.push((name, value));
                }
            } else if tag.starts_with("<button") {
                form.buttons.extend(attribute(tag, "name").map(|name| (name, value)));
            }
        }
        forms.push(form);
        rest = &rest[end..];
    }
    forms
}

fn tag(text: &str) -> &str {
    &text[..text.find('>').map_or(text.len(), |at| at + 1)]
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = &tag[at..];
    Some(unescape(&value[..value.find('"')?]))
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        let end = rest[at..].find(';').expect("an entity") + at;
        let entity = &rest[at + 1..end];
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            number => char::from_u32(number.trim_start_matches('#').parse().unwrap()).unwrap(),
        });
        rest = &rest[end + 1..];
    }
    plain.push_str(rest);
    plain
}
