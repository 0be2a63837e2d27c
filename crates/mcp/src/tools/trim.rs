//! Record values made short for a model: what it can see without stays out.

use serde_json::{Map, Value, json};

/// The value without `$type`, nulls and English alone as a language; facets as links and mentions, a reply as URIs.
pub(super) fn trimmed(value: &Value) -> Value {
    let Value::Object(fields) = value else { return json!({ "raw": value }) };
    let mut short = Map::new();
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("$type", _) | (_, Value::Null) => {}
            ("facets", Value::Array(facets)) => {
                let features: Vec<&Value> =
                    facets.iter().filter_map(|facet| facet.get("features")?.as_array()).flatten().collect();
                let all = |kind: &str, field: &str| -> Vec<Value> {
                    let is_kind = |feature: &&&Value| {
                        feature.get("$type").and_then(Value::as_str).is_some_and(|name| name.ends_with(kind))
                    };
                    features
                        .iter()
                        .filter(is_kind)
                        .filter_map(|feature| feature.get(field).cloned())
                        .collect()
                };
                for (name, found) in [("links", all("#link", "uri")), ("mentions", all("#mention", "did"))] {
                    if !found.is_empty() {
                        short.insert(name.to_owned(), found.into());
                    }
                }
            }
            ("reply", Value::Object(reply)) => {
                let uri = |end: &str| Some((end.to_owned(), reply.get(end)?.get("uri")?.clone()));
                let ends: Map<String, Value> = ["parent", "root"].into_iter().filter_map(uri).collect();
                if !ends.is_empty() {
                    short.insert(name.clone(), ends.into());
                }
            }
            ("langs", Value::Array(languages)) if languages.iter().all(|language| language == "en") => {}
            _ => {
                short.insert(name.clone(), value.clone());
            }
        }
    }
    short.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_becomes_short() {
        let post = json!({
            "$type": "app.bsky.feed.post", "text": "See example.com", "embed": null, "langs": ["en"],
            "facets": [{ "index": { "byteStart": 4, "byteEnd": 15 }, "features": [
                { "$type": "app.bsky.richtext.facet#link", "uri": "https://example.com" },
                { "$type": "app.bsky.richtext.facet#mention", "did": "did:plc:a" },
            ] }],
            "reply": { "root": { "uri": "at://a", "cid": "x" }, "parent": { "uri": "at://b", "cid": "y" } },
        });
        assert_eq!(
            trimmed(&post),
            json!({
                "text": "See example.com", "links": ["https://example.com"], "mentions": ["did:plc:a"],
                "reply": { "root": "at://a", "parent": "at://b" },
            })
        );
        assert_eq!(trimmed(&json!({ "langs": ["en", "de"] })), json!({ "langs": ["en", "de"] }));
        assert_eq!(trimmed(&json!(1)), json!({ "raw": 1 }));
    }
}
