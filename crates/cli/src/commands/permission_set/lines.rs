//! The lines of a JSON text that the entries of a permission set begin on.

/// The line (from 1) of each element of `defs.main.permissions`; nothing where there is no such array. The text is
/// one that was read as JSON already: anything else gives lines that mean nothing.
pub(super) fn of_entries(text: &str) -> Vec<usize> {
    let path = ["defs", "main", "permissions"];
    let array = path.iter().try_fold(skip_space(text, 0), |at, name| member(text, at, name));
    let starts = array.map(|at| elements(text, at)).unwrap_or_default();
    starts.into_iter().map(|at| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()).collect()
}

/// Where the value of a member begins, in the object that begins at `at`. Of a name that stands twice the last counts,
/// as for whoever reads the text.
fn member(text: &str, at: usize, name: &str) -> Option<usize> {
    let mut found = None;
    let mut at = inside(text, at, b'{')?;
    while byte(text, at) == Some(b'"') {
        let end = skip_value(text, at);
        let key = text.get(at..end).and_then(|key| serde_json::from_str::<String>(key).ok());
        let value = skip_space(text, skip_space(text, end) + 1);
        if key.as_deref() == Some(name) {
            found = Some(value);
        }
        at = next(text, skip_value(text, value));
    }
    found
}

/// Where each value begins, in the array that begins at `at`.
fn elements(text: &str, at: usize) -> Vec<usize> {
    let mut starts = Vec::new();
    let Some(mut at) = inside(text, at, b'[') else { return starts };
    while byte(text, at).is_some_and(|byte| byte != b']') {
        starts.push(at);
        at = next(text, skip_value(text, at));
    }
    starts
}

fn byte(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at).copied()
}

/// After the bracket that a list begins with.
fn inside(text: &str, at: usize, bracket: u8) -> Option<usize> {
    (byte(text, at) == Some(bracket)).then(|| skip_space(text, at + 1))
}

/// After the comma behind a value, or on the bracket that ends the list.
fn next(text: &str, at: usize) -> usize {
    let at = skip_space(text, at);
    if byte(text, at) == Some(b',') { skip_space(text, at + 1) } else { at }
}

fn skip_space(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// After the value that begins at `at`.
fn skip_value(text: &str, at: usize) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (offset, byte) in text.as_bytes().get(at..).unwrap_or_default().iter().enumerate() {
        let after = at + offset + 1;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if quoted && depth == 0 => return after,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            // The end of the list around a number or a word.
            b'}' | b']' | b',' if depth == 0 => return at + offset,
            b'}' | b']' if depth == 1 => return after,
            b'}' | b']' => depth -= 1,
            byte if depth == 0 && byte.is_ascii_whitespace() => return at + offset,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_by_line() {
        let text = r#"{
  "lexicon": 1, "defs": {"other": {"permissions": [1]},
    "ma\u0069n": {
      "title": "a } ] \" , {", "n": -1.5e3,
      "permissions": [
        {"type": "permission", "x": ["]", {}]},
        7, "a,b",

        {"resource": "rpc"}
      ]
    }
  }
}"#;
        assert_eq!(of_entries(text), [6, 7, 7, 9]);
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(value["defs"]["main"]["permissions"].as_array().map(Vec::len), Some(4));
    }

    #[test]
    fn where_there_is_no_array_there_are_no_lines() {
        for text in [
            "",
            "{",
            "[]",
            "1",
            "{\"defs\":{\"main\":{\"permissions\":{}}}}",
            "{\"defs\":\"main\"}",
            "{\"a\"",
        ] {
            assert_eq!(of_entries(text), [0; 0], "{text}");
        }
        assert_eq!(of_entries(r#"{"defs":{"main":{"permissions":[]}}}"#), [0; 0]);
        assert_eq!(of_entries(r#"{"defs":{"main":{"permissions":[1,[2]]}}}"#), [1, 1]);
    }
}
