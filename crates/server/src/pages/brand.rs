//! How the pages look: the operator's name and colours over one stylesheet.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};
use bytes::Bytes;
use gatewright_protocol::crypto::sha256;
use serde::{Deserialize, Serialize};

/// The operator's name and colours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Brand {
    /// What the pages call this server.
    pub name: String,
    /// The colour of buttons and marks on light pages. Text on it is black or white, whichever reads better.
    pub accent: Colour,
    /// The same on dark pages.
    pub accent_dark: Colour,
}

impl Default for Brand {
    fn default() -> Self {
        Self { name: "Gatewright".to_owned(), accent: Colour::PINE, accent_dark: Colour::MINT }
    }
}

/// A colour, written `#rrggbb`. Anything else is refused, so that a setting cannot bring in a stylesheet of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// The text is not a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a colour is written `#rrggbb`")]
pub struct NotAColour;

impl Colour {
    /// The accent of light pages, unless the operator has another.
    pub const PINE: Self = Self { red: 0x0f, green: 0x5f, blue: 0x58 };
    /// The accent of dark pages, unless the operator has another.
    pub const MINT: Self = Self { red: 0x7c, green: 0xd4, blue: 0xc6 };

    /// Black or white, whichever has more contrast with this colour.
    fn ink(self) -> &'static str {
        // Contrast with white is 1.05 / (l + 0.05), with black (l + 0.05) / 0.05: equal at l ≈ 0.179 (WCAG 2.2).
        if self.luminance() > 0.179 { "#000" } else { "#fff" }
    }

    /// Relative luminance as WCAG 2.2 defines it.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

impl FromStr for Colour {
    type Err = NotAColour;

    fn from_str(text: &str) -> Result<Self, NotAColour> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(NotAColour)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAColour);
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).map_err(|_| NotAColour)?.to_be_bytes();
        Ok(Self { red, green, blue })
    }
}

impl TryFrom<String> for Colour {
    type Error = NotAColour;

    fn try_from(text: String) -> Result<Self, NotAColour> {
        text.parse()
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

/// What [`Brand`] comes to: made once, when the server is built.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// What the pages call this server.
    pub(crate) name: String,
    /// The path of the stylesheet. It names the content, so that it may be kept for ever and changes with each release.
    pub(crate) stylesheet_path: String,
    /// The stylesheet.
    pub(crate) stylesheet: Bytes,
    /// The path of the script for passkeys, which names its content too.
    pub(crate) script_path: String,
}

impl Look {
    /// Puts the colours before the stylesheet.
    pub(crate) fn new(brand: &Brand) -> Self {
        let Brand { name, accent, accent_dark } = brand;
        let colours = format!(
            ":root{{--accent:{accent};--on-accent:{};--accent-dark:{accent_dark};--on-accent-dark:{}}}\n",
            accent.ink(),
            accent_dark.ink(),
        );
        let stylesheet = Bytes::from(colours + STYLE);
        Self {
            name: name.clone(),
            stylesheet_path: format!("/assets/style-{}.css", digest(&stylesheet)),
            stylesheet,
            script_path: format!("/assets/passkey-{}.js", digest(SCRIPT.as_bytes())),
        }
    }
}

/// Twelve bytes of the hash of a file: enough to name it by.
fn digest(file: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(sha256(file).first_chunk::<12>().unwrap_or(&[0; 12]))
}

/// The script for passkeys: the one thing that no form can do.
pub(crate) const SCRIPT: &str = include_str!("../../assets/passkey.js");

const STYLE: &str = include_str!("../../assets/style.css");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_six_digits() {
        for (text, ok) in [
            ("#0f5f58", true),
            ("#ABCDEF", true),
            ("#fff", false),
            ("0f5f58", false),
            ("#+12345", false),
            ("#12345g", false),
            ("#00000;}body{display:none", false),
            ("#é1234", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<Colour>().is_ok(), ok, "{text}");
        }
    }

    #[test]
    fn text_on_a_colour_can_be_read() {
        for (text, ink) in
            [("#000000", "#fff"), ("#0f5f58", "#fff"), ("#7cd4c6", "#000"), ("#ffffff", "#000")]
        {
            assert_eq!(text.parse::<Colour>().unwrap().ink(), ink, "{text}");
        }
    }

    #[test]
    fn the_path_follows_the_content() {
        let one = Look::new(&Brand::default());
        let other = Look::new(&Brand { accent: "#123456".parse().unwrap(), ..Brand::default() });
        assert_ne!(one.stylesheet_path, other.stylesheet_path);
        assert_eq!(one.stylesheet_path, Look::new(&Brand::default()).stylesheet_path);
        assert!(one.stylesheet.len() < 16 * 1024, "{}", one.stylesheet.len());
    }
}
