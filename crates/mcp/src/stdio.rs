//! The server on standard input and output: started by the client of one person.

use rmcp::ServiceExt as _;

use crate::{McpServer, Tools};

/// Serves until the client goes away.
///
/// # Errors
/// The client does not speak the protocol, or the server failed.
pub async fn serve(tools: Tools) -> Result<(), StdioError> {
    let running = McpServer::new(tools)
        .serve(rmcp::transport::stdio())
        .await
        .map_err(|error| StdioError(error.to_string()))?;
    running.waiting().await.map_err(|error| StdioError(error.to_string()))?;
    Ok(())
}

/// The conversation on standard input and output failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the conversation on standard input and output failed: {0}")]
pub struct StdioError(String);
