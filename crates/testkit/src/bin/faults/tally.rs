//! What is counted: what was done, what was broken, and what must stay zero.

use std::collections::BTreeMap;
use std::fmt;

use parking_lot::Mutex;
use serde_json::{Value, json};

/// Declares what is counted, with the words that it is printed with.
macro_rules! counted {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $words:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum $name { $($variant,)* }

        impl $name {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn words(self) -> &'static str {
                match self { $(Self::$variant => $words,)* }
            }
        }
    };
}

counted! {
    /// What was broken.
    Fault {
        NodeKilled = "node killed (SIGKILL) and restarted",
        ClockAhead = "node with its clock 40 s ahead",
        ClockBehind = "node with its clock 40 s behind",
        DatabaseConnectionsCut = "connections to PostgreSQL cut",
        ProxyConnectionsCut = "connections of the proxy cut",
        DatabaseStoppedFast = "PostgreSQL restarted (fast)",
        DatabaseStoppedImmediately = "PostgreSQL restarted (immediate)",
    }
}

counted! {
    /// What was done and acknowledged.
    Done {
        Pushed = "requests pushed (PAR)",
        Approved = "sign-ins and consents on the pages",
        Exchanged = "codes exchanged",
        Refreshed = "refreshes",
        Written = "records written",
        Read = "guarded reads",
        Revoked = "revocations",
        CodeReplayed = "codes presented again",
        CodeRaced = "codes presented at two nodes at once",
        RefreshRaced = "refresh tokens presented at two nodes at once",
        SpentRefresh = "spent refresh tokens presented",
        ProofReplayed = "proofs presented again at another node",
        OldProofReplayed = "proofs presented again later (up to 4 minutes)",
        ProofRaced = "proofs presented at two nodes at once",
        EndedAsked = "ended sessions asked again",
        Unknown = "requests without an acknowledgement",
        Abandoned = "sessions given up, their state unknown",
        Checked = "sessions and records checked at the end",
    }
}

counted! {
    /// What must be zero.
    Wrong {
        GrantLost = "acknowledged grants lost",
        RotationLost = "acknowledged rotations lost",
        WriteLost = "acknowledged writes lost",
        SessionEnded = "sessions ended that should live",
        SessionAlive = "sessions alive that were ended",
        CodeTwice = "codes accepted twice",
        RefreshTwice = "refresh tokens accepted twice",
        ProofTwice = "proofs accepted twice",
        NodeEnded = "nodes that ended by themselves",
        Stuck = "clients that were never answered again",
    }
}

/// The counts of a run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    done: Mutex<BTreeMap<Done, u64>>,
    faults: Mutex<BTreeMap<Fault, u64>>,
    wrong: Mutex<BTreeMap<Wrong, u64>>,
}

impl Tally {
    pub(crate) fn done(&self, what: Done) {
        *self.done.lock().entry(what).or_default() += 1;
    }

    pub(crate) fn fault(&self, what: Fault) {
        *self.faults.lock().entry(what).or_default() += 1;
    }

    /// Counts, and says what happened.
    pub(crate) fn wrong(&self, what: Wrong, how: impl fmt::Display) {
        eprintln!("WRONG: {}: {how}", what.words());
        *self.wrong.lock().entry(what).or_default() += 1;
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.wrong.lock().is_empty()
    }

    fn rows(&self) -> Vec<(&'static str, Vec<(&'static str, u64)>)> {
        let (done, faults, wrong) = (self.done.lock(), self.faults.lock(), self.wrong.lock());
        let mut faults: Vec<_> =
            Fault::ALL.iter().map(|f| (f.words(), faults.get(f).copied().unwrap_or(0))).collect();
        faults.push(("redis stopped (not used)", 0));
        vec![
            (
                "lost_or_wrong",
                Wrong::ALL.iter().map(|w| (w.words(), wrong.get(w).copied().unwrap_or(0))).collect(),
            ),
            ("faults", faults),
            (
                "operations",
                Done::ALL.iter().map(|d| (d.words(), done.get(d).copied().unwrap_or(0))).collect(),
            ),
        ]
    }

    pub(crate) fn json(&self) -> Value {
        let mut all = json!({});
        for (part, rows) in self.rows() {
            all[part] =
                rows.into_iter().map(|(words, count)| (words.to_owned(), Value::from(count))).collect();
        }
        all
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (part, rows) in self.rows() {
            writeln!(f, "| {:<50} | count |", part.replace('_', " "))?;
            writeln!(f, "|{:-<52}|------:|", "")?;
            for (words, count) in rows {
                writeln!(f, "| {words:<50} | {count:>5} |")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
