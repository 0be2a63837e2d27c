//! Every page with every sample in every language.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::brand::{Brand, Look};
use super::{Sampled, Shell};
use crate::i18n::Locale;

/// The name of each page and sample, and its HTML.
fn rendered(locale: &'static Locale) -> Vec<(String, String)> {
    fn all<'a, P: Sampled<'a>>(pages: &mut Vec<(String, String)>, page: &str, shell: Shell<'a>) {
        for (sample, rendering) in P::samples(shell) {
            pages.push((format!("{page}.{sample}"), rendering.render().unwrap()));
        }
    }
    let mut look = Look::new(&Brand::default());
    // The hash of the stylesheet would change every snapshot with it.
    look.stylesheet_path = "/assets/style.css".to_owned();
    look.script_path = "/assets/passkey.js".to_owned();
    let shell = Shell { locale, look: &look };
    let mut pages = Vec::new();
    all::<super::account::AccountPage<'_>>(&mut pages, "account", shell);
    all::<super::account_picker::AccountPickerPage<'_>>(&mut pages, "account_picker", shell);
    all::<super::account_sign_in::AccountSignInPage<'_>>(&mut pages, "account_sign_in", shell);
    all::<super::add_passkey::AddPasskeyPage<'_>>(&mut pages, "add_passkey", shell);
    all::<super::add_totp::AddTotpPage<'_>>(&mut pages, "add_totp", shell);
    all::<super::app_password_made::AppPasswordMadePage<'_>>(&mut pages, "app_password_made", shell);
    all::<super::app_passwords::AppPasswordsPage<'_>>(&mut pages, "app_passwords", shell);
    all::<super::consent::ConsentPage<'_>>(&mut pages, "consent", shell);
    all::<super::devices::DevicesPage<'_>>(&mut pages, "devices", shell);
    all::<super::error::ErrorPage<'_>>(&mut pages, "error", shell);
    all::<super::factor::FactorPage<'_>>(&mut pages, "factor", shell);
    all::<super::factors::FactorsPage<'_>>(&mut pages, "factors", shell);
    all::<super::form_post::FormPostPage<'_>>(&mut pages, "form_post", shell);
    all::<super::password_reset::PasswordResetPage<'_>>(&mut pages, "password_reset", shell);
    all::<super::recovery_codes::RecoveryCodesPage<'_>>(&mut pages, "recovery_codes", shell);
    all::<super::reset_password::ResetPasswordPage<'_>>(&mut pages, "reset_password", shell);
    all::<super::security_log::SecurityLogPage<'_>>(&mut pages, "security_log", shell);
    all::<super::sign_in::SignInPage<'_>>(&mut pages, "sign_in", shell);
    all::<super::sign_up::SignUpPage<'_>>(&mut pages, "sign_up", shell);
    all::<super::use_reset_code::UseResetCodePage<'_>>(&mut pages, "use_reset_code", shell);
    pages
}

/// One file for each page and language: what is the same in all samples of a page is what stands around `<main>`.
#[test]
fn every_page_in_every_language() {
    for locale in Locale::all() {
        let mut pages: BTreeMap<String, String> = BTreeMap::new();
        for (name, html) in rendered(locale) {
            check_structure(&name, &html);
            assert!(html.contains(&format!("<html lang=\"{}\">", locale.language)), "{name}");
            let (page, sample) = name.split_once('.').unwrap();
            let main = html.split("<main>").nth(1).unwrap().split("</main>").next().unwrap();
            let title = html.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
            let text = pages.entry(page.to_owned()).or_insert_with(|| html.replace(main, "\n…\n"));
            text.extend(["\n======== ", sample, ": ", title, "\n", main]);
        }
        for (page, text) in pages {
            insta::assert_snapshot!(format!("{}.{page}", locale.language), text);
        }
    }
}

/// What every page must be, whatever it says.
fn check_structure(name: &str, html: &str) {
    assert!(html.starts_with("<!doctype html>\n<html lang=\""), "{name}: a language");
    for (tag, count) in [("<h1", 1), ("<main>", 1), ("<header>", 1), ("<title>", 1)] {
        assert_eq!(html.matches(tag).count(), count, "{name}: {tag}");
    }
    assert!(!html.contains("onclick") && !html.contains("style=") && !html.contains("<style"), "{name}: CSP");
    let scripts = html.matches("<script").count();
    let has_script = name.starts_with("form_post.") || html.contains("data-passkey");
    assert_eq!(scripts, usize::from(has_script), "{name}: scripts");
    let mut ids = BTreeSet::new();
    for id in html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(ids.insert(id), "{name}: {id} stands twice");
    }
    for attribute in ["for", "aria-describedby", "aria-labelledby"] {
        for all in html.split(&format!(" {attribute}=\"")).skip(1).map(|rest| rest.split('"').next().unwrap())
        {
            for id in all.split(' ') {
                assert!(ids.contains(id), "{name}: {attribute} names {id}");
            }
        }
    }
    for input in html.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
        if input.contains("type=\"hidden\"") {
            continue;
        }
        let id = input.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()).expect(input);
        assert!(html.contains(&format!("<label for=\"{id}\">")), "{name}: {id} has no label");
    }
    // Every form that comes back to us carries its token.
    for form in html.split("<form ").skip(1).filter(|form| form.contains("action=\"/")) {
        assert!(form.contains("name=\"csrf\""), "{name}: {form}");
        assert!(form.contains("name=\"request\"") || form.contains("action=\"/account"), "{name}: {form}");
    }
    assert!(!html.contains("error-") && !html.contains("{ $"), "{name}: a message is missing");
}

#[test]
fn sec_13_what_strangers_send_is_escaped_on_every_page() {
    for (name, html) in rendered(Locale::english()) {
        for raw in ["<b>alice", "<b>Notes", "<script>1", "<img src=x", "<the real one>", "\"b\""] {
            assert!(!html.contains(raw), "{name}: {raw}");
        }
    }
    let pages = rendered(Locale::english());
    let page = |wanted: &str| &pages.iter().find(|(name, _)| name == wanted).expect(wanted).1;
    assert!(page("sign_in.wrong").contains("value=\"&#34;&#62;&#60;b&#62;alice\""));
    assert!(page("error.detail").contains("&#60;img src=x onerror=alert(1)&#62;"));
    assert!(page("form_post.code").contains("value=\"&#34;&#62;&#60;script&#62;1&#60;/script&#62;\""));
}

#[test]
fn sec_17_only_a_trusted_client_brings_its_name_and_picture() {
    for (name, html) in rendered(Locale::english()) {
        assert_eq!(html.contains("<img"), name == "consent.transition", "{name}");
    }
}

#[test]
fn programs_find_the_forms_they_know() {
    let pages = rendered(Locale::english());
    let page = |wanted: &str| &pages.iter().find(|(name, _)| name == wanted).expect(wanted).1;
    let sign_in = page("sign_in.hint");
    for field in [
        "name=\"identifier\" type=\"text\" value=\"alice.test\"",
        "name=\"password\" type=\"password\"",
        "name=\"remember\" type=\"checkbox\"",
    ] {
        assert_eq!(sign_in.matches(field).count(), 1, "{field}");
    }
    let consent = page("consent.notes");
    assert_eq!(consent.matches("<form ").count(), 1);
    assert!(consent.contains("name=\"decision\" value=\"approve\">Approve<"));
    assert!(consent.contains("name=\"decision\" value=\"deny\">Deny<"));
    assert_eq!(consent.matches("name=\"scope\"").count(), 4, "all but `atproto` can be unticked");
    assert!(!consent.contains("name=\"scope\" value=\"atproto\""));
    for tick in consent.split("<input ").filter(|input| input.contains("checkbox")) {
        assert!(tick.split('>').next().unwrap().contains(" checked"), "{tick}");
    }
    let sets = page("consent.sets");
    for value in [
        "include:fm.plyr.authFullApp",
        "include:fm.plyr.authFullApp repo:fm.plyr.actor.profile",
        "include:com.example.authNotes?aud=did:web:api.example.com%23notes repo:com.example.note?action=create",
    ] {
        let field = format!("name=\"scope\" value=\"{value}\" checked");
        assert_eq!(sets.matches(&field).count(), 1, "{value}");
    }
    assert!(!sets.contains("name=\"scope\" value=\"repo:"), "a box inside a set is no box of a plain scope");
    let account = page("account.held");
    assert_eq!(account.matches("action=\"/account/approve\"").count(), 1);
    assert_eq!(page("account.followed").matches("action=\"/account/end-session\"").count(), 2);
    let picker = page("account_picker.three");
    assert_eq!(picker.matches("<button class=\"account\" name=\"account\"").count(), 3);
}

#[test]
fn every_message_that_the_code_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = 0;
    for folder in ["templates", "src/pages"] {
        for file in fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
            if file.is_dir() {
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            for opening in [".t(\"", ".t1(\"", ".h1(\"", "locale.html(\"", "locale.text(\""] {
                for id in text.split(opening).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                    assert!(Locale::english().has(id), "{}: `{id}`", file.display());
                    named += 1;
                }
            }
        }
    }
    assert!(named > 30, "the search finds what it looks for: {named}");
}
