//! The tools: their names, arguments and what they need, and the way to each.

mod identity;
mod query;
mod records;
mod scopes;
mod session;
mod table;
mod trim;

use gatewright_client::CallError;
use gatewright_client::per_request::Refused;
use http::StatusCode;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::credentials::Call;

pub(crate) use table::{list, needs};

/// Longer answers than this are refused whole, so that no page is silently cut.
pub(crate) const MOST_CHARACTERS: usize = 30_000;

/// Why a tool did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    /// Nobody in particular asks, and what is asked for needs an account.
    #[error("{doing} requires authentication.\n\n{}", help(*.over_http))]
    Anonymous { doing: &'static str, over_http: bool },
    /// The arguments are not those of the tool.
    #[error("the arguments are not understood: {0}")]
    Arguments(String),
    /// The host of the account refused, or could not be reached.
    #[error("{}", said(.0))]
    Call(#[from] CallError),
    /// The credentials of the call are not taken.
    #[error("{0}")]
    Credentials(#[from] Refused),
    /// A host refused a question.
    #[error("the host refused with status {status}: {text}")]
    Refused { status: StatusCode, text: String },
    /// There is no such tool.
    #[error("there is no tool `{0}`")]
    Unknown(String),
    /// In words.
    #[error("{0}")]
    Said(String),
}

/// With the scope that is missing, and how to get it.
fn said(error: &CallError) -> String {
    match error {
        CallError::ScopeMissing { scope: Some(scope) } => format!(
            "{error}. Sign in again and ask for it: the scope is `{scope}`, and `explain_scope` says what it means"
        ),
        CallError::PasswordRefused => {
            "the host does not take this handle and app password. Make a new app password on the pages of your account".to_owned()
        }
        other => other.to_string(),
    }
}

/// What to send, and where to write it. No secret is repeated.
fn help(over_http: bool) -> String {
    if over_http {
        "Send with each request either of these:\n\
         - the headers `x-atproto-handle` and `x-atproto-password`, an app password (never the account's own);\n\
         - `Authorization: Bearer` with a token of this server, which a client gets by OAuth at the `/mcp/account` address of it.\n\n\
         In a client that reads `mcpServers`:\n\
         {\"type\": \"http\", \"url\": \"THIS ADDRESS\", \"headers\": {\"x-atproto-handle\": \"you.example.com\", \"x-atproto-password\": \"xxxx-xxxx-xxxx-xxxx\"}}\n\
         In Claude Code:\n\
         claude mcp add --transport http gatewright THIS-ADDRESS --header \"x-atproto-handle: you.example.com\" --header \"x-atproto-password: xxxx-xxxx-xxxx-xxxx\"\n\n\
         Make the app password on the pages of your account, and give it no more than it needs. Never paste it into a conversation."
            .to_owned()
    } else {
        "Start the program with ATPROTO_HANDLE and ATPROTO_PASSWORD, an app password (never the account's own).\n\n\
         In a client that reads `mcpServers`:\n\
         {\"command\": \"gatewright\", \"args\": [\"mcp\"], \"env\": {\"ATPROTO_HANDLE\": \"you.example.com\", \"ATPROTO_PASSWORD\": \"xxxx-xxxx-xxxx-xxxx\"}}\n\
         In Claude Code:\n\
         claude mcp add gatewright -e ATPROTO_HANDLE=you.example.com -e ATPROTO_PASSWORD=xxxx-xxxx-xxxx-xxxx -- gatewright mcp\n\n\
         Make the app password on the pages of your account. Never paste it into a conversation."
            .to_owned()
    }
}

/// Runs a tool.
pub(crate) async fn run(name: &str, arguments: JsonObject, call: Call<'_>) -> CallToolResult {
    let arguments = Value::Object(arguments);
    let outcome = match name {
        "list_records" => records::list(&call, read(arguments)).await,
        "get_record" => records::get(&call, read(arguments)).await,
        "create_record" => records::create(&call, read(arguments)).await,
        "update_record" => records::update(&call, read(arguments)).await,
        "delete_record" => records::delete(&call, read(arguments)).await,
        "upload_blob" => records::upload(&call, read(arguments)).await,
        "describe_repo" => identity::describe(&call, read(arguments)).await,
        "identity_history" => identity::history(&call, read(arguments)).await,
        "query" => query::query(&call, read(arguments)).await,
        "whoami" => session::whoami(&call).await,
        "my_grants" => session::grants(&call).await,
        "explain_scope" => scopes::explain(read(arguments)),
        other => Err(ToolError::Unknown(other.chars().take(100).collect())),
    };
    match outcome {
        Ok(value) => {
            let mut result = CallToolResult::success(vec![ContentBlock::text(value.to_string())]);
            // What is not an object is wrapped, as the specification of structured content has it.
            result.structured_content =
                Some(if value.is_object() { value } else { json!({ "result": value }) });
            result
        }
        Err(error) => CallToolResult::error(vec![ContentBlock::text(error.to_string())]),
    }
}

/// The arguments of a tool, read before anything happens.
type Read<T> = Result<T, ToolError>;

fn read<T: DeserializeOwned>(arguments: Value) -> Read<T> {
    serde_json::from_value(arguments).map_err(|error| ToolError::Arguments(error.to_string()))
}

/// The answer, if it is not too long for a model.
fn bounded(value: Value, retry_cursor: Option<&str>) -> Value {
    if value.to_string().chars().count() <= MOST_CHARACTERS {
        return value;
    }
    json!({
        "error": "response_too_large",
        "message": "The answer is longer than 30,000 characters, and nothing of it is shown. Ask for the same page again with a lower limit or a narrower select.",
        "retry_cursor": retry_cursor,
    })
}
