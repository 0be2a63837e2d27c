//! Passkeys (`WebAuthn` level 3), over `webauthn-rs`: what a browser is asked, and whether its answer is right. Nothing of it
//! is kept here: whoever asks carries the state of the ceremony to the answer.
//!
//! Every passkey is discoverable, and always verifies its user: it names its account by itself, and is password and second
//! factor in one. So there is one question for all places, and it tells nothing about any account.

use gatewright_store::factor::FactorId;

use crate::settings::Issuer;

/// What a browser is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// The options of `navigator.credentials`, as JSON.
    pub(crate) options: String,
    /// What the answer is held against.
    pub(crate) state: Vec<u8>,
}

/// Whom a new passkey is for.
#[derive(Debug)]
#[cfg_attr(not(feature = "passkeys"), expect(dead_code, reason = "nobody asks for any"))]
pub(crate) struct NewOwner<'a> {
    /// Its handle: what the device shows.
    pub(crate) handle: &'a str,
    /// What the passkey names the account by: 16 bytes that tell nothing.
    pub(crate) user: [u8; 16],
    /// The keys of those it has: no device is given two.
    pub(crate) has: Vec<Vec<u8>>,
}

/// A passkey that was made.
#[derive(Clone, Debug)]
pub(crate) struct NewPasskey {
    /// Its name.
    pub(crate) id: FactorId,
    /// What it is checked with.
    pub(crate) key: Vec<u8>,
    /// What it counts.
    pub(crate) counter: u64,
}

/// A passkey that was used rightly.
#[derive(Clone, Debug)]
pub(crate) struct UsedPasskey {
    /// What it counts now.
    pub(crate) counter: u64,
    /// What it is checked with from now on, if that changed.
    pub(crate) key: Option<Vec<u8>>,
}

pub(crate) use self::library::{Answer, Passkeys};

#[cfg(feature = "passkeys")]
mod library {
    use gatewright_protocol::crypto::sha256;
    use url::Url;
    use webauthn_rs::prelude::{
        CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
        RegisterPublicKeyCredential, Uuid,
    };
    use webauthn_rs::{Webauthn, WebauthnBuilder};

    use super::{FactorId, Issuer, NewOwner, NewPasskey, Question, UsedPasskey};

    /// What asks for passkeys, and checks the answers.
    #[derive(Debug)]
    pub(crate) struct Passkeys {
        webauthn: Webauthn,
    }

    /// What a browser answered to the question for a passkey; nothing about it is proven.
    pub(crate) struct Answer(PublicKeyCredential);

    impl Answer {
        /// Reads the JSON that our script makes.
        pub(crate) fn read(text: &str) -> Option<Self> {
            serde_json::from_str(text).ok().map(Self)
        }

        /// Which passkey it says it is.
        pub(crate) fn id(&self) -> FactorId {
            name(self.0.get_credential_id())
        }
    }

    impl Passkeys {
        /// Those of a server at this origin. None if its host is no name: passkeys belong to names.
        pub(crate) fn new(issuer: &Issuer, name: &str) -> Option<Self> {
            let origin = Url::parse(issuer.as_str()).ok()?;
            let host = origin.domain()?.to_owned();
            let webauthn = WebauthnBuilder::new(&host, &origin).ok()?.rp_name(name).build().ok()?;
            Some(Self { webauthn })
        }

        /// Asks for a new passkey.
        pub(crate) fn offer(&self, owner: &NewOwner<'_>) -> Option<Question> {
            let has = owner.has.iter().filter_map(|key| read_key(key)).map(|key| key.cred_id().clone());
            let has: Vec<CredentialID> = has.collect();
            let user = Uuid::from_bytes(owner.user);
            let (asked, state) =
                self.webauthn.start_passkey_registration(user, owner.handle, owner.handle, Some(has)).ok()?;
            let mut options = serde_json::to_value(&asked.public_key).ok()?;
            let selection = options.get_mut("authenticatorSelection")?.as_object_mut()?;
            selection.insert("residentKey".to_owned(), "required".into());
            selection.insert("requireResidentKey".to_owned(), true.into());
            question(&options, &state)
        }

        /// The passkey that a browser made, if the answer is right.
        pub(crate) fn accept(&self, answer: &str, state: &[u8]) -> Option<NewPasskey> {
            let answer: RegisterPublicKeyCredential = serde_json::from_str(answer).ok()?;
            let state: PasskeyRegistration = serde_json::from_slice(state).ok()?;
            let passkey = self.webauthn.finish_passkey_registration(&answer, &state).ok()?;
            let key = serde_json::to_vec(&passkey).ok()?;
            // Only the check counts; what it starts from stands in the key.
            Some(NewPasskey { id: name(passkey.cred_id()), key, counter: 0 })
        }

        /// Asks for a passkey, whosever it is.
        pub(crate) fn ask(&self) -> Option<Question> {
            let (asked, state) = self.webauthn.start_discoverable_authentication().ok()?;
            question(&asked.public_key, &state)
        }

        /// Whether an answer was made by this key, here, for this question.
        pub(crate) fn check(&self, answer: &Answer, state: &[u8], key: &[u8]) -> Option<UsedPasskey> {
            let state: DiscoverableAuthentication = serde_json::from_slice(state).ok()?;
            let mut passkey = read_key(key)?;
            let checked = self.webauthn.finish_discoverable_authentication_v2(&answer.0, state, &passkey);
            let result = checked.ok()?;
            let has_changed = result.user_verified() && passkey.update_credential(&result)?;
            let key = if has_changed { Some(serde_json::to_vec(&passkey).ok()?) } else { None };
            result.user_verified().then(|| UsedPasskey { counter: result.counter().into(), key })
        }
    }

    fn question(options: &impl serde::Serialize, state: &impl serde::Serialize) -> Option<Question> {
        Some(Question {
            options: serde_json::to_string(options).ok()?,
            state: serde_json::to_vec(state).ok()?,
        })
    }

    fn read_key(key: &[u8]) -> Option<Passkey> {
        serde_json::from_slice(key).ok()
    }

    /// Credential ids are as long as their makers like.
    fn name(credential: &[u8]) -> FactorId {
        let digest = sha256(&[b"passkey ", credential].concat());
        FactorId(*digest.first_chunk().unwrap_or(&[0; 16]))
    }
}

#[cfg(not(feature = "passkeys"))]
mod library {
    use super::{FactorId, Issuer, NewOwner, NewPasskey, Question, UsedPasskey};

    /// Built without passkeys: there is none of these.
    #[derive(Debug)]
    pub(crate) enum Passkeys {}

    /// Built without passkeys: there is none of these.
    pub(crate) enum Answer {}

    impl Answer {
        pub(crate) fn read(_: &str) -> Option<Self> {
            None
        }

        pub(crate) fn id(&self) -> FactorId {
            match *self {}
        }
    }

    impl Passkeys {
        pub(crate) fn new(_: &Issuer, _: &str) -> Option<Self> {
            None
        }

        pub(crate) fn offer(&self, _: &NewOwner<'_>) -> Option<Question> {
            match *self {}
        }

        pub(crate) fn accept(&self, _: &str, _: &[u8]) -> Option<NewPasskey> {
            match *self {}
        }

        pub(crate) fn ask(&self) -> Option<Question> {
            match *self {}
        }

        pub(crate) fn check(&self, _: &Answer, _: &[u8], _: &[u8]) -> Option<UsedPasskey> {
            match *self {}
        }
    }
}
