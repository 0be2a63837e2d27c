//! Nonces for proofs: the same for every client, a new one each minute, known without being stored (DP-5, DP-6).

use std::fmt;
use std::sync::RwLock;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use crate::crypto::{constant_time_eq, hmac_sha256};
use crate::time::UnixTime;

/// How long one nonce is the current one.
pub const SLOT: Duration = Duration::from_mins(1);

/// The nonces of a server, or of several that share the secret.
///
/// Time is cut into slots, and a slot's nonce is an HMAC of its number. The nonce handed out is that of the next
/// slot; it is taken while that is the next, the current or the previous one, so for at least two slots and less
/// than three. Handed out again and again, the same for everybody: clients without memory need no more than one
/// extra round trip, and servers need no memory for it at all.
pub struct Nonces {
    secret: Zeroizing<[u8; 32]>,
    slot: Duration,
    /// The nonces around now, so that a request costs no HMAC. Changes once a slot.
    window: RwLock<Window>,
}

/// One nonce: 43 base64url characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce([u8; 43]);

/// What is taken at a point in time.
#[derive(Clone, Copy)]
struct Window {
    counter: u64,
    previous: Nonce,
    current: Nonce,
    next: Nonce,
}

impl Nonces {
    /// Nonces from a secret of 32 bytes, in slots of a minute.
    pub fn new(secret: [u8; 32]) -> Self {
        Self::with_slot(secret, SLOT)
    }

    /// Nonces in slots of another length. Three slots are to be no longer than five minutes (DP-6).
    pub fn with_slot(secret: [u8; 32], slot: Duration) -> Self {
        let secret = Zeroizing::new(secret);
        let window = RwLock::new(Window::at(&secret, 0));
        Self { secret, slot: slot.max(Duration::from_millis(1)), window }
    }

    /// Whether a proof made now may carry this nonce.
    pub fn accepts(&self, nonce: &str, now: UnixTime) -> bool {
        let Window { previous, current, next, .. } = self.window(now);
        // Most proofs carry what was handed out last. Which of the three fits is no secret.
        [next, current, previous].iter().any(|known| constant_time_eq(&known.0, nonce.as_bytes()))
    }

    /// The nonce to hand out. Differs from every nonce that is refused now, so that a client always sees a change
    /// when it is to try again (DP-5).
    pub fn next(&self, now: UnixTime) -> Nonce {
        self.window(now).next
    }

    /// The longest that a nonce is taken after it was handed out: how long the memory of proofs must be at least.
    pub fn longest_life(&self) -> Duration {
        self.slot * 3
    }

    fn window(&self, now: UnixTime) -> Window {
        let counter = self.counter(now);
        let known = *self.window.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.counter == counter {
            return known;
        }
        let window = Window::at(&self.secret, counter);
        *self.window.write().unwrap_or_else(std::sync::PoisonError::into_inner) = window;
        window
    }

    fn counter(&self, now: UnixTime) -> u64 {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        let slot = u64::try_from(self.slot.as_millis()).unwrap_or(u64::MAX);
        millis / slot.max(1)
    }
}

impl Window {
    fn at(secret: &[u8; 32], counter: u64) -> Self {
        let nonce = |counter: u64| Nonce::of(&hmac_sha256(secret, &[&counter.to_be_bytes()]));
        Self {
            counter,
            previous: nonce(counter.wrapping_sub(1)),
            current: nonce(counter),
            next: nonce(counter.wrapping_add(1)),
        }
    }
}

impl Nonce {
    fn of(bytes: &[u8; 32]) -> Self {
        let mut text = [0; 43];
        // 32 bytes are always 43 characters.
        let _ = Base64UrlUnpadded::encode(bytes, &mut text);
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({self})")
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").field("slot", &self.slot).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_750_000_000);

    fn after(seconds: u64) -> UnixTime {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_nonce_lives_for_two_to_three_slots() {
        let nonces = Nonces::new([0xaa; 32]);
        // 1_750_000_000 is 40 s into its slot.
        let issued = nonces.next(NOW);
        for (seconds, taken) in
            [(0, true), (19, true), (20, true), (80, true), (139, true), (140, false), (500, false)]
        {
            assert_eq!(nonces.accepts(issued.as_str(), after(seconds)), taken, "{seconds} s later");
        }
        assert_eq!(nonces.longest_life(), Duration::from_mins(3));
    }

    #[test]
    fn sec_35_old_and_forged_nonces_are_refused() {
        let nonces = Nonces::new([0xaa; 32]);
        let old = nonces.next(NOW);
        assert!(!nonces.accepts(old.as_str(), after(181)));
        let forged = Nonces::new([0xab; 32]).next(NOW);
        for text in [forged.as_str(), "", "x", &old.as_str()[..42], &format!("{old}A")] {
            assert!(!nonces.accepts(text, NOW), "{text}");
        }
    }

    #[test]
    fn what_is_handed_out_differs_from_what_is_refused() {
        let nonces = Nonces::new([1; 32]);
        let mut earlier = Vec::new();
        for minute in 0..10 {
            let now = after(minute * 60);
            let next = nonces.next(now);
            assert!(nonces.accepts(next.as_str(), now));
            for nonce in &earlier {
                assert!(nonces.accepts(Nonce::as_str(nonce), now) || *nonce != next);
            }
            earlier.push(next);
        }
    }

    #[test]
    fn the_clock_may_jump_back() {
        let nonces = Nonces::new([1; 32]);
        let first = nonces.next(NOW);
        assert_ne!(nonces.next(after(60 * 60)), first);
        assert_eq!(nonces.next(NOW), first);
        assert!(nonces.accepts(nonces.next(UnixTime::from_millis(-1)).as_str(), UnixTime::from_seconds(0)));
    }

    #[test]
    fn servers_that_share_the_secret_agree() {
        // As the reference implementation computes it.
        let nonces = Nonces::new([0xaa; 32]);
        assert_eq!(
            nonces.next(UnixTime::from_millis(59_999)).as_str(),
            "8Ipa8JoHoZ1HcqH0GsksTT76Om-k8oKm2Uy2Vrj0Oqw"
        );
    }

    #[test]
    fn the_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Nonces::new([7; 32])), "Nonces { slot: 60s, .. }");
    }
}
