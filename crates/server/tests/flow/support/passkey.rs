//! A device that keeps one passkey, as `WebAuthn` level 3 describes it, and lies where a test wants it to.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::jose::{base64url_decode, base64url_encode};
use serde_json::{Value, json};

use super::ISSUER;
use super::machine::Reply;

pub(crate) struct Device {
    key: EcdsaKeyPair,
    id: [u8; 16],
    user: Vec<u8>,
    /// How often it was used; some never count.
    pub(crate) counter: u32,
    /// Where it believes to be.
    pub(crate) origin: String,
    /// Whether it asks for a finger before it signs.
    pub(crate) verifies: bool,
}

const UP: u8 = 1;
const UV: u8 = 4;
const ATTESTED: u8 = 64;

impl Device {
    /// Makes a passkey as the page asks for it, and what the page is told.
    pub(crate) fn make(page: &Reply, id: u8) -> (Self, String) {
        let options = options(page);
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        let device = Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: [id; 16],
            user: base64url_decode(options["user"]["id"].as_str().unwrap()).unwrap(),
            counter: 0,
            origin: ISSUER.to_owned(),
            verifies: true,
        };
        let client_data = device.client_data("webauthn.create", &options);
        let mut data = device.data(&options["rp"]["id"], ATTESTED);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(device.id);
        let point = &device.key.public_key().as_ref()[1..];
        // {1: 2, 3: -7, -1: 1, -2: x, -3: y} (RFC 9053 section 7.1.1)
        data.extend([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend(&point[..32]);
        data.extend([0x22, 0x58, 32]);
        data.extend(&point[32..]);
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(data);
        let response = json!({
            "attestationObject": base64url_encode(&attestation),
            "clientDataJSON": base64url_encode(&client_data),
        });
        let answer = device.answer_with(&response);
        (device, answer)
    }

    /// What the page is told that asks for a passkey.
    pub(crate) fn answer(&mut self, page: &Reply) -> String {
        let options = options(page);
        assert_eq!(options["allowCredentials"], json!([]), "a question tells of no account");
        let client_data = self.client_data("webauthn.get", &options);
        if self.counter > 0 {
            self.counter += 1;
        }
        let data = self.data(&options["rpId"], 0);
        let signed = [data.as_slice(), &sha256(&client_data)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        self.answer_with(&json!({
            "authenticatorData": base64url_encode(&data),
            "clientDataJSON": base64url_encode(&client_data),
            "signature": base64url_encode(signature.as_ref()),
            "userHandle": base64url_encode(&self.user),
        }))
    }

    fn answer_with(&self, response: &Value) -> String {
        let id = base64url_encode(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "extensions": {} })
            .to_string()
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false });
        data.to_string().into_bytes()
    }

    fn data(&self, host: &Value, flags: u8) -> Vec<u8> {
        let mut data = sha256(host.as_str().unwrap().as_bytes()).to_vec();
        data.push(UP | flags | if self.verifies { UV } else { 0 });
        data.extend(self.counter.to_be_bytes());
        data
    }
}

/// What the script of the page hands to the browser.
fn options(page: &Reply) -> Value {
    let text = page.text.split(" data-options=\"").nth(1).unwrap_or_else(|| panic!("{}", page.text));
    let text = text.split('"').next().unwrap().replace("&#34;", "\"").replace("&quot;", "\"");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
