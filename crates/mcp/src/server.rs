//! The MCP server: one for all transports.

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ErrorData, GetPromptRequestParams, GetPromptResponse,
    GetPromptResult, Implementation, InitializeResult, ListPromptsResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, Prompt, PromptMessage, ReadResourceRequestParams,
    ReadResourceResponse, ReadResourceResult, Resource, ResourceContents, Role, ServerCapabilities,
    ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};

use crate::credentials::Call;
use crate::{Tools, prompts, tools};

/// The resource that says who calls, under both of its names.
const ME: [&str; 2] = ["gatewright://me", "pdsx://me"];

/// The MCP server over these tools. It keeps nothing of any caller.
#[derive(Clone, Debug)]
pub struct McpServer {
    tools: Tools,
}

impl McpServer {
    /// A server with these tools.
    pub const fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities =
            ServerCapabilities::builder().enable_tools().enable_resources().enable_prompts().build();
        let mut info = InitializeResult::new(capabilities).with_instructions(
            "Reads and writes records of the AT Protocol. Reading needs no credentials; writing acts for whoever calls. \
             The prompt usage_guide has more.",
        );
        info.server_info = Implementation::new("gatewright", env!("CARGO_PKG_VERSION"));
        info
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::list()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let call = Call::of(&self.tools, &context);
        Ok(tools::run(&request.name, request.arguments.unwrap_or_default(), call).await.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resource = |uri| Resource::new(uri, "me").with_description("Who calls: handle and DID");
        Ok(ListResourcesResult::with_all_items(ME.into_iter().map(resource).collect()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if !ME.contains(&request.uri.as_str()) {
            return Err(ErrorData::resource_not_found("there are gatewright://me and pdsx://me", None));
        }
        let call = Call::of(&self.tools, &context);
        let text = me(&call).await;
        let contents = ResourceContents::text(text, request.uri).with_mime_type("text/plain");
        Ok(ReadResourceResult::new(vec![contents]).into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompt = |name: &str, what: &str| Prompt::new(name, Some(what), None);
        Ok(ListPromptsResult::with_all_items(vec![
            prompt("usage_guide", "How to use these tools"),
            prompt("create_post_guide", "How to write a post, with links, mentions and pictures"),
        ]))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let text = match request.name.as_str() {
            "usage_guide" => prompts::USAGE,
            "create_post_guide" => prompts::POSTS,
            _ => return Err(ErrorData::invalid_params("there are usage_guide and create_post_guide", None)),
        };
        Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]).into())
    }
}

/// Never an error: a model reads this first.
async fn me(call: &Call<'_>) -> String {
    match call.caller().await {
        Ok(Some(session)) => match session.handle() {
            Some(handle) => format!("authenticated as {handle} ({})", session.account()),
            None => format!("authenticated as {}", session.account()),
        },
        Ok(None) => "not authenticated - set x-atproto-handle and x-atproto-password headers".to_owned(),
        Err(error) => format!("not authenticated: {error}"),
    }
}
