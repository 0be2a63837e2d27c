//! `blob`: uploading files by media type (SC-16).

use std::fmt;

use super::describe::Sentence;
use super::parse::{Syntax, Writer};
use super::permission::Resource;
use super::why_not::WhyNot;
use super::{InvalidScope, Need};

/// A `blob` scope. Values are as they were written, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Which media types: `*/*`, `type/*` or `type/subtype`; at least one.
    pub accept: Vec<String>,
}

impl Resource for Blob {
    const NAME: &'static str = "blob";

    fn read(syntax: &Syntax<'_>) -> Result<Self, InvalidScope> {
        syntax.expect_only("accept", &["accept"])?;
        let accept = syntax
            .values("accept", true)
            .map(|text| {
                is_accept(text)
                    .then(|| text.to_owned())
                    .ok_or_else(|| InvalidScope::value(text, expected(text)))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if accept.is_empty() {
            let hint = "write `blob:image/*`, `blob:video/mp4` or `blob:*/*`";
            return Err(InvalidScope::Missing { parameter: "accept", hint });
        }
        Ok(Self { accept })
    }

    fn normal_form(&self) -> String {
        let accept = self.normalized();
        Writer::new(Self::NAME, "accept", accept.iter().map(String::as_str)).into_text()
    }

    fn grants<'a>(&'a self, need: &Need<'a>) -> Result<(), WhyNot<'a>> {
        let Need::Blob(need) = need else { return Err(WhyNot::resource(Self::NAME, need)) };
        if self.accept.iter().any(|accept| matches_accept(accept, need.mime)) {
            Ok(())
        } else {
            Err(WhyNot::MediaType { granted: &self.accept, needed: need.mime })
        }
    }

    fn needs(&self) -> Vec<Need<'_>> {
        self.accept.iter().map(|mime| Need::Blob(BlobNeed { mime })).collect()
    }

    fn sentences(&self) -> Vec<Sentence> {
        self.normalized()
            .iter()
            .map(|accept| match accept.strip_suffix("/*") {
                Some("*") => Sentence::new("blob-any"),
                Some(kind) => Sentence::new("blob-kind").with("kind", kind),
                None => Sentence::new("blob-type").with("type", accept),
            })
            .collect()
    }
}

impl Blob {
    /// Lower case, sorted, each once, without what another value covers.
    fn normalized(&self) -> Vec<String> {
        let mut accept: Vec<String> = self.accept.iter().map(|value| value.to_ascii_lowercase()).collect();
        if accept.iter().any(|value| value == "*/*") {
            return vec!["*/*".to_owned()];
        }
        accept.sort_unstable();
        accept.dedup();
        // `type/*` sorts before most of what it covers, but not before `type/!…`: ask for it by name.
        let kinds: std::collections::HashSet<String> =
            accept.iter().filter_map(|value| Some(value.strip_suffix("/*")?.to_owned())).collect();
        accept.retain(|value| match value.split_once('/') {
            Some((_, "*")) | None => true,
            Some((kind, _)) => !kinds.contains(kind),
        });
        accept
    }
}

/// Is it an `accept` value: one inner `/`, no space, and `*` only in a `/*` at the end?
pub fn is_accept(text: &str) -> bool {
    let Some((kind, subtype)) = media_type_parts(text) else { return false };
    subtype == "*" || !(kind.contains('*') || subtype.contains('*'))
}

/// Is it the media type of a file: one inner `/`, no space, no `*`?
pub fn is_mime(text: &str) -> bool {
    media_type_parts(text).is_some() && !text.contains('*')
}

/// Whether a file of the type `mime` is one that `accept` stands for, in any case.
pub fn matches_accept(accept: &str, mime: &str) -> bool {
    is_mime(mime) && covers_accept(accept, mime)
}

/// Whether `accept` stands for every type that `other`, which may be a pattern too, stands for.
pub(super) fn covers_accept(accept: &str, other: &str) -> bool {
    match (accept.split_once('/'), other.split_once('/')) {
        (Some(("*", "*")), Some(_)) => true,
        (Some((kind, "*")), Some((other_kind, _))) => kind.eq_ignore_ascii_case(other_kind),
        _ => accept.eq_ignore_ascii_case(other),
    }
}

fn media_type_parts(text: &str) -> Option<(&str, &str)> {
    let (kind, subtype) = text.split_once('/')?;
    let sound = !kind.is_empty() && !subtype.is_empty() && !subtype.contains('/') && !text.contains(' ');
    sound.then_some((kind, subtype))
}

fn expected(text: &str) -> &'static str {
    match text {
        "*" => "a media type: `*/*` stands for all",
        _ if text.contains(' ') => {
            "a media type: in a parameter a `+` is a space, so write `image/svg%2Bxml`"
        }
        _ => "a media type such as `image/png`, `image/*` or `*/*`",
    }
}

/// One upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobNeed<'a> {
    /// The declared media type, without its parameters.
    pub mime: &'a str,
}

impl fmt::Display for BlobNeed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Writer::new(Blob::NAME, "accept", [self.mime].into_iter()).into_text())
    }
}
