use super::*;

fn messages(findings: &[Finding]) -> Vec<(Option<usize>, &str)> {
    findings.iter().map(|finding| (finding.index, finding.message.as_str())).collect()
}

fn says(findings: &[Finding], index: Option<usize>, text: &str) -> bool {
    findings.iter().any(|finding| finding.index == index && finding.message.contains(text))
}

#[test]
fn a_good_set_has_nothing_said_of_it() {
    let lint = lint(&document(&json!([
        {"type": "permission", "resource": "repo", "collection": ["com.example.app.note"]},
        {"type": "permission", "resource": "rpc", "lxm": ["com.example.app.get"], "inheritAud": true},
    ])));
    assert_eq!(lint, Lint::default());
    assert_eq!(serde_json::to_string(&lint).unwrap(), r#"{"errors":[],"warnings":[]}"#);
}

#[test]
fn each_entry_that_never_grants_is_an_error_of_its_own() {
    let lint = lint(&document(&json!([
        {"type": "permission", "resource": "blob", "accept": ["image/*"]},
        {"type": "permission", "resource": "repo", "collection": ["com.example.app.note"], "description": "x"},
        {"type": "permission", "resource": "repo", "collection": ["com.other.note"]},
        {"type": "permission", "resource": "rpc", "lxm": ["com.example.app.get"], "aud": "did:web:a.com#s"},
        {"type": "permission", "resource": "rpc", "lxm": ["com.example.app.get"], "inheritAud": true},
    ])));
    let indices: Vec<Option<usize>> = lint.errors.iter().map(|finding| finding.index).collect();
    assert_eq!(indices, [Some(0), Some(2), Some(3)]);
    assert_eq!(messages(&lint.warnings).len(), 1);
    assert!(says(&lint.warnings, Some(1), "`description` is ignored"), "{lint:?}");
}

#[test]
fn what_works_and_should_be_otherwise_is_a_warning() {
    let mut document = document(&json!([
        {"resource": "repo", "collection": ["com.example.app.note", "com.example.app.note"]},
        {"type": "permission", "resource": "rpc", "lxm": ["com.example.app.get"], "aud": "*", "inheritAud": false},
        {"type": "permission", "resource": "repo", "collection": ["com.example.app.note"], "action": ["create"]},
    ]));
    document["id"] = "com.example.app.basic".into();
    let main = &mut document["defs"]["main"];
    main["title"] = "x".repeat(101).into();
    main["detail"] = json!("");
    main["description"] = json!("for developers");
    main["tagline"] = json!("y");
    main["title:lang"] = json!({"deutsch sprache": "x", "de": 5, "fr": "\u{202e}x"});
    let lint = lint(&document);
    assert_eq!(lint.errors, []);
    for (index, text) in [
        (None, "should begin with `auth`"),
        (None, "longer than 100"),
        (None, "there is no `detail`"),
        (None, "`description` is for developers"),
        (None, "no field \"tagline\""),
        (None, "no language tag"),
        (None, "`title:lang` for `de` is not a text"),
        (None, "control or direction"),
        (Some(0), "`type` is not `permission`"),
        (Some(0), "\"collection\" holds a value twice"),
        (Some(1), "`\"inheritAud\": false`"),
        (Some(2), "grant all of this"),
    ] {
        assert!(says(&lint.warnings, index, text), "{text}: {lint:#?}");
    }
    assert_eq!(lint.warnings.len(), 12, "{lint:#?}");
}

#[test]
fn what_is_no_set_is_one_error() {
    for document in [json!(null), json!({"lexicon": 1}), json!([1])] {
        let lint = lint(&document);
        assert_eq!((lint.errors.len(), lint.errors[0].index), (1, None));
    }
    assert!(says(&lint(&document(&json!([]))).errors, None, "grants nothing"));
}

#[test]
fn size_is_a_warning_before_it_is_an_error() {
    let names: Vec<String> = (0..130).map(|at| format!("com.example.app.collection{at}")).collect();
    let mut document = document(&json!([{"type": "permission", "resource": "repo", "collection": names}]));
    document["defs"]["main"]["detail:lang"] = json!({"de": "x".repeat(70_000)});
    let lint = lint(&document);
    assert_eq!(lint.errors, []);
    assert!(says(&lint.warnings, None, "the set opens into"), "{lint:?}");
    assert!(says(&lint.warnings, None, "the document has"), "{lint:?}");
}
