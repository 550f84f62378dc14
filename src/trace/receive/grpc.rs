//! OTLP/gRPC. Messages are taken as bytes, and read like those of files: see `read::protobuf`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use bytes::{Buf, Bytes};
use tonic::Status;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};

use super::answer::{come_back_later, taken_message};
use super::{Outcome, Shared};
use crate::read::{Encoding, Signal};

/// The services that take what is exported.
pub(super) fn routes() -> Router<Arc<Shared>> {
    const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
    const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    Router::new()
        .route(TRACES, post(|shared, request| export(shared, request, Signal::Traces)))
        .route(LOGS, post(|shared, request| export(shared, request, Signal::Logs)))
        .route(METRICS, post(|shared, request| export(shared, request, Signal::Metrics)))
}

async fn export(State(shared): State<Arc<Shared>>, request: Request, signal: Signal) -> Response {
    let mut grpc = Grpc::new(AsBytes)
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(shared.settings.max_request);
    grpc.unary(Export { shared, signal }, request).await.map(Body::new)
}

struct Export {
    shared: Arc<Shared>,
    signal: Signal,
}

/// What came of an export that was taken.
struct Taken {
    rejected: u64,
    complaint: String,
}

impl UnaryService<Bytes> for Export {
    type Response = Taken;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Taken>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (shared, signal) = (Arc::clone(&self.shared), self.signal);
        Box::pin(async move {
            match shared.take(request.get_ref(), Encoding::Protobuf, signal) {
                Outcome::Taken { rejected, complaint } => {
                    Ok(tonic::Response::new(Taken { rejected, complaint }))
                }
                Outcome::Full => Err(come_back_later()),
                Outcome::Malformed(why) => Err(Status::invalid_argument(why)),
            }
        })
    }
}

/// Messages as the bytes that they are.
#[derive(Clone, Copy)]
struct AsBytes;

impl Codec for AsBytes {
    type Encode = Taken;
    type Decode = Bytes;
    type Encoder = AsBytes;
    type Decoder = AsBytes;

    fn encoder(&mut self) -> AsBytes {
        AsBytes
    }

    fn decoder(&mut self) -> AsBytes {
        AsBytes
    }
}

impl Encoder for AsBytes {
    type Item = Taken;
    type Error = Status;

    fn encode(&mut self, taken: Taken, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        taken_message(taken.rejected, &taken.complaint, into);
        Ok(())
    }
}

impl Decoder for AsBytes {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = from.remaining();
        Ok(Some(from.copy_to_bytes(length)))
    }
}
