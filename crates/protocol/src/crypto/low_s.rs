//! The low-S rule: of the two signatures `(r, s)` and `(r, n − s)` the protocol takes only the one with the smaller
//! `s`, so that nobody can make a second valid signature out of a first.

use super::Curve;

/// A signature as two numbers of 32 bytes, big endian.
pub(super) type Compact = [u8; 64];

/// Is `s` at most half the order?
pub(super) fn is_low(curve: Curve, signature: &Compact) -> bool {
    let (_, s) = signature.split_at(32);
    s <= half_order(curve).as_slice()
}

/// The same signature with the smaller `s`.
pub(super) fn normalize(curve: Curve, mut signature: Compact) -> Compact {
    if !is_low(curve, &signature) {
        negate(curve, &mut signature);
    }
    signature
}

/// `s` becomes `n − s`.
fn negate(curve: Curve, signature: &mut Compact) {
    let (_, s) = signature.split_at_mut(32);
    let mut borrow = false;
    for (digit, order) in s.iter_mut().rev().zip(order(curve).iter().rev()) {
        let (difference, under) = order.overflowing_sub(*digit);
        let (difference, under_again) = difference.overflowing_sub(u8::from(borrow));
        *digit = difference;
        borrow = under || under_again;
    }
}

fn order(curve: Curve) -> &'static [u8; 32] {
    match curve {
        Curve::K256 => &K256_ORDER,
        Curve::P256 => &P256_ORDER,
    }
}

fn half_order(curve: Curve) -> &'static [u8; 32] {
    match curve {
        Curve::K256 => &K256_HALF,
        Curve::P256 => &P256_HALF,
    }
}

const K256_ORDER: [u8; 32] =
    bytes(0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe, 0xbaae_dce6_af48_a03b_bfd2_5e8c_d036_4141);
const K256_HALF: [u8; 32] =
    bytes(0x7fff_ffff_ffff_ffff_ffff_ffff_ffff_ffff, 0x5d57_6e73_57a4_501d_dfe9_2f46_681b_20a0);
const P256_ORDER: [u8; 32] =
    bytes(0xffff_ffff_0000_0000_ffff_ffff_ffff_ffff, 0xbce6_faad_a717_9e84_f3b9_cac2_fc63_2551);
const P256_HALF: [u8; 32] =
    bytes(0x7fff_ffff_8000_0000_7fff_ffff_ffff_ffff, 0xde73_7d56_d38b_cf42_79dc_e561_7e31_92a8);

#[expect(
    clippy::indexing_slicing,
    reason = "runs when compiling, where iterators cannot; a slip does not compile"
)]
const fn bytes(high: u128, low: u128) -> [u8; 32] {
    let (high, low) = (high.to_be_bytes(), low.to_be_bytes());
    let mut all = [0; 32];
    let mut at = 0;
    while at < 16 {
        all[at] = high[at];
        all[at + 16] = low[at];
        at += 1;
    }
    all
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The other signature of the two.
    pub(crate) fn flipped(curve: Curve, mut signature: Compact) -> Compact {
        negate(curve, &mut signature);
        signature
    }

    #[test]
    fn half_the_order_is_low_and_one_more_is_high() {
        for curve in [Curve::K256, Curve::P256] {
            let mut signature = [0; 64];
            signature[32..].copy_from_slice(half_order(curve));
            assert!(is_low(curve, &signature));
            // The orders are odd: n − ⌊n/2⌋ is one more than ⌊n/2⌋.
            let above = flipped(curve, signature);
            assert!(!is_low(curve, &above));
            assert_eq!(above[63], signature[63] + 1);
            assert_eq!(above[..63], signature[..63]);
        }
    }
}
