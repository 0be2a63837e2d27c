//! A network for a test.

use anyhow::Result;
use gatewright_testkit::app::{App, Person};
use gatewright_testkit::network::TestNetwork;

/// What the demo app asks for.
pub(crate) const NOTES: &str = "atproto repo:com.example.note?action=create blob:image/*";

/// A network, and its two people.
pub(crate) async fn network() -> Result<(TestNetwork, Person, Person)> {
    let network = TestNetwork::start().await?;
    let people = network.people();
    let [alice, bob] = <[Person; 2]>::try_from(people).expect("a network starts with two accounts");
    Ok((network, alice, bob))
}

/// An app in which alice is signed in with this scope.
pub(crate) async fn signed_in(network: &TestNetwork, person: &Person, scope: &str) -> Result<App> {
    let mut app = App::loopback(network.url(), scope)?;
    app.sign_in(person).await?;
    Ok(app)
}
