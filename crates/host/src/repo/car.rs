//! Files of blocks (CAR version 1): a header that names the root, then one block after the other.

use cid::Cid;
use serde::Serialize;

/// What a file begins with.
pub fn header(root: &Cid) -> Vec<u8> {
    // Fields in the order of DAG-CBOR.
    #[derive(Serialize)]
    struct Header {
        roots: [Cid; 1],
        version: u8,
    }
    let header = serde_ipld_dagcbor::to_vec(&Header { roots: [*root], version: 1 })
        .expect("a header is plain data, and memory does not fail");
    let mut out = Vec::with_capacity(header.len() + 2);
    write_length(&mut out, header.len());
    out.extend_from_slice(&header);
    out
}

/// Appends one block.
pub fn write_block(out: &mut Vec<u8>, cid: &Cid, block: &[u8]) {
    let address = cid.to_bytes();
    write_length(out, address.len() + block.len());
    out.extend_from_slice(&address);
    out.extend_from_slice(block);
}

/// Seven bits a byte, the lowest first.
fn write_length(out: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = u8::try_from(length & 0x7f).expect("seven bits");
        length >>= 7;
        if length == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_seven_bits_a_byte() {
        for (length, bytes) in [(0, &[0][..]), (127, &[0x7f]), (128, &[0x80, 1]), (16384, &[0x80, 0x80, 1])] {
            let mut out = Vec::new();
            write_length(&mut out, length);
            assert_eq!(out, bytes, "{length}");
        }
    }
}
