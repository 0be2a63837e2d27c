//! The same set under another namespace: for a staging environment.

use std::str::FromStr;

use anyhow::{Result, bail};
use gatewright_protocol::syntax::Nsid;
use serde_json::Value;

/// From one namespace to another, as `fm.plyr=fm.plyr.stg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    from: String,
    to: String,
}

impl FromStr for Namespace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_group = |group: &str| format!("{group}.name").parse::<Nsid>().is_ok();
        match text.split_once('=') {
            Some((from, to)) if is_group(from) && is_group(to) => {
                Ok(Self { from: from.to_owned(), to: to.to_owned() })
            }
            _ => Err("expected two namespaces, such as fm.plyr=fm.plyr.stg".to_owned()),
        }
    }
}

impl Namespace {
    /// Moves the name of the set, and every collection and method of its permissions.
    ///
    /// # Errors
    /// The name of the set does not lie in the old namespace.
    pub(super) fn rename(&self, document: &mut Value) -> Result<()> {
        let Some(id) = document.get_mut("id") else { bail!("the document has no `id`") };
        let before = id.clone();
        self.rename_text(id);
        if *id == before {
            bail!("{before} does not lie in the namespace {}", self.from);
        }
        let permissions = document.pointer_mut("/defs/main/permissions").and_then(Value::as_array_mut);
        for entry in permissions.into_iter().flatten() {
            for field in ["collection", "lxm"] {
                let names = entry.get_mut(field).and_then(Value::as_array_mut);
                names.into_iter().flatten().for_each(|name| self.rename_text(name));
            }
        }
        Ok(())
    }

    fn rename_text(&self, value: &mut Value) {
        let rest = value.as_str().and_then(|text| text.strip_prefix(self.from.as_str()));
        if let Some(rest) = rest.filter(|rest| rest.starts_with('.')) {
            *value = Value::String(format!("{}{rest}", self.to));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_move_and_lookalikes_stay() {
        let namespace: Namespace = "fm.plyr=fm.plyr.stg".parse().unwrap();
        let permissions = json!([
            {"resource": "repo", "collection": ["fm.plyr.track", "fm.plyrx.track"]},
            {"resource": "rpc", "lxm": ["fm.plyr.getFeed"], "aud": "*"},
        ]);
        let mut document =
            json!({"id": "fm.plyr.authFullApp", "defs": {"main": {"permissions": permissions}}});
        namespace.rename(&mut document).unwrap();
        assert_eq!(document["id"], "fm.plyr.stg.authFullApp");
        let main = &document["defs"]["main"]["permissions"];
        assert_eq!(main[0]["collection"], json!(["fm.plyr.stg.track", "fm.plyrx.track"]));
        assert_eq!(main[1]["lxm"], json!(["fm.plyr.stg.getFeed"]));
    }

    #[test]
    fn a_set_of_another_namespace_is_left_alone() {
        let namespace: Namespace = "fm.teal=fm.teal.stg".parse().unwrap();
        assert!(namespace.rename(&mut json!({"id": "fm.plyr.authFullApp"})).is_err());
        for text in ["fm.plyr", "fm.plyr=", "=fm.plyr", "fm plyr=fm.x", ""] {
            assert!(text.parse::<Namespace>().is_err(), "{text}");
        }
    }
}
