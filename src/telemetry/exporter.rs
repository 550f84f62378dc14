//! Telemetry sent to a Collector, by the OpenTelemetry SDK: batched, with a bounded queue, on threads of
//! its own, so that processes of the runtime never wait for a network.
//!
//! A run hosts many services in one process of the machine. Each of them is a resource of its own, and so
//! has a pipeline of its own.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use amends_trace as ours;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger, LoggerProvider};
use opentelemetry::trace::{
    Event, Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Array, InstrumentationScope, Key, KeyValue, StringValue, Value};
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, MetricExporter, SpanExporter, WithExportConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{SdkLogger, SdkLoggerProvider};
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor,
};
use thiserror::Error;

use super::Recorded;
use super::metrics::Metrics;
use super::sink::{Sink, apart};

/// How long a Collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a Collector listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// OTLP over HTTP, as protobuf: `http://127.0.0.1:4318`.
    Http(String),
    /// OTLP over gRPC: `grpc://127.0.0.1:4317`.
    Grpc(String),
}

/// What was given is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no endpoint: write `http://HOST:4318` or `grpc://HOST:4317`")]
pub struct UnknownEndpoint(String);

impl FromStr for Endpoint {
    type Err = UnknownEndpoint;

    fn from_str(text: &str) -> Result<Endpoint, UnknownEndpoint> {
        match text.split_once("://") {
            Some(("http", host)) if !host.is_empty() => {
                Ok(Endpoint::Http(text.trim_end_matches('/').to_owned()))
            }
            Some(("grpc", host)) if !host.is_empty() => {
                Ok(Endpoint::Grpc(format!("http://{host}")))
            }
            _ => Err(UnknownEndpoint(text.to_owned())),
        }
    }
}

/// A sink that sends everything to a Collector.
pub struct Exporter {
    endpoint: Endpoint,
    metrics: Mutex<Metrics>,
    meters: SdkMeterProvider,
    pipelines: Mutex<Pipelines>,
}

#[derive(Default)]
struct Pipelines {
    by_service: HashMap<(String, String), Pipeline>,
    names: HashMap<String, &'static str>,
    /// The first pipeline that could not be made.
    error: Option<ExporterBuildError>,
}

/// The way of one service's spans and log records.
struct Pipeline {
    spans: BatchSpanProcessor,
    logs: SdkLoggerProvider,
    logger: SdkLogger,
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Exporter {
    /// Makes an exporter. Nothing is sent yet, so a Collector that is not there is not noticed. For
    /// gRPC this must be called within a Tokio runtime that lasts until the last flush.
    ///
    /// # Errors
    /// When the endpoint is no address.
    pub fn new(endpoint: Endpoint) -> Result<Exporter, ExporterBuildError> {
        let exporter = match &endpoint {
            Endpoint::Http(host) => MetricExporter::builder()
                .with_http()
                .with_endpoint(format!("{host}/v1/metrics"))
                .with_timeout(PATIENCE)
                .build()?,
            Endpoint::Grpc(host) => MetricExporter::builder()
                .with_tonic()
                .with_endpoint(host)
                .with_timeout(PATIENCE)
                .build()?,
        };
        let reader = PeriodicReader::builder(exporter).build();
        let resource = Resource::builder_empty()
            .with_attributes([KeyValue::new("service.name", "amends")])
            .build();
        let meters =
            SdkMeterProvider::builder().with_reader(reader).with_resource(resource).build();
        let metrics = Mutex::new(Metrics::new(&meters));
        Ok(Exporter { endpoint, metrics, meters, pipelines: Mutex::default() })
    }
}

impl Sink for Exporter {
    fn take(&self, recorded: Vec<Recorded>) {
        let mut metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.iter().for_each(|one| metrics.count(one));
        drop(metrics);
        let (spans, logs) = apart(recorded);
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        for span in spans {
            if let Some(pipeline) = pipelines.of(&self.endpoint, &span.source) {
                pipeline.spans.on_end(span_data(span));
            }
        }
        for log in logs {
            let name = pipelines.name(&log.event_name);
            if let Some(pipeline) = pipelines.of(&self.endpoint, &log.source) {
                pipeline.emit(log, name);
            }
        }
    }

    fn flush(&self) -> io::Result<()> {
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = pipelines.error.take() {
            return Err(io::Error::other(error));
        }
        let of_services = pipelines
            .by_service
            .values()
            .flat_map(|pipeline| [pipeline.spans.force_flush(), pipeline.logs.force_flush()]);
        of_services
            .chain([self.meters.force_flush()])
            .collect::<OTelSdkResult>()
            .map_err(io::Error::other)
    }
}

impl Pipelines {
    fn of(&mut self, endpoint: &Endpoint, source: &Arc<ours::Source>) -> Option<&Pipeline> {
        let key = (source.service.to_string(), source.instance.to_string());
        if !self.by_service.contains_key(&key) {
            match Pipeline::new(endpoint, source) {
                Ok(pipeline) => drop(self.by_service.insert(key.clone(), pipeline)),
                Err(error) => {
                    self.error.get_or_insert(error);
                    return None;
                }
            }
        }
        self.by_service.get(&key)
    }

    /// The SDK wants names that live as long as it does. There is one for each type of event.
    fn name(&mut self, name: &str) -> &'static str {
        if let Some(known) = self.names.get(name) {
            return known;
        }
        let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
        self.names.insert(name.to_owned(), leaked);
        leaked
    }
}

impl Pipeline {
    fn new(endpoint: &Endpoint, source: &ours::Source) -> Result<Pipeline, ExporterBuildError> {
        let resource = Resource::builder_empty().with_attributes(pairs(&source.resource)).build();
        let (spans, logs) = match endpoint {
            Endpoint::Http(host) => (
                SpanExporter::builder()
                    .with_http()
                    .with_endpoint(format!("{host}/v1/traces"))
                    .with_timeout(PATIENCE)
                    .build()?,
                LogExporter::builder()
                    .with_http()
                    .with_endpoint(format!("{host}/v1/logs"))
                    .with_timeout(PATIENCE)
                    .build()?,
            ),
            Endpoint::Grpc(host) => (
                SpanExporter::builder()
                    .with_tonic()
                    .with_endpoint(host)
                    .with_timeout(PATIENCE)
                    .build()?,
                LogExporter::builder()
                    .with_tonic()
                    .with_endpoint(host)
                    .with_timeout(PATIENCE)
                    .build()?,
            ),
        };
        let mut spans = BatchSpanProcessor::builder(spans).build();
        spans.set_resource(&resource);
        let logs =
            SdkLoggerProvider::builder().with_batch_exporter(logs).with_resource(resource).build();
        let logger = logs.logger(source.scope.to_string());
        Ok(Pipeline { spans, logs, logger })
    }

    fn emit(&self, log: ours::LogRecord, name: &'static str) {
        let mut record = self.logger.create_log_record();
        record.set_event_name(name);
        record.set_timestamp(time(log.time));
        if let Some(trace) = log.trace {
            let trace = TraceId::from_bytes(trace.to_bytes());
            let span = log.span.map_or(SpanId::INVALID, |id| SpanId::from_bytes(id.to_bytes()));
            record.set_trace_context(trace, span, Some(TraceFlags::SAMPLED));
        }
        if let Some(body) = log.body.to_text() {
            record.set_body(AnyValue::from(body.into_owned()));
        }
        for (key, value) in log.attributes.iter() {
            if let Some(text) = value.to_text() {
                record.add_attribute(Key::new(key.to_owned()), AnyValue::from(text.into_owned()));
            }
        }
        self.logger.emit(record);
    }
}

fn span_data(span: ours::Span) -> SpanData {
    let mut events = SpanEvents::default();
    events.events = span
        .events
        .iter()
        .map(|event| {
            Event::new(event.name.to_string(), time(event.time), pairs(&event.attributes), 0)
        })
        .collect();
    let mut links = SpanLinks::default();
    links.links = span
        .links
        .iter()
        .map(|link| Link::new(context(link.trace, link.span), pairs(&link.attributes), 0))
        .collect();
    SpanData {
        span_context: context(span.trace, span.id),
        parent_span_id: span
            .parent
            .map_or(SpanId::INVALID, |parent| SpanId::from_bytes(parent.to_bytes())),
        parent_span_is_remote: false,
        span_kind: match span.kind {
            ours::SpanKind::Unspecified | ours::SpanKind::Internal => SpanKind::Internal,
            ours::SpanKind::Server => SpanKind::Server,
            ours::SpanKind::Client => SpanKind::Client,
            ours::SpanKind::Producer => SpanKind::Producer,
            ours::SpanKind::Consumer => SpanKind::Consumer,
        },
        name: span.name.to_string().into(),
        start_time: time(span.start),
        end_time: time(span.end.unwrap_or(span.start)),
        attributes: pairs(&span.attributes),
        dropped_attributes_count: span.dropped.attributes,
        events,
        links,
        status: match &span.status {
            ours::Status::Unset => Status::Unset,
            ours::Status::Ok => Status::Ok,
            ours::Status::Error(message) => Status::error(message.to_string()),
        },
        instrumentation_scope: InstrumentationScope::builder(span.source.scope.to_string()).build(),
    }
}

fn context(trace: ours::TraceId, span: ours::SpanId) -> SpanContext {
    SpanContext::new(
        TraceId::from_bytes(trace.to_bytes()),
        SpanId::from_bytes(span.to_bytes()),
        TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    )
}

fn time(time: ours::Time) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(time.0)
}

fn pairs(attributes: &ours::Attributes) -> Vec<KeyValue> {
    let pair = |(name, value): (&str, &ours::Value)| {
        Some(KeyValue::new(name.to_owned(), attribute(value)?))
    };
    attributes.iter().filter_map(pair).collect()
}

/// The value as the SDK has it, which knows neither bytes nor maps.
fn attribute(value: &ours::Value) -> Option<Value> {
    Some(match value {
        ours::Value::Text(text) => Value::String(text.to_string().into()),
        ours::Value::Bool(value) => Value::Bool(*value),
        ours::Value::Int(value) => Value::I64(*value),
        ours::Value::Double(value) => Value::F64(*value),
        ours::Value::List(values) => {
            let texts =
                values.iter().filter_map(|value| Some(value.to_text()?.into_owned().into()));
            Value::Array(Array::String(texts.collect::<Vec<StringValue>>()))
        }
        ours::Value::Bytes(_) | ours::Value::Map(_) | ours::Value::Empty => return None,
    })
}
