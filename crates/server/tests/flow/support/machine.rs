//! Answers to programs.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.text))
    }

    /// The value of the only header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next()?;
        assert!(values.next().is_none(), "`{name}` stands twice");
        Some(first.to_str().unwrap())
    }

    /// The `error` of a refusal.
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// It is a refusal with this status and code.
    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, error: &str) {
        assert_eq!((self.status.as_u16(), self.error().as_str()), (status, error), "{}", self.text);
        assert!(self.json()["error_description"].is_string(), "{}", self.text);
    }

    #[track_caller]
    pub(crate) fn assert_ok(&self) {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
    }
}

pub(crate) async fn call(router: &Router, request: Request<Body>) -> Reply {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Reply { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

/// Sends requests at the same time, each from a thread of its own.
pub(crate) fn at_once<F: Future<Output = Reply>>(count: usize, send: impl Fn() -> F + Sync) -> Vec<Reply> {
    let barrier = std::sync::Barrier::new(count);
    let one = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        barrier.wait();
        runtime.block_on(send())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
