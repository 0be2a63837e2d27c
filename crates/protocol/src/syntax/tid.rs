//! Timestamp identifiers: 53 bits of microseconds and 10 bits of clock, in 13 characters that sort by time.

use super::text::text_type;

text_type! {
    /// A TID: the usual record key, and the revision of a repository.
    Tid, "TID"
}

const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";

impl Tid {
    /// The last moment that has a TID, in the year 2255.
    pub const LAST: u64 = (1 << 53) - 1;

    /// The TID of a moment, in microseconds since 1970, on the clock `clock` (its low 10 bits count). What is later
    /// than [`LAST`](Self::LAST) becomes that: a TID that began anew in 1970 would sort before all others.
    pub fn new(micros: u64, clock: u16) -> Self {
        let number = (micros.min(Self::LAST) << 10) | u64::from(clock & 0x3ff);
        let text: String = (0..13)
            .rev()
            .filter_map(|place| ALPHABET.get(((number >> (5 * place)) & 31) as usize))
            .map(|byte| char::from(*byte))
            .collect();
        Self(text.into())
    }

    /// Microseconds since 1970. The syntax has room for one bit more than TIDs have, so that of a stranger may be later
    /// than [`LAST`](Self::LAST).
    pub fn micros(&self) -> u64 {
        self.number() >> 10
    }

    /// Which clock it came from.
    pub fn clock(&self) -> u16 {
        (self.number() & 0x3ff) as u16
    }

    /// The first moment after this one, for a clock that must not go back.
    #[must_use]
    pub fn next(&self) -> Self {
        Self::new(self.micros() + 1, self.clock())
    }

    fn number(&self) -> u64 {
        self.0.bytes().fold(0, |number, byte| {
            let digit = ALPHABET.iter().position(|letter| *letter == byte).unwrap_or(0);
            (number << 5) | digit as u64
        })
    }

    fn check(text: &str) -> Result<(), &'static str> {
        if text.len() != 13 {
            return Err("not 13 characters long");
        }
        if !text.bytes().all(|byte| ALPHABET.contains(&byte)) {
            return Err("has a character outside `234567a-z`");
        }
        if !text.starts_with(|first: char| ('2'..='7').contains(&first) || ('a'..='j').contains(&first)) {
            return Err("the first character stands for more than 64 bits");
        }
        Ok(())
    }
}
