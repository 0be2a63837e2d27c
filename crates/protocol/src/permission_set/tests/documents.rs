use super::*;

#[test]
fn a_document_is_one_of_a_set_with_or_without_its_type() {
    let mut document = document(&json!([]));
    assert_eq!(PermissionSet::from_document(&document).unwrap().nsid().as_str(), "com.example.app.authBasic");
    document["$type"] = TYPE.into();
    assert!(PermissionSet::from_document(&document).is_ok());
    for (pointer, value, says) in [
        ("/$type", json!("app.bsky.feed.post"), "`$type`"),
        ("/lexicon", json!(2), "`lexicon`"),
        ("/lexicon", json!("1"), "`lexicon`"),
        ("/id", json!("com.example"), "`id`"),
        ("/id", json!(7), "`id`"),
        ("/defs", json!([]), "`defs`"),
        ("/defs/main", json!("x"), "`defs.main`"),
        ("/defs/main/type", json!("record"), "`record`"),
        ("/defs/main/type", json!(null), "`defs.main.type`"),
        ("/defs/main/permissions", json!({}), "`defs.main.permissions`"),
        ("/defs/main/title", json!(1), "`title`"),
        ("/defs/main/detail", json!(["x"]), "`detail`"),
    ] {
        let mut broken = document.clone();
        *broken.pointer_mut(pointer).unwrap() = value;
        let error = PermissionSet::from_document(&broken).unwrap_err().to_string();
        assert!(error.contains(says), "{pointer}: {error}");
    }
    for broken in [json!(null), json!([]), json!("x"), json!({})] {
        assert!(PermissionSet::from_document(&broken).is_err());
    }
    let mut two = document.clone();
    two["defs"]["other"] = json!({"type": "permission-set", "permissions": []});
    assert_eq!(
        PermissionSet::from_document(&two),
        Err(InvalidPermissionSet::SecondSet { name: "other".to_owned() })
    );
    document["defs"]["main"]["title:lang"] = json!("de");
    assert!(PermissionSet::from_document(&document).is_err());
}

#[test]
fn texts_are_chosen_by_language() {
    let mut document = document(&json!([]));
    let main = &mut document["defs"]["main"];
    main["title:lang"] =
        json!({"de": "Deutsch", "pt-BR": "Brasil", "zh-Hant": "繁體", "not a tag": "x", "fr": 5, "ja": " "});
    main["detail:lang"] = json!({"DE-at": "Wienerisch"});
    let set = PermissionSet::from_document(&document).unwrap();
    for (languages, title) in [
        (&["de"][..], "Deutsch"),
        (&["de-AT-1996"], "Deutsch"),
        (&["DE"], "Deutsch"),
        (&["pt-br"], "Brasil"),
        (&["pt"], "T"),
        (&["zh-Hant-TW"], "繁體"),
        (&["zh"], "T"),
        (&["de-x-private"], "Deutsch"),
        (&["fr", "de"], "Deutsch"),
        (&["ja"], "T"),
        (&["not a tag", ""], "T"),
        (&[], "T"),
    ] {
        assert_eq!(set.title(languages), Some(title), "{languages:?}");
    }
    assert_eq!(set.detail(&["de-AT"]), Some("Wienerisch"));
    assert_eq!(set.detail(&["de"]), Some("D"));
    document["defs"]["main"]["title"] = json!("");
    let set = PermissionSet::from_document(&document).unwrap();
    assert_eq!(set.title(&["en"]), None, "a page shows the NSID then");
}

#[test]
fn texts_are_plain_and_of_limited_length() {
    let mut document = document(&json!([]));
    let main = &mut document["defs"]["main"];
    main["title"] = json!("\u{202e}Safe\u{0} \n\tapp\u{200b}\u{2066} <b>x</b> ");
    main["detail"] = json!("é".repeat(501));
    main["detail:lang"] = json!({"en": "é".repeat(500), "de": "\u{202a}\u{feff}\r\n"});
    let set = PermissionSet::from_document(&document).unwrap();
    assert_eq!(set.title(&[]), Some("Safe app <b>x</b>"));
    let detail = set.detail(&["de"]).unwrap();
    assert_eq!((detail.chars().count(), detail.ends_with('…')), (MAX_DETAIL, true));
    assert_eq!(set.detail(&["en"]).map(|detail| detail.ends_with('é')), Some(true));
}

#[test]
fn documents_have_limits() {
    let entry = json!({"type": "permission", "resource": "repo", "collection": ["com.example.app.note"]});
    let entries = |count| Value::Array(vec![entry.clone(); count]);
    assert_eq!(set(&entries(MAX_ENTRIES)).expand(&include(PLAIN)).granted.len(), MAX_ENTRIES);
    assert_eq!(
        PermissionSet::from_document(&document(&entries(MAX_ENTRIES + 1))),
        Err(InvalidPermissionSet::TooManyEntries)
    );
    let values = |count: usize| {
        let names: Vec<String> = (0..count).map(|at| format!("com.example.app.n{at}")).collect();
        let rest = names.iter().skip(250);
        let first = names.iter().take(250);
        json!([
            {"resource": "repo", "collection": first.collect::<Vec<_>>()},
            {"resource": "rpc", "lxm": rest.collect::<Vec<_>>(), "aud": "*"},
        ])
    };
    assert!(PermissionSet::from_document(&document(&values(MAX_VALUES))).is_ok());
    assert_eq!(
        PermissionSet::from_document(&document(&values(MAX_VALUES + 1))),
        Err(InvalidPermissionSet::TooManyValues)
    );
    let mut large = document(&json!([]));
    large["defs"]["main"]["description"] = "x".repeat(MAX_BYTES).into();
    assert_eq!(PermissionSet::from_document(&large), Err(InvalidPermissionSet::TooLarge));
}
