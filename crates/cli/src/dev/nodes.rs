//! Several nodes over one database, asked in turn: what one of them remembers must never be missed by the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use tower::ServiceExt as _;

/// Routes that hand each request to the next node.
pub(super) fn in_turn(nodes: Vec<Router>) -> Router {
    let (nodes, turn) = (Arc::new(nodes), Arc::new(AtomicUsize::new(0)));
    Router::new().fallback(move |request: Request| {
        let at = turn.fetch_add(1, Ordering::Relaxed) % nodes.len().max(1);
        let node = nodes.get(at).cloned().unwrap_or_default();
        node.oneshot(request)
    })
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::get;

    use super::*;

    #[tokio::test]
    async fn each_node_has_its_turn() {
        let node = |name: &'static str| Router::new().route("/", get(move || async move { name }));
        let nodes = in_turn(vec![node("first"), node("second")]);
        for name in ["first", "second", "first"] {
            let request = Request::get("/").body(Body::empty()).expect("a request");
            let answer = nodes.clone().oneshot(request).await.expect("it is answered");
            assert_eq!(to_bytes(answer.into_body(), 10).await.expect("it is short"), name);
        }
    }
}
