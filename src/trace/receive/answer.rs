//! What every request has to pass before it is read, and how it is turned away.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use prost::bytes::BufMut;
use prost::encoding::{bytes, int32, int64, string};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tonic::{Code, Status};

use super::Shared;

/// Seconds after which a sender that was turned away should come back.
const RETRY_SECONDS: u8 = 1;

#[derive(Clone)]
struct Gate {
    shared: Arc<Shared>,
    requests: Arc<Semaphore>,
}

/// The routes, with so many requests at a time, each for so long.
pub(super) fn limited(routes: Router<Arc<Shared>>, shared: &Arc<Shared>) -> Router {
    let requests = Arc::new(Semaphore::new(shared.settings.max_requests));
    let gate = Gate { shared: Arc::clone(shared), requests };
    routes.layer(from_fn_with_state(gate, pass)).with_state(Arc::clone(shared))
}

async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let is_grpc = is_grpc(request.headers());
    let Ok(_room) = gate.requests.try_acquire() else {
        gate.shared.count(|report| report.turned_away += 1);
        return if is_grpc { grpc_response(come_back_later()) } else { http_come_back_later() };
    };
    match timeout(gate.shared.settings.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            gate.shared.count(|report| report.refused += 1);
            if is_grpc {
                grpc_response(Status::deadline_exceeded("the request took too long to arrive"))
            } else {
                http_refusal(StatusCode::REQUEST_TIMEOUT, "the request took too long to arrive")
            }
        }
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let of_grpc = |value: &HeaderValue| value.as_bytes().starts_with(b"application/grpc");
    headers.get(CONTENT_TYPE).is_some_and(of_grpc)
}

fn grpc_response(status: Status) -> Response {
    status.into_http::<tonic::body::Body>().map(Body::new)
}

/// The refusal that makes a sender of gRPC come back.
pub(super) fn come_back_later() -> Status {
    const MESSAGE: &str = "too much is waiting to be looked at; come back later";
    let code = Code::Unavailable;
    // google.rpc.RetryInfo, with a google.protobuf.Duration; in google.protobuf.Any; in
    // google.rpc.Status.
    let mut delay = Vec::new();
    int64::encode(1, &i64::from(RETRY_SECONDS), &mut delay);
    let mut info = Vec::new();
    bytes::encode(1, &delay, &mut info);
    let mut any = Vec::new();
    string::encode(1, &"type.googleapis.com/google.rpc.RetryInfo".to_owned(), &mut any);
    bytes::encode(2, &info, &mut any);
    let mut details = status_message(code as i32, MESSAGE);
    bytes::encode(3, &any, &mut details);
    Status::with_details(code, MESSAGE, details.into())
}

/// The refusal that makes a sender of HTTP come back.
pub(super) fn http_come_back_later() -> Response {
    let text = "too much is waiting to be looked at; come back later";
    let mut response = http_refusal(StatusCode::SERVICE_UNAVAILABLE, text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(u16::from(RETRY_SECONDS)));
    response
}

/// A refusal without a body that programs would read.
pub(super) fn http_refusal(status: StatusCode, text: &str) -> Response {
    (status, text.to_owned()).into_response()
}

/// A `google.rpc.Status`, in protobuf.
pub(super) fn status_message(code: i32, text: &str) -> Vec<u8> {
    let mut message = Vec::new();
    int32::encode(1, &code, &mut message);
    string::encode(2, &text.to_owned(), &mut message);
    message
}

/// The answer to a request that was taken, in protobuf: nothing, or what was rejected of it.
pub(super) fn taken_message(rejected: u64, complaint: &str, into: &mut impl BufMut) {
    if rejected == 0 && complaint.is_empty() {
        return;
    }
    let mut partial = Vec::new();
    int64::encode(1, &i64::try_from(rejected).unwrap_or(i64::MAX), &mut partial);
    string::encode(2, &complaint.to_owned(), &mut partial);
    bytes::encode(1, &partial, into);
}
