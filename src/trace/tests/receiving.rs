//! The receiver answers senders as OTLP asks for, and is not brought down by those that mean harm.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use amends_trace::read::{Flaw, Item};
use amends_trace::receive::{ReceiveError, Receiver, ReceiverSettings};
use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::ResourceMetrics;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use tonic::Code;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;

fn settings() -> ReceiverSettings {
    let mut settings = ReceiverSettings::default();
    settings.grpc = Some(([127, 0, 0, 1], 0).into());
    settings.http = Some(([127, 0, 0, 1], 0).into());
    settings
}

fn listen(settings: ReceiverSettings) -> Receiver {
    Receiver::listen(settings).expect("a free port")
}

/// All that was received and not asked for yet.
fn waiting(receiver: &Receiver) -> Vec<Item> {
    let mut all = Vec::new();
    loop {
        let items = receiver.next(Duration::ZERO);
        if items.is_empty() {
            return all;
        }
        all.extend(items);
    }
}

fn span(number: u8) -> Span {
    Span {
        trace_id: vec![1; 16],
        span_id: vec![number; 8],
        name: format!("span {number}"),
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_000_200_000_000,
        ..Span::default()
    }
}

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// Runs what talks gRPC.
fn over_grpc<T>(receiver: &Receiver, talk: impl AsyncFnOnce(Channel) -> T) -> T {
    let address = receiver.grpc().expect("it listens");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
        talk(endpoint.connect().await.expect("a connection")).await
    })
}

/// An answer over HTTP.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// Sends a request as it stands, and waits for the answer and the end of the connection.
fn exchange(address: SocketAddr, request: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let mut answer = Vec::new();
    // Where the answer comes before all was sent, the rest cannot be.
    let sent = stream.write_all(request);
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if sent.is_err() || error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = String::from_utf8(answer[..end].to_vec()).expect("text").to_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head, body: answer[end + 4..].to_vec() })
}

fn post(receiver: &Receiver, path: &str, headers: &str, body: &[u8]) -> Answer {
    let address = receiver.http().expect("it listens");
    let length = body.len();
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    )
    .into_bytes();
    request.extend(body);
    exchange(address, &request).expect("an answer")
}

const PROTOBUF: &str = "content-type: application/x-protobuf\r\n";
const JSON: &str = "content-type: application/json; charset=utf-8\r\n";

#[test]
fn traces_logs_and_metrics_are_taken_over_grpc() {
    let receiver = listen(settings());
    over_grpc(&receiver, async |channel| {
        let mut traces = TraceServiceClient::new(channel.clone());
        let answer = traces.export(request(vec![span(1)])).await.expect("taken").into_inner();
        assert_eq!(answer.partial_success, None);
        let mut traces = traces.send_compressed(CompressionEncoding::Gzip);
        traces.export(request(vec![span(2), span(3)])).await.expect("taken");
        let logs = ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs {
                scope_logs: vec![ScopeLogs {
                    // It could be anything, but for where it was sent.
                    log_records: vec![LogRecord::default()],
                    ..ScopeLogs::default()
                }],
                ..ResourceLogs::default()
            }],
        };
        LogsServiceClient::new(channel.clone()).export(logs).await.expect("taken");
        let metrics =
            ExportMetricsServiceRequest { resource_metrics: vec![ResourceMetrics::default()] };
        MetricsServiceClient::new(channel).export(metrics).await.expect("taken");
    });
    let items = waiting(&receiver);
    let names: Vec<_> = items
        .iter()
        .map(|item| match item {
            Item::Span(span) => span.name.as_str(),
            Item::Log(_) => "log",
        })
        .collect();
    assert_eq!(names, ["span 1", "span 2", "span 3", "log"]);
    let report = receiver.report();
    assert_eq!((report.read.spans, report.read.logs, report.read.metrics), (3, 1, 1));
}

#[test]
fn both_encodings_are_taken_over_http() {
    let receiver = listen(settings());
    let body = request(vec![span(1)]).encode_to_vec();
    let answer = post(&receiver, "/v1/traces", PROTOBUF, &body);
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b""[..]));
    assert!(answer.head.contains("content-type: application/x-protobuf"), "{}", answer.head);

    let headers = format!("{PROTOBUF}content-encoding: gzip\r\n");
    assert_eq!(post(&receiver, "/v1/traces", &headers, &gzip(&body)).status, 200);

    let json = include_bytes!("documents/tempo.json");
    let json = String::from_utf8_lossy(json).replace("batches", "resourceSpans");
    let answer = post(&receiver, "/v1/traces", JSON, json.as_bytes());
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{}"[..]));
    assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);

    let line = include_str!("documents/otlp.ndjson").lines().nth(1).expect("logs");
    assert_eq!(post(&receiver, "/v1/logs", JSON, line.as_bytes()).status, 200);
    let line = include_str!("documents/otlp.ndjson").lines().nth(2).expect("metrics");
    assert_eq!(post(&receiver, "/v1/metrics", JSON, line.as_bytes()).status, 200);
    assert_eq!(post(&receiver, "/v1/traces", PROTOBUF, b"").status, 200, "nothing is fine, too");

    assert_eq!(waiting(&receiver).len(), 4);
}

#[test]
fn what_is_wrong_with_some_spans_is_told_and_the_others_are_taken() {
    let receiver = listen(settings());
    let mut wrong = span(2);
    wrong.trace_id.pop();
    let request = request(vec![span(1), wrong]);
    let says = "1: span without a valid trace id, left out (message 1, resources[0].scopes[0].items[1]: \
                an id of 16 bytes was expected, and 15 came)";

    let answer = post(&receiver, "/v1/traces", PROTOBUF, &request.encode_to_vec());
    let message = ExportTraceServiceResponse::decode(&answer.body[..]).expect("protobuf");
    let partial = message.partial_success.expect("not all");
    assert_eq!((answer.status, partial.rejected_spans), (200, 1));
    assert_eq!(partial.error_message, says);

    let partial = over_grpc(&receiver, async |channel| {
        let answer = TraceServiceClient::new(channel).export(request).await.expect("taken");
        answer.into_inner().partial_success.expect("not all")
    });
    assert_eq!(partial.rejected_spans, 1);

    let json = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"1"}]}]}]}"#;
    let answer = post(&receiver, "/v1/traces", JSON, json.as_bytes());
    let partial = &answer.json()["partialSuccess"];
    assert_eq!((answer.status, partial["rejectedSpans"].as_str()), (200, Some("1")));

    assert_eq!(waiting(&receiver).len(), 2);
    assert_eq!(receiver.report().read.flaws[&Flaw::TraceId].count, 3);
}

#[test]
fn what_is_no_otlp_is_refused_for_good() {
    let receiver = listen(settings());
    let answer = post(&receiver, "/v1/traces", JSON, b"{\"resourceSpans\": [");
    assert_eq!((answer.status, answer.json()["code"].as_i64()), (400, Some(3)));
    assert_eq!(post(&receiver, "/v1/traces", PROTOBUF, b"\x0a\xff").status, 400);
    assert_eq!(post(&receiver, "/v1/traces", JSON, b"{\"spans\": []}").status, 400);
    let gzipped = format!("{PROTOBUF}content-encoding: gzip\r\n");
    assert_eq!(post(&receiver, "/v1/traces", &gzipped, b"not gzip").status, 400);
    let brotli = format!("{PROTOBUF}content-encoding: br\r\n");
    assert_eq!(post(&receiver, "/v1/traces", &brotli, b"").status, 415);
    assert_eq!(post(&receiver, "/v1/traces", "content-type: text/plain\r\n", b"").status, 415);
    assert_eq!(post(&receiver, "/v1/traces", "", b"").status, 415);
    assert_eq!(post(&receiver, "/v1/profiles", PROTOBUF, b"").status, 404);
    let address = receiver.http().expect("it listens");
    let get = format!("GET /v1/traces HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    assert_eq!(exchange(address, get.as_bytes()).expect("an answer").status, 405);
    assert!(waiting(&receiver).is_empty());
    assert_eq!(receiver.report().refused, 7);
}

#[test]
fn a_request_beyond_the_limit_is_refused_in_either_form() {
    let mut settings = settings();
    settings.max_request = 10_000;
    let receiver = listen(settings);
    let large = request((0..255).map(|number| span(number.max(1))).collect());
    let bomb = gzip(&vec![0; 10_000_000]);
    assert!(bomb.len() < 10_000, "compressed, it is within the limit");

    assert_eq!(post(&receiver, "/v1/traces", PROTOBUF, &large.encode_to_vec()).status, 413);
    let gzipped = format!("{PROTOBUF}content-encoding: gzip\r\n");
    assert_eq!(post(&receiver, "/v1/traces", &gzipped, &bomb).status, 413);

    // Without a length, it shows only on the way.
    let address = receiver.http().expect("it listens");
    let mut endless = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{PROTOBUF}transfer-encoding: chunked\r\n\r\n"
    );
    for _ in 0..1_000 {
        endless += "400\r\n";
        endless += &"x".repeat(0x400);
        endless += "\r\n";
    }
    if let Some(answer) = exchange(address, endless.as_bytes()) {
        assert_eq!(answer.status, 413);
    }

    let code = over_grpc(&receiver, async |channel| {
        let mut client = TraceServiceClient::new(channel);
        let plain = client.export(large.clone()).await.expect_err("too large").code();
        let mut client = client.send_compressed(CompressionEncoding::Gzip);
        let compressed = client.export(large).await.expect_err("too large").code();
        (plain, compressed)
    });
    assert_eq!(code, (Code::OutOfRange, Code::ResourceExhausted));
    assert!(waiting(&receiver).is_empty());
}

#[test]
fn senders_are_told_to_come_back_while_too_much_is_waiting() {
    let mut settings = settings();
    settings.max_waiting = 1 << 10;
    let receiver = listen(settings);
    let body = request(vec![span(1)]).encode_to_vec();
    assert_eq!(post(&receiver, "/v1/traces", PROTOBUF, &body).status, 200);
    let answer = post(&receiver, "/v1/traces", PROTOBUF, &body);
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
    let status = over_grpc(&receiver, async |channel| {
        TraceServiceClient::new(channel).export(request(vec![span(2)])).await.expect_err("full")
    });
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.details().windows(9).any(|bytes| bytes == b"RetryInfo"));

    assert_eq!(waiting(&receiver).len(), 1);
    assert_eq!(post(&receiver, "/v1/traces", PROTOBUF, &body).status, 200, "there is room again");
    assert_eq!(receiver.report().turned_away, 2);
}

#[test]
fn senders_are_told_to_come_back_while_too_many_are_at_it() {
    let mut settings = settings();
    settings.max_requests = 1;
    let receiver = listen(settings);
    let address = receiver.http().expect("it listens");
    let mut slow = TcpStream::connect(address).expect("a connection");
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: {address}\r\n{PROTOBUF}content-length: 0\r\nexpect: 100-continue\r\n\r\n"
    );
    let head = head.replace("content-length: 0", "content-length: 100");
    slow.write_all(head.as_bytes()).expect("sent");
    // The server says so when it begins to read the body, which never comes.
    let mut line = [0; 12];
    slow.read_exact(&mut line).expect("an answer");
    assert_eq!(&line, b"HTTP/1.1 100");
    let body = request(vec![span(1)]).encode_to_vec();
    assert_eq!(post(&receiver, "/v1/traces", PROTOBUF, &body).status, 503);
    drop(slow);
    // That it is gone is noticed soon, not at once.
    while post(&receiver, "/v1/traces", PROTOBUF, &body).status == 503 {}
    assert_eq!(waiting(&receiver).len(), 1);
}

#[test]
fn senders_that_are_too_slow_are_given_up() {
    let mut settings = settings();
    settings.request_timeout = Duration::from_millis(100);
    settings.max_connection_age = Duration::from_millis(300);
    let receiver = listen(settings);
    let address = receiver.http().expect("it listens");
    let head = format!("POST /v1/traces HTTP/1.1\r\nhost: {address}\r\n{PROTOBUF}");
    // Each of them stops somewhere, and the end of the connection comes from the other side.
    for begun in [
        String::new(),
        "PO".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        head.clone(),
        format!("{head}content-length: 100\r\n\r\nnot so many"),
    ] {
        let answer = exchange(address, begun.as_bytes());
        assert!(answer.is_none_or(|answer| answer.status == 408), "{begun:?}");
    }
    assert!(receiver.report().refused > 0);
}

#[test]
fn more_connections_than_are_served_wait_for_their_turn() {
    let mut settings = settings();
    settings.max_connections = 2;
    settings.max_connection_age = Duration::from_millis(100);
    settings.request_timeout = Duration::from_millis(100);
    let receiver = listen(settings);
    let address = receiver.http().expect("it listens");
    let idle: Vec<_> =
        (0..20).map(|_| TcpStream::connect(address).expect("a connection")).collect();
    let body = request(vec![span(1)]).encode_to_vec();
    assert_eq!(post(&receiver, "/v1/traces", PROTOBUF, &body).status, 200);
    drop(idle);
}

#[test]
fn an_address_that_is_taken_is_said() {
    let receiver = listen(settings());
    let mut settings = settings();
    settings.http = receiver.http();
    let error = Receiver::listen(settings).expect_err("it is taken");
    assert!(
        matches!(error, ReceiveError::Bind { address, .. } if Some(address) == receiver.http())
    );
}
