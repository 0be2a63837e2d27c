//! Serves the village on <http://localhost:2590>.

use std::net::SocketAddr;

use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let app = embed_in_axum::app("http://localhost:2590").await?;
    let listener = TcpListener::bind("127.0.0.1:2590").await?;
    // With the address of the other end: limits count by it.
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}
