//! The physical limits, measured in the same run on the same processor: one P-256 verification, one password hash,
//! one bare HTTP answer.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use gatewright_protocol::secret::Password;
use gatewright_server::passwords::Passwords;

/// Microseconds of one P-256 verification: median of five rounds.
pub(crate) fn verification() -> f64 {
    let random = SystemRandom::new();
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key can be made");
    let key =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).expect("the key is good");
    let message = [7_u8; 420];
    let signature = key.sign(&random, &message).expect("it signs");
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref().to_vec());
    median(2_000, || {
        for _ in 0..2_000 {
            public.verify(&message, signature.as_ref()).expect("it verifies");
        }
    })
}

/// Microseconds of one password hash as the server makes it: median of five rounds.
pub(crate) fn password(runtime: &tokio::runtime::Runtime) -> f64 {
    let passwords = Passwords::new(Arc::new(gatewright_resolve::system::SystemRandom));
    median(10, || {
        for _ in 0..10 {
            let password = Password::parse("correct horse battery staple").expect("it is short");
            runtime.block_on(passwords.hash(password)).expect("it hashes");
        }
    })
}

/// Microseconds of CPU of one step, the median of five rounds of `count`. CPU and not time, for others may run.
pub(crate) fn median(count: u32, mut round: impl FnMut()) -> f64 {
    let mut rounds: Vec<f64> = (0..5)
        .map(|_| {
            let before = own_cpu();
            round();
            (own_cpu() - before) * 1e6 / f64::from(count)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[2]
}

/// Seconds of CPU of all threads of this process that live (`schedstat`, in nanoseconds).
fn own_cpu() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok());
    spent.filter_map(|line| line.split(' ').next()?.parse::<f64>().ok()).sum::<f64>() / 1e9
}

/// Answers every request with a few bytes from the same HTTP library, until it is killed: what HTTP alone costs.
pub(crate) async fn bare() -> anyhow::Result<()> {
    let router = axum::Router::new().route("/", axum::routing::get(|| async { "ok" }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{{\"url\":\"http://{}\"}}", listener.local_addr()?);
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    gatewright::listen::serve(listener, router, 10_000, stopped).await;
    Ok(())
}
