//! OTLP/HTTP, with protobuf or JSON in its bodies.

use std::io::Read;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::json;

use super::answer::{http_come_back_later, http_refusal, status_message, taken_message};
use super::{Outcome, Shared};
use crate::read::{Encoding, Signal};

/// The paths that take what is exported.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/traces", post(|shared, request| export(shared, request, Signal::Traces)))
        .route("/v1/logs", post(|shared, request| export(shared, request, Signal::Logs)))
        .route("/v1/metrics", post(|shared, request| export(shared, request, Signal::Metrics)))
}

async fn export(State(shared): State<Arc<Shared>>, request: Request, signal: Signal) -> Response {
    let refused = |response| {
        shared.count(|report| report.refused += 1);
        response
    };
    let (parts, body) = request.into_parts();
    let Some(encoding) = encoding_of(&parts.headers) else {
        let text = "content-type must be application/x-protobuf or application/json";
        return refused(http_refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    };
    let body = match read_body(&parts.headers, body, shared.settings.max_request).await {
        Ok(body) => body,
        Err(refusal) => return refused(refusal.answer(shared.settings.max_request)),
    };
    answer(shared.take(&body, encoding, signal), encoding, signal)
}

fn answer(outcome: Outcome, encoding: Encoding, signal: Signal) -> Response {
    let (status, body) = match (outcome, encoding) {
        (Outcome::Full, _) => return http_come_back_later(),
        (Outcome::Taken { rejected, complaint }, Encoding::Protobuf) => {
            let mut message = Vec::new();
            taken_message(rejected, &complaint, &mut message);
            (StatusCode::OK, message)
        }
        (Outcome::Taken { rejected: 0, complaint }, Encoding::Json) if complaint.is_empty() => {
            (StatusCode::OK, b"{}".to_vec())
        }
        (Outcome::Taken { rejected, complaint }, Encoding::Json) => {
            let rejected_what = match signal {
                Signal::Traces => "rejectedSpans",
                Signal::Logs => "rejectedLogRecords",
                Signal::Metrics => "rejectedDataPoints",
            };
            // Numbers of 64 bits are text in the JSON of protobuf.
            let partial = json!({rejected_what: rejected.to_string(), "errorMessage": complaint});
            (StatusCode::OK, json!({"partialSuccess": partial}).to_string().into_bytes())
        }
        (Outcome::Malformed(why), encoding) => {
            const INVALID_ARGUMENT: i32 = 3;
            let body = match encoding {
                Encoding::Protobuf => status_message(INVALID_ARGUMENT, &why),
                Encoding::Json => {
                    json!({"code": INVALID_ARGUMENT, "message": why}).to_string().into_bytes()
                }
            };
            (StatusCode::BAD_REQUEST, body)
        }
    };
    let content_type = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    (status, [(CONTENT_TYPE, content_type)], body).into_response()
}

/// Why a body is not read.
enum Refusal {
    TooLarge,
    UnknownCompression,
    Broken(String),
}

impl Refusal {
    fn answer(self, limit: usize) -> Response {
        match self {
            Refusal::TooLarge => http_refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                &format!("a request must not be larger than {limit} bytes, also when decompressed"),
            ),
            Refusal::UnknownCompression => http_refusal(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-encoding must be gzip, or none",
            ),
            Refusal::Broken(why) => http_refusal(StatusCode::BAD_REQUEST, &why),
        }
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn encoding_of(headers: &HeaderMap) -> Option<Encoding> {
    let media_type = header(headers, &CONTENT_TYPE)?.split(';').next()?.trim();
    if media_type.eq_ignore_ascii_case("application/x-protobuf") {
        Some(Encoding::Protobuf)
    } else if media_type.eq_ignore_ascii_case("application/json") {
        Some(Encoding::Json)
    } else {
        None
    }
}

/// The body, decompressed, if it is not larger than allowed in either form.
async fn read_body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let announced = header(headers, &CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(Refusal::TooLarge);
    }
    let is_compressed = match header(headers, &CONTENT_ENCODING) {
        None | Some("" | "identity") => false,
        Some(coding) if coding.eq_ignore_ascii_case("gzip") => true,
        Some(_) => return Err(Refusal::UnknownCompression),
    };
    let body = match Limited::new(body, limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Refusal::TooLarge),
        Err(error) => return Err(Refusal::Broken(error.to_string())),
    };
    if !is_compressed {
        return Ok(body);
    }
    let mut plain = Vec::new();
    let mut decoder = MultiGzDecoder::new(&body[..]).take(limit as u64 + 1);
    decoder.read_to_end(&mut plain).map_err(|error| Refusal::Broken(error.to_string()))?;
    if plain.len() > limit { Err(Refusal::TooLarge) } else { Ok(plain.into()) }
}
