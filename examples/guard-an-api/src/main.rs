//! Serves the API on <http://localhost:2591>, for tokens of the example `embed-in-axum`.

use std::sync::Arc;

use gatewright_resolve::system::SystemClock;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let service = "did:web:localhost%3A2591".parse()?;
    let app =
        guard_an_api::app("http://localhost:2591", service, "http://localhost:2590", Arc::new(SystemClock))?;
    axum::serve(TcpListener::bind("127.0.0.1:2591").await?, app).await?;
    Ok(())
}
