//! Proofs of records: whatever a host answers, nothing panics, and what is proven is what lies in the file.

#![no_main]

use std::sync::LazyLock;

use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::data_model::{AsJson, from_block};
use gatewright_protocol::repo_proof::testing::file_of;
use gatewright_protocol::repo_proof::{MAX_RECORD, ProofFault, ProvenRecord, prove_record};
use gatewright_protocol::syntax::{Did, Nsid, RecordKey, Tid};
use libfuzzer_sys::fuzz_target;

static DID: LazyLock<Did> = LazyLock::new(|| "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().expect("a DID"));
static REV: LazyLock<Tid> = LazyLock::new(|| "3jzfcijpj2z2a".parse().expect("a TID"));
static COLLECTION: LazyLock<Nsid> = LazyLock::new(|| "a.b.c".parse().expect("an NSID"));
static RKEY: LazyLock<RecordKey> = LazyLock::new(|| "1".parse().expect("a record key"));
static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::from_bytes(Curve::K256, &[7; 32]).expect("a key"));

fn prove(file: &[u8]) -> Result<ProvenRecord, ProofFault> {
    prove_record(file, &DID, &COLLECTION, &RKEY, KEY.public())
}

fuzz_target!(|data: &[u8]| {
    // Nobody makes up a file that the key has not signed.
    assert!(prove(data).is_err());
    // Blocks of any kind under a commit that it has signed, each behind its length.
    let mut rest = data;
    let mut blocks = Vec::new();
    while let Some((length, tail)) = rest.split_first() {
        let (block, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        blocks.push(block);
        rest = tail;
    }
    if let Ok(proven) = prove(&file_of(&DID, &REV, &KEY, &blocks)) {
        assert!(proven.block.len() <= MAX_RECORD);
        let value = from_block(&proven.block).expect("what is proven is canonical");
        assert_eq!(serde_json::to_value(AsJson(&value)).expect("it was JSON before"), proven.value);
    }
    let _ = from_block(data);
});
