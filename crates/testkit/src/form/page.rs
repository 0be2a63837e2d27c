//! A page and its forms, as a program without JavaScript sees them.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail, ensure};
use http::{HeaderMap, StatusCode};
use url::Url;

use super::html::{Piece, Tag, pieces};

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it is, after all redirects.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its forms, in their order.
    pub forms: Vec<Form>,
    /// Where its links lead, and what they say.
    pub links: Vec<(Url, String)>,
    text: String,
}

/// A form, perhaps filled.
#[derive(Clone, Debug)]
pub struct Form {
    /// The page it is on.
    pub page: Url,
    /// Where it goes.
    pub action: Url,
    /// How it is sent.
    pub method: Method,
    /// Its fields, in their order.
    pub fields: Vec<Field>,
    /// Its buttons, in their order.
    pub buttons: Vec<Button>,
    pressed: Option<usize>,
}

/// How a form is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// In the address.
    Get,
    /// In the body.
    Post,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called; empty if it is never sent.
    pub name: String,
    /// `type`: text, password, hidden, checkbox…
    pub kind: String,
    /// What stands in it.
    pub value: String,
    /// Whether it is ticked, if it can be.
    pub ticked: bool,
    /// Whether it has to be filled.
    pub required: bool,
}

impl Field {
    fn can_be_ticked(&self) -> bool {
        matches!(self.kind.as_str(), "checkbox" | "radio")
    }
}

/// A button that sends its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What it is called; empty if it sends nothing.
    pub name: String,
    /// What it sends.
    pub value: String,
    /// What it says.
    pub text: String,
}

impl Page {
    /// Reads a page.
    pub fn new(url: Url, status: StatusCode, headers: HeaderMap, html: &str) -> Self {
        let page = Self { url, status, headers, forms: Vec::new(), links: Vec::new(), text: String::new() };
        let mut reader = Reader { page, inside: BTreeSet::new() };
        for piece in pieces(html) {
            reader.read(piece);
        }
        reader.page
    }

    /// The first form that has a field or button of this name.
    ///
    /// # Errors
    /// There is none; the error says what the page says.
    pub fn form_with(&self, name: &str) -> anyhow::Result<Form> {
        let has = |form: &&Form| {
            form.fields.iter().any(|field| field.name == name)
                || form.buttons.iter().any(|button| button.name == name)
        };
        let found = self.forms.iter().find(has).cloned();
        found.with_context(|| {
            format!("no form with `{name}` at {} ({}): {}", self.url, self.status, self.text)
        })
    }

    /// The first form with a button that says this; the button is pressed.
    ///
    /// # Errors
    /// There is none; the error says what the page says.
    pub fn form_saying(&self, text: &str) -> anyhow::Result<Form> {
        self.forms.iter().find_map(|form| form.clone().press_text(text).ok()).with_context(|| {
            format!("no button says `{text}` at {} ({}): {}", self.url, self.status, self.text)
        })
    }

    /// Where the first link leads that says this.
    pub fn link_saying(&self, text: &str) -> Option<&Url> {
        self.links.iter().find(|(_, says)| says.contains(text)).map(|(url, _)| url)
    }

    /// All that can be read on the page, with single spaces.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Form {
    /// Puts a text into a field.
    ///
    /// # Errors
    /// There is no such field, or it is not one to write into.
    pub fn fill(mut self, name: &str, value: &str) -> anyhow::Result<Self> {
        let field = self.fields.iter_mut().find(|field| field.name == name);
        let field = field.with_context(|| format!("no field `{name}`"))?;
        ensure!(!field.can_be_ticked() && field.kind != "hidden", "`{name}` is a {} field", field.kind);
        value.clone_into(&mut field.value);
        Ok(self)
    }

    /// Ticks or unticks a box.
    ///
    /// # Errors
    /// There is no such box with such a value.
    pub fn tick(mut self, name: &str, value: &str, ticked: bool) -> anyhow::Result<Self> {
        let wanted = |field: &&mut Field| field.can_be_ticked() && field.name == name && field.value == value;
        let field =
            self.fields.iter_mut().find(wanted).with_context(|| format!("no box `{name}` = `{value}`"))?;
        field.ticked = ticked;
        Ok(self)
    }

    /// Presses the button of this name and value.
    ///
    /// # Errors
    /// There is none.
    pub fn press(mut self, name: &str, value: &str) -> anyhow::Result<Self> {
        let at = self.buttons.iter().position(|button| button.name == name && button.value == value);
        self.pressed = Some(at.with_context(|| format!("no button `{name}` = `{value}`"))?);
        Ok(self)
    }

    /// Presses the first button that says this, among other things.
    ///
    /// # Errors
    /// There is none.
    pub fn press_text(mut self, text: &str) -> anyhow::Result<Self> {
        let at = self.buttons.iter().position(|button| button.text.contains(text));
        self.pressed = Some(at.with_context(|| format!("no button says `{text}`"))?);
        Ok(self)
    }

    /// Changes a hidden field, as only an attacker does.
    ///
    /// # Errors
    /// There is no such field.
    pub fn forge(mut self, name: &str, value: &str) -> anyhow::Result<Self> {
        let field = self.fields.iter_mut().find(|field| field.name == name && field.kind == "hidden");
        value.clone_into(&mut field.with_context(|| format!("no hidden field `{name}`"))?.value);
        Ok(self)
    }

    /// Leaves a field out, as only an attacker does.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|field| field.name != name);
        self
    }

    /// What a browser sends: named fields, ticked boxes, and the button pressed, or else the first one.
    pub(crate) fn fields_to_send(&self) -> anyhow::Result<Vec<(String, String)>> {
        if let Some(empty) = self.fields.iter().find(|field| field.required && field.value.is_empty()) {
            bail!("a browser asks for `{}` first", empty.name);
        }
        let sent = |field: &&Field| !field.name.is_empty() && (!field.can_be_ticked() || field.ticked);
        let mut fields: Vec<(String, String)> =
            self.fields.iter().filter(sent).map(|field| (field.name.clone(), field.value.clone())).collect();
        let button = self.buttons.get(self.pressed.unwrap_or_default());
        if let Some(button) = button.filter(|button| !button.name.is_empty()) {
            fields.push((button.name.clone(), button.value.clone()));
        }
        Ok(fields)
    }
}

struct Reader {
    page: Page,
    /// Which of the elements that matter are open.
    inside: BTreeSet<String>,
}

impl Reader {
    fn read(&mut self, piece: Piece) {
        match piece {
            Piece::Start(tag) => self.start(&tag),
            Piece::End(name) => {
                self.inside.remove(&name);
            }
            Piece::Text(_) if ["script", "style", "title"].iter().any(|raw| self.inside.contains(*raw)) => {}
            Piece::Text(text) => self.text(&text),
        }
    }

    fn start(&mut self, tag: &Tag) {
        let text = |name: &str| tag.attribute(name).unwrap_or_default().to_owned();
        match tag.name.as_str() {
            "a" => {
                if let Ok(url) = self.page.url.join(&text("href")) {
                    self.page.links.push((url, String::new()));
                    self.inside.insert(tag.name.clone());
                }
            }
            "button" if text("type") != "button" => {
                let button = Button { name: text("name"), value: text("value"), text: String::new() };
                if let Some(form) = self.form() {
                    form.buttons.push(button);
                    self.inside.insert(tag.name.clone());
                }
            }
            "form" => {
                let url = &self.page.url;
                let action = tag.attribute("action").and_then(|action| url.join(action).ok());
                let post = text("method").eq_ignore_ascii_case("post");
                self.page.forms.push(Form {
                    page: url.clone(),
                    action: action.unwrap_or_else(|| url.clone()),
                    method: if post { Method::Post } else { Method::Get },
                    fields: Vec::new(),
                    buttons: Vec::new(),
                    pressed: None,
                });
                self.inside.insert(tag.name.clone());
            }
            "input" if !tag.has("disabled") => {
                let kind = tag.attribute("type").unwrap_or("text").to_ascii_lowercase();
                let (name, value) = (text("name"), text("value"));
                let Some(form) = self.form() else { return };
                if kind == "submit" {
                    form.buttons.push(Button { name, text: value.clone(), value });
                    return;
                }
                let value = if matches!(kind.as_str(), "checkbox" | "radio") && !tag.has("value") {
                    "on".to_owned()
                } else {
                    value
                };
                let (ticked, required) = (tag.has("checked"), tag.has("required"));
                form.fields.push(Field { name, kind, value, ticked, required });
            }
            "script" | "style" | "title" => {
                self.inside.insert(tag.name.clone());
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        push_words(&mut self.page.text, text);
        if self.inside.contains("a")
            && let Some((_, says)) = self.page.links.last_mut()
        {
            push_words(says, text);
        }
        if self.inside.contains("button")
            && let Some(button) = self.form().and_then(|form| form.buttons.last_mut())
        {
            push_words(&mut button.text, text);
        }
    }

    fn form(&mut self) -> Option<&mut Form> {
        self.page.forms.last_mut().filter(|_| self.inside.contains("form"))
    }
}

/// Adds words with one space between them; none is put where there was none.
fn push_words(text: &mut String, more: &str) {
    if more.starts_with(char::is_whitespace) && !text.is_empty() && !text.ends_with(' ') {
        text.push(' ');
    }
    for word in more.split_whitespace() {
        text.push_str(word);
        text.push(' ');
    }
    if !more.ends_with(char::is_whitespace) && text.ends_with(' ') {
        text.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = r#"<title>No</title><h1>Sign <b>in</b>!</h1>
        <form method=post action="/go?x=1"><input type=hidden name=csrf value="a&amp;b">
        <input name=identifier required><input type=checkbox name=remember><input type=checkbox name=scope value=s checked>
        <input name=off disabled><button type=button name=no>No</button><button name=decision value=deny>Deny</button>
        <button name=decision value=approve><i>Approve</i> all</button></form><a href="/else">Use <b>another</b></a>"#;

    fn page() -> Page {
        Page::new("https://a.example/at/here?q".parse().unwrap(), StatusCode::OK, HeaderMap::new(), HTML)
    }

    fn sent(form: &Form) -> String {
        let fields = form.fields_to_send().unwrap();
        fields.iter().map(|(name, value)| [name, "=", value, " "].concat()).collect()
    }

    #[test]
    fn a_form_sends_what_a_browser_sends() {
        let form = page().form_with("identifier").unwrap();
        assert_eq!((form.action.as_str(), form.method), ("https://a.example/go?x=1", Method::Post));
        assert!(form.fields_to_send().is_err(), "a required field is empty");
        let form = form.fill("identifier", "alice").unwrap();
        assert_eq!(sent(&form), "csrf=a&b identifier=alice scope=s decision=deny ");
        let form = form.tick("remember", "on", true).unwrap().tick("scope", "s", false).unwrap();
        let form = form.press("decision", "approve").unwrap();
        assert_eq!(sent(&form), "csrf=a&b identifier=alice remember=on decision=approve ");
        assert!(form.clone().fill("csrf", "x").is_err() && form.clone().fill("absent", "x").is_err());
        assert!(form.press("decision", "other").is_err());
    }

    #[test]
    fn buttons_and_links_are_found_by_what_they_say() {
        let form = page().form_saying("Approve all").unwrap().fill("identifier", "a").unwrap();
        assert!(sent(&form).ends_with("decision=approve "), "{}", sent(&form));
        assert_eq!(page().link_saying("another").unwrap().as_str(), "https://a.example/else");
        assert!(page().text().starts_with("Sign in!"), "{}", page().text());
    }
}
