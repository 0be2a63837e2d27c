use proptest::prelude::*;

use super::*;

fn key(curve: Curve, seed: u8) -> PrivateKey {
    PrivateKey::from_bytes(curve, &[seed; 32]).unwrap()
}

const BOTH: [Curve; 2] = [Curve::K256, Curve::P256];

#[test]
fn keys_survive_every_encoding() {
    for curve in BOTH {
        for seed in 1..20 {
            let private = key(curve, seed);
            let public = private.public();
            assert_eq!(public.curve(), curve);
            assert_eq!(&PublicKey::from_did_key(&public.to_did_key()).unwrap(), public);
            assert_eq!(&PublicKey::from_sec1(curve, &public.compressed()).unwrap(), public);
            assert_eq!(&PublicKey::from_sec1(curve, public.uncompressed()).unwrap(), public);
            assert_eq!(PrivateKey::from_bytes(curve, &private.to_bytes()).unwrap().public(), public);
            // A key that was read in its compressed form verifies, too.
            let read = PublicKey::from_multikey(&public.to_multikey()).unwrap();
            read.verify_low_s(b"message", &private.sign(b"message")).unwrap();
        }
    }
}

#[test]
fn signatures_are_low_and_high_ones_are_only_for_jose() {
    for curve in BOTH {
        for message in 0..40_u8 {
            let private = key(curve, 7);
            let signature = private.sign(&[message]);
            assert!(low_s::is_low(curve, &signature));
            private.public().verify_low_s(&[message], &signature).unwrap();
            let high = low_s::tests::flipped(curve, signature);
            assert!(!low_s::is_low(curve, &high));
            private.public().verify(&[message], &high).unwrap();
            assert_eq!(private.public().verify_low_s(&[message], &high), Err(WrongSignature));
            assert_eq!(low_s::normalize(curve, high), signature);
        }
    }
}

#[test]
fn wrong_signatures_are_refused() {
    for curve in BOTH {
        let private = key(curve, 9);
        let signature = private.sign(b"message");
        let public = private.public();
        assert!(public.verify(b"another", &signature).is_err());
        assert!(key(curve, 10).public().verify(b"message", &signature).is_err());
        assert!(public.verify(b"message", &signature[..63]).is_err());
        assert!(public.verify(b"message", &[signature.as_slice(), &[0]].concat()).is_err());
        assert!(public.verify(b"message", &[0; 64]).is_err());
        assert!(public.verify(b"message", &[0xff; 64]).is_err());
        assert!(public.verify(b"message", &[]).is_err());
        for at in 0..64 {
            let mut changed = signature;
            changed[at] ^= 1;
            assert!(public.verify(b"message", &changed).is_err(), "byte {at}");
        }
    }
}

#[test]
fn numbers_out_of_range_and_points_off_the_curve_are_refused() {
    for curve in BOTH {
        assert_eq!(PrivateKey::from_bytes(curve, &[0; 32]).unwrap_err(), KeyError::PrivateOutOfRange);
        assert_eq!(PrivateKey::from_bytes(curve, &[0xff; 32]).unwrap_err(), KeyError::PrivateOutOfRange);
        let good = key(curve, 3);
        let mut point = *good.public().uncompressed();
        point[64] ^= 1;
        assert_eq!(PublicKey::from_sec1(curve, &point).unwrap_err(), KeyError::NotOnCurve);
        // The hybrid form of SEC 1, the point at infinity, and cut ones.
        point = *good.public().uncompressed();
        point[0] = 6 + (point[64] & 1);
        for refused in
            [&point[..], &[0], &good.public().uncompressed()[..64], &good.public().compressed()[..32], &[]]
        {
            assert_eq!(PublicKey::from_sec1(curve, refused).unwrap_err(), KeyError::NotOnCurve);
        }
        assert_eq!(PublicKey::from_coordinates(curve, &[0; 32], &[0; 32]).unwrap_err(), KeyError::NotOnCurve);
    }
}

#[test]
fn a_key_is_generated_from_the_bytes_that_are_in_range() {
    /// Zeros first, which are no key, then sevens.
    #[derive(Debug)]
    struct Poor(std::sync::atomic::AtomicU8);
    impl crate::random::Random for Poor {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.swap(7, std::sync::atomic::Ordering::Relaxed));
        }
    }
    for curve in BOTH {
        let generated = PrivateKey::generate(curve, &Poor(0.into()));
        assert_eq!(generated.public(), key(curve, 7).public());
    }
}

#[test]
fn sec_68_private_keys_do_not_print() {
    for curve in BOTH {
        let printed = format!("{:?}", key(curve, 0xab));
        assert!(
            printed.contains("PublicKey(z") && !printed.contains("abab") && !printed.contains("171"),
            "{printed}"
        );
    }
    assert_eq!(format!("{:?}", SealKey::new([0xab; 32])), "SealKey(…)");
}

/// RFC 4231 section 4.2, and FIPS 180's `abc`.
#[test]
fn hashes_agree_with_their_standards() {
    let hex = |bytes: [u8; 32]| bytes.map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(
        hex(hmac_sha256(&[0x0b; 20], &[b"Hi ", b"There"])),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    );
    assert_eq!(hex(sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert!(constant_time_eq(b"same", b"same"));
    assert!(!constant_time_eq(b"same", b"sane") && !constant_time_eq(b"same", b"sam"));
}

#[test]
fn a_seal_opens_only_unchanged_in_its_place() {
    let seal = SealKey::new([1; 32]);
    let sealed = seal.seal([2; 12], b"did:plc:a", b"signing key");
    assert_eq!(seal.open(b"did:plc:a", &sealed).as_deref(), Some(b"signing key".as_slice()));
    assert_eq!(seal.open(b"did:plc:b", &sealed), None);
    assert_eq!(SealKey::new([3; 32]).open(b"did:plc:a", &sealed), None);
    assert!(!sealed.windows(7).any(|window| window == b"signing"));
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(seal.open(b"did:plc:a", &changed), None, "byte {at}");
    }
    for length in 0..sealed.len() {
        assert_eq!(seal.open(b"did:plc:a", &sealed[..length]), None);
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in "(did:key:)?z[1-9A-HJ-NP-Za-km-z]{0,60}|\\PC{0,40}", bytes in any::<Vec<u8>>()) {
        let _ = (PublicKey::from_did_key(&text), PublicKey::from_multikey(&text));
        for curve in BOTH {
            let _ = PublicKey::from_sec1(curve, &bytes);
            let _ = key(curve, 5).public().verify(b"message", &bytes);
            let _ = PublicKey::from_multibase_point(curve, &text);
        }
    }
}
