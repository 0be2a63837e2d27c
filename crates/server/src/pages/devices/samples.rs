//! Pages of devices worth looking at.

use gatewright_protocol::legacy::LegacySessionId;
use gatewright_protocol::secret::DeviceSecretHash;
use gatewright_protocol::time::UnixTime;
use gatewright_store::device::{Device, DeviceId};
use gatewright_store::legacy_session::{LegacyAccess, LegacySession};

use super::*;
use crate::pages::{Hidden, Sampled};

impl<'a> Sampled<'a> for DevicesPage<'a> {
    fn samples(shell: Shell<'a>) -> Vec<(&'static str, Self)> {
        let page = |devices: &[OwnDevice], sessions: &[OwnSession], done| {
            let own = OwnDevices { devices: devices.to_vec(), sessions: sessions.to_vec() };
            let account = AccountName::sample("alice.test");
            Self::new(shell, Hidden::sample().csrf, account, &own, done)
        };
        let this = device("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", true);
        let others = [
            this.clone(),
            device("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/18.6 Safari/604.1", false),
            OwnDevice { is_remembered: false, ..device("Firefox/140.0", false) },
            device("something on Android", false),
            device("<script>1</script>", false),
        ];
        let sessions = [session(Some("\"><b>alice")), session(None)];
        vec![
            ("this", page(&[this], &[], Some(DeviceDone::SignedOutOthers))),
            ("others", page(&others, &sessions, None)),
            ("signed_out", page(&others[..2], &[], Some(DeviceDone::SignedOut))),
            ("ended", page(&others[..1], &sessions[1..], Some(DeviceDone::Ended))),
        ]
    }
}

fn device(user_agent: &str, is_this: bool) -> OwnDevice {
    let at = UnixTime::from_seconds(1_785_500_000);
    let device = Device {
        id: DeviceId("id".to_owned()),
        secret: DeviceSecretHash([1; 32]),
        previous_secret: None,
        rotated_at: at,
        fingerprint: [2; 32],
        user_agent: Some(user_agent.to_owned()),
        place: is_this.then(|| "192.0.2.0/24".to_owned()),
        created_at: UnixTime::from_seconds(1_784_000_000),
        seen_at: at,
    };
    let name = "ZGV2aWNlLW5hbWU".to_owned();
    let signed_in_at = UnixTime::from_seconds(1_785_400_000);
    OwnDevice { name, device, signed_in_at, is_remembered: true, is_this }
}

fn session(app_password: Option<&str>) -> OwnSession {
    let session = LegacySession {
        id: LegacySessionId([7; 16]),
        account: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap(),
        access: LegacyAccess::Full,
        created_at: UnixTime::from_seconds(1_784_000_000),
        refreshed_at: UnixTime::from_seconds(1_785_500_000),
        ends_at: UnixTime::from_seconds(1_790_000_000),
    };
    OwnSession { session, app_password: app_password.map(str::to_owned) }
}
