//! What a store is given and gives back: names, leases, counts. Nothing here is a secret in clear.

use std::fmt;
use std::time::Duration;

use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::time::UnixTime;

/// What kind of thing a row keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    /// A browser that is signed in at a web application.
    Browser,
    /// What a program sends in the place of somebody who has signed in.
    Reference,
    /// A session.
    Session,
}

impl RowKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Browser => b'b',
            Self::Reference => b'r',
            Self::Session => b's',
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            b'b' => Some(Self::Browser),
            b'r' => Some(Self::Reference),
            b's' => Some(Self::Session),
            _ => None,
        }
    }
}

/// The name of a row: its kind, and a keyed hash of what it is looked up by. It tells nothing of either.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey([u8; Self::LENGTH]);

impl RowKey {
    /// How many bytes a name has.
    pub const LENGTH: usize = 33;

    /// The name of this kind and hash.
    pub fn new(kind: RowKind, hash: [u8; 32]) -> Self {
        let mut bytes = [kind.byte(); Self::LENGTH];
        if let Some(rest) = bytes.last_chunk_mut::<32>() {
            *rest = hash;
        }
        Self(bytes)
    }

    /// A name that was read from a store; `None` if it is none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; Self::LENGTH] = bytes.try_into().ok()?;
        RowKind::from_byte(*bytes.first()?)?;
        Some(Self(bytes))
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// What kind of row it names.
    pub fn kind(&self) -> RowKind {
        self.0.first().copied().and_then(RowKind::from_byte).unwrap_or(RowKind::Session)
    }

    /// The first possible name of a kind, and the first that is beyond it.
    pub fn range(kind: RowKind) -> (Self, Self) {
        let mut first = Self::new(kind, [0; 32]);
        let mut beyond = first;
        if let (Some(low), Some(high)) = (first.0.first_mut(), beyond.0.first_mut()) {
            *low = kind.byte();
            *high = kind.byte().saturating_add(1);
        }
        (first, beyond)
    }

    /// What all names of its kind begin with, and what comes before all of them in order.
    pub fn kind_prefix(&self) -> Vec<u8> {
        vec![self.kind().byte()]
    }

    /// As hexadecimal digits: the name of a file.
    pub fn to_hex(&self) -> String {
        use fmt::Write as _;
        self.0.iter().fold(String::with_capacity(66), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// From hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .filter_map(|pair| u8::try_from(pair.first()? * 16 + pair.last()?).ok())
            .collect();
        Self::from_bytes(&bytes).filter(|_| digits.len() == 2 * Self::LENGTH)
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowKey({})", self.to_hex())
    }
}

/// Who holds a lease: drawn anew for each lease, so that no two holders are taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Holder([u8; 16]);

impl Holder {
    /// A new one.
    pub fn generate(random: &dyn Random) -> Self {
        Self(random_bytes(random))
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for Holder {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// The number of a lease. Each lease of a row has a higher one than all before it, and only the highest may write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(u64);

impl Fence {
    /// The fence that follows this one. It is no lower than the time, so that it keeps rising even where a store
    /// forgot the row.
    #[must_use]
    pub fn next(self, now: UnixTime) -> Self {
        Self((self.0 + 1).max(u64::try_from(now.millis()).unwrap_or(0)))
    }

    /// From the number of a row.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number for a row.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The number for a column that has a sign.
    pub fn signed(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// From a column that has a sign.
    pub fn from_signed(number: i64) -> Self {
        Self(u64::try_from(number).unwrap_or(0))
    }
}

/// What a row is to hold.
#[derive(Clone, Copy, Debug)]
pub struct Keep<'a> {
    /// The sealed bytes.
    pub sealed: &'a [u8],
    /// When the row may go by itself; never if absent.
    pub until: Option<UnixTime>,
}

/// What came of asking for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// The lease is the caller's, until its time is over or it is renewed by asking again.
    Granted {
        /// Its number.
        fence: Fence,
        /// What the row holds; nothing if there is no row.
        sealed: Option<Vec<u8>>,
    },
    /// Somebody else has it.
    Held {
        /// Until when, if they do not renew it.
        until: UnixTime,
    },
}

/// What came of writing under a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// The row has another lease since, or was put or deleted: nothing was written.
    Late,
    /// It is written, and survives whatever the store survives.
    Saved,
}

/// At most so many in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many.
    pub most: u32,
    /// In how long.
    pub within: Duration,
}

/// Whether there was room in every allowance; if so, it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// One was taken of each.
    Allowed,
    /// Nothing was taken.
    Refused {
        /// When there is room again.
        until: UnixTime,
    },
}

/// The times of the uses that still count, oldest first: what stores keep of an allowance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses(Vec<i64>);

impl Uses {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.as_chunks::<8>().0.iter().map(|chunk| i64::from_be_bytes(*chunk)).collect())
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|time| time.to_be_bytes()).collect()
    }

    /// When the last of them stops counting.
    pub(crate) fn until(&self, allowances: &[Allowance]) -> UnixTime {
        let longest = allowances.iter().map(|allowance| allowance.within).max().unwrap_or_default();
        UnixTime::from_millis(self.0.last().copied().unwrap_or_default()).plus(longest)
    }

    /// Takes one use, if all allowances have room.
    pub(crate) fn spend(&mut self, now: UnixTime, allowances: &[Allowance]) -> Spent {
        let longest = allowances.iter().map(|allowance| allowance.within).max().unwrap_or_default();
        // Times ahead of the clock are those of another machine, or of before it was set back: they count.
        self.0.retain(|time| *time > now.minus(longest).millis());
        let full_until = allowances.iter().filter_map(|allowance| {
            let from = now.minus(allowance.within).millis();
            let counted: Vec<i64> = self.0.iter().copied().filter(|time| *time > from).collect();
            let most = usize::try_from(allowance.most).unwrap_or(usize::MAX);
            let over = counted.len().checked_sub(most)?;
            Some(counted.get(over).map_or(now, |time| UnixTime::from_millis(*time)).plus(allowance.within))
        });
        if let Some(until) = full_until.max() {
            return Spent::Refused { until };
        }
        self.0.push(now.millis());
        Spent::Allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_hexadecimal_and_have_a_kind() {
        let key = RowKey::new(RowKind::Browser, [7; 32]);
        assert_eq!(RowKey::from_hex(&key.to_hex()), Some(key));
        assert_eq!(key.kind(), RowKind::Browser);
        let (first, beyond) = RowKey::range(RowKind::Browser);
        assert!(first <= key && key < beyond);
        assert!(RowKey::new(RowKind::Session, [0; 32]) >= beyond);
        for text in ["", "zz", &"00".repeat(33), &format!("{}00", key.to_hex()), &key.to_hex()[..64]] {
            assert_eq!(RowKey::from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn fences_rise_even_where_a_row_was_forgotten() {
        let now = UnixTime::from_seconds(1_790_000_000);
        let first = Fence::default().next(now);
        assert!(first.next(now) > first);
        assert!(Fence::default().next(now.plus(Duration::from_mins(1))) > first.next(now));
        assert_eq!(Fence::from_signed(first.signed()), first);
    }

    #[test]
    fn an_allowance_slides() {
        let minute = Duration::from_mins(1);
        let allowances = [Allowance { most: 2, within: minute }, Allowance { most: 3, within: minute * 10 }];
        let start = UnixTime::from_seconds(1_790_000_000);
        let mut uses = Uses::default();
        assert_eq!(uses.spend(start, &allowances), Spent::Allowed);
        assert_eq!(uses.spend(start.plus(minute / 2), &allowances), Spent::Allowed);
        let refused = uses.spend(start.plus(minute / 2), &allowances);
        assert_eq!(refused, Spent::Refused { until: start.plus(minute) });
        assert_eq!(uses.spend(start.plus(minute), &allowances), Spent::Allowed);
        let refused = uses.spend(start.plus(minute * 5), &allowances);
        assert_eq!(refused, Spent::Refused { until: start.plus(minute * 10) });
        assert_eq!(Uses::from_bytes(&uses.to_bytes()), uses);
        assert_eq!(uses.spend(start.plus(minute * 10), &allowances), Spent::Allowed);
        assert_eq!(uses.until(&allowances), start.plus(minute * 20));
    }
}
