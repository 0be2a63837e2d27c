use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use gatewright_protocol::crypto::Curve;
use gatewright_protocol::plc::State;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use tempfile::TempDir;

use super::*;

struct Kept {
    folder: TempDir,
    key: PrivateKey,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, key: PrivateKey::generate(Curve::K256, &SystemRandom) }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("plc.jsonl")
    }

    fn open(&self) -> Directory {
        Directory::open(&self.file(), Arc::new(SystemClock)).expect("it opens")
    }

    /// Makes an identity of this name.
    fn make(&self, directory: &Directory, name: &str) -> Did {
        let state = State {
            rotation_keys: vec![self.key.public().to_did_key()],
            verification_methods: BTreeMap::from([("atproto".to_owned(), self.key.public().to_did_key())]),
            also_known_as: vec![format!("at://{name}.test")],
            services: BTreeMap::new(),
        };
        let (did, operation) = plc::genesis(state, &self.key);
        directory.submit(&did, operation).expect("it is taken");
        did
    }

    /// Writes what a write that failed would leave behind.
    fn tear(&self, torn: &[u8]) {
        let file = OpenOptions::new().append(true).open(self.file());
        file.and_then(|mut file| file.write_all(torn)).expect("it writes");
    }
}

fn knows(directory: &Directory, dids: &[&Did]) -> bool {
    dids.iter().all(|did| directory.read(did.as_str()).is_ok())
}

#[test]
fn an_operation_after_a_line_that_was_cut_off_is_there_after_the_next_start() {
    for torn in [&b"{\"did\":\"did:plc:"[..], b"{", &[0; 4096]] {
        let kept = Kept::new();
        let alice = kept.make(&kept.open(), "alice");
        kept.tear(torn);
        let again = kept.open();
        assert!(knows(&again, &[&alice]));
        let bob = kept.make(&again, "bob");
        assert!(knows(&kept.open(), &[&alice, &bob]));
    }
}

#[test]
fn an_operation_after_a_write_that_failed_is_there_after_the_next_start() {
    let kept = Kept::new();
    let directory = kept.open();
    let alice = kept.make(&directory, "alice");
    kept.tear(b"{\"did\":\"did:plc:");
    let bob = kept.make(&directory, "bob");
    let carol = kept.make(&directory, "carol");
    assert!(knows(&kept.open(), &[&alice, &bob, &carol]));
}

#[test]
fn a_first_line_that_was_cut_off_leaves_an_empty_directory() {
    let kept = Kept::new();
    std::fs::write(kept.file(), "{\"did\"").expect("it writes");
    let alice = kept.make(&kept.open(), "alice");
    assert!(knows(&kept.open(), &[&alice]));
}
