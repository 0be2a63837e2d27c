//! As much HTML as it takes to find the forms of a page, as a browser without JavaScript sees them.

/// A piece of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// `</name>`
    End(String),
    /// `<name attribute="value">`; names in lower case.
    Start(Tag),
    /// What is between tags, decoded.
    Text(String),
}

/// An opening tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name in lower case.
    pub name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// The value of an attribute, decoded; empty for one without a value.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether the attribute is there.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }
}

/// Takes a page apart. Comments and the document type are left out; what stands in `script` and `style` is one text.
pub fn pieces(html: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
        } else if let Some(declaration) = rest.strip_prefix("<!") {
            rest = declaration.split_once('>').map_or("", |(_, after)| after);
        } else if let Some(end) = rest.strip_prefix("</") {
            let (name, after) = end.split_once('>').unwrap_or((end, ""));
            pieces.push(Piece::End(name.trim().to_ascii_lowercase()));
            rest = after;
        } else if rest.starts_with('<') && rest.chars().nth(1).is_some_and(|c| c.is_ascii_alphabetic()) {
            let (tag, after) = read_tag(rest.get(1..).unwrap_or_default());
            rest = after;
            if let "script" | "style" = tag.name.as_str() {
                let end = rest.find(&format!("</{}", tag.name)).unwrap_or(rest.len());
                let (raw, after) = rest.split_at(end);
                pieces.push(Piece::Start(tag));
                pieces.push(Piece::Text(raw.to_owned()));
                rest = after;
            } else {
                pieces.push(Piece::Start(tag));
            }
        } else {
            let end = rest.char_indices().skip(1).find(|(_, c)| *c == '<').map_or(rest.len(), |(at, _)| at);
            let (text, after) = rest.split_at(end);
            pieces.push(Piece::Text(decode(text)));
            rest = after;
        }
    }
    pieces
}

/// Reads from after the `<`; returns what follows the `>`.
fn read_tag(text: &str) -> (Tag, &str) {
    let end = text.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            break;
        }
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break;
        }
        let end = rest
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'))
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end.max(1).min(rest.len()));
        let (value, after) = match after.trim_start().strip_prefix('=') {
            None => ("", after),
            Some(value) => read_value(value.trim_start()),
        };
        attributes.push((name.to_ascii_lowercase(), decode(value)));
        rest = after;
    }
    (Tag { name: name.to_ascii_lowercase(), attributes }, rest)
}

fn read_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    text.split_at(text.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(text.len()))
}

/// Resolves character references: the numeric ones, and the names that a program writes.
fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, reference) = rest.split_at(at);
        decoded.push_str(before);
        let name = reference.get(1..).and_then(|after| after.split_once(';')).map_or("", |(name, _)| name);
        let character = match name {
            "amp" => Some('&'),
            "apos" => Some('\''),
            "gt" => Some('>'),
            "lt" => Some('<'),
            "nbsp" => Some('\u{a0}'),
            "quot" => Some('"'),
            _ => name.strip_prefix('#').and_then(numeric),
        };
        if let Some(character) = character {
            decoded.push(character);
            rest = reference.get(name.len() + 2..).unwrap_or_default();
        } else {
            decoded.push('&');
            rest = reference.get(1..).unwrap_or_default();
        }
    }
    decoded + rest
}

fn numeric(digits: &str) -> Option<char> {
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    char::from_u32(code.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_attributes_and_references() {
        let html = "<!doctype html><!-- <p> --><P CLASS=a b='c &amp; d' checked>1 &lt; 2 &#39;&#x41;&unknown; & x</p>\
                    <script>if (a < b) \"</p>\"</script><br/>";
        let all = pieces(html);
        let Some(Piece::Start(tag)) = all.first() else { panic!("{all:?}") };
        assert_eq!((tag.name.as_str(), tag.attribute("class")), ("p", Some("a")));
        assert_eq!((tag.attribute("b"), tag.has("checked"), tag.has("d")), (Some("c & d"), true, false));
        assert_eq!(all[1], Piece::Text("1 < 2 'A&unknown; & x".to_owned()));
        assert_eq!(all[4], Piece::Text("if (a < b) \"</p>\"".to_owned()));
        assert_eq!(all.len(), 7, "{all:?}");
    }

    #[test]
    fn broken_html_ends() {
        for html in
            ["<", "<p", "<p a", "<p a=", "<p a=\"", "</", "<!--", "&", "&#;", "a<3", "<p =x>", "<script>"]
        {
            pieces(html);
        }
    }
}
