//! `/metrics`: what is counted, in the text format of Prometheus. Nothing of it names a person.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use metrics::{
    SharedString, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::process;

const REQUESTS: &str = "gatewright_http_requests_total";
const SECONDS: &str = "gatewright_http_request_seconds";
const OPEN: &str = "gatewright_http_connections";

/// Upper ends of the durations that are told apart, in seconds.
const BUCKETS: &[f64] = &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How long durations wait to be put together.
const UPKEEP: Duration = Duration::from_secs(5);

/// Where the counts of this process are. Made once: they are the process's, whatever runs in it.
fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(SECONDS.to_owned()), BUCKETS)
            .expect("there are buckets");
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder of metrics was there first; /metrics shows nothing");
        }
        describe();
        handle
    })
}

fn describe() {
    describe_counter!(REQUESTS, "Answers, by route, method and status.");
    describe_histogram!(SECONDS, "Seconds from a request's head to its answer's, by route.");
    describe_gauge!(OPEN, "Connections that are open.");
    describe_counter!(
        "gatewright_refused_total",
        "Refusals, by who refused (oauth, guard) and the error's name."
    );
    describe_counter!(
        "gatewright_sessions_begun_total",
        "Sessions that began, by kind (oauth, password, app-password)."
    );
    describe_counter!("gatewright_sessions_refreshed_total", "Sessions that were renewed, by kind.");
    describe_counter!("gatewright_passwords_total", "Passwords that were tried, by outcome (right, wrong).");
    describe_gauge!("process_resident_memory_bytes", "Memory of the process that is not swapped out.");
    describe_gauge!("process_cpu_seconds", "CPU time of the process so far.");
    describe_gauge!("process_open_fds", "File descriptors that are open.");
    describe_gauge!("gatewright_info", "1, with the version.");
}

/// Counts what these routes answer.
pub(crate) fn counted(routes: Router) -> Router {
    recorder();
    routes.layer(middleware::from_fn(count))
}

/// The route of `/metrics` itself. Others are merged into it, for of two routers the merged one's answer to paths that
/// are no route holds.
pub(crate) fn router() -> Router {
    Router::new().route("/metrics", get(render))
}

/// One connection, counted as long as this lives.
pub(crate) struct Connection(());

impl Connection {
    pub(crate) fn open() -> Self {
        gauge!(OPEN).increment(1);
        Self(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        gauge!(OPEN).decrement(1);
    }
}

/// Puts the durations together now and then: they are kept one by one until then.
pub(crate) async fn upkeep() {
    loop {
        tokio::time::sleep(UPKEEP).await;
        recorder().run_upkeep();
    }
}

async fn count(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = word(request.method());
    // Paths that are no route are one: strangers shall not fill the memory with names.
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| "none".into(), |path| SharedString::from(path.as_str().to_owned()));
    let response = next.run(request).await;
    histogram!(SECONDS, "route" => route.clone()).record(began.elapsed());
    counter!(REQUESTS, "route" => route, "method" => method, "status" => status(response.status()))
        .increment(1);
    response
}

/// A method that has a word of its own here.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::DELETE => "DELETE",
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::POST => "POST",
        Method::PUT => "PUT",
        _ => "other",
    }
}

fn status(status: StatusCode) -> SharedString {
    match status.as_u16() {
        200 => "200".into(),
        201 => "201".into(),
        303 => "303".into(),
        400 => "400".into(),
        401 => "401".into(),
        other => other.to_string().into(),
    }
}

async fn render() -> Response {
    let recorder = recorder();
    recorder.run_upkeep();
    gauge!("gatewright_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    process::usage().record();
    let mut response = Response::new(Body::from(recorder.render()));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
