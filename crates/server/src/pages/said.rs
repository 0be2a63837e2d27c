//! What a page says that was just done, and how its address says it: by a word of a list, so that no address puts text of
//! its own on a page.

/// What was just done on one page.
pub(crate) trait Said: Copy + PartialEq + 'static {
    /// Each, with its word in the address and its message.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// As the address of the page says it.
    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(said, ..)| *said == self).map_or("", |(_, word, _)| word)
    }

    /// What an address says, if it says anything.
    fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == word).map(|(said, ..)| *said)
    }

    /// As the page says it.
    fn message(self) -> &'static str {
        Self::ALL.iter().find(|(said, ..)| *said == self).map_or("", |(_, _, message)| message)
    }
}
