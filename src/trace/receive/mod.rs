//! The live receiver: OTLP as services send it, over gRPC and HTTP.
//!
//! A [`Receiver`] listens like a Collector does, takes traces and logs (metrics are accepted and passed
//! over), and hands them out in batches to whoever asks. It runs on threads of its own, so the asking
//! side needs no async code.
//!
//! Both transports are served on both ports. What they ask for is told apart by its path:
//!
//! | | path | written as |
//! |---|---|---|
//! | OTLP/gRPC | `/opentelemetry.proto.collector.trace.v1.TraceService/Export`, … | protobuf |
//! | OTLP/HTTP | `/v1/traces`, `/v1/logs`, `/v1/metrics` | protobuf or JSON |
//!
//! Senders are not trusted. Connections, requests at a time, the size of a request (before and after it
//! is decompressed) and the time that it may take are limited, and so is what waits to be asked for:
//! when that is full, senders are told to come back later, which every SDK does. It listens on the
//! loopback interface unless told otherwise, since nobody proves who they are.

mod accept;
mod answer;
mod grpc;
mod http;
mod queue;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::read::{Encoding, Item, Limits, ReadReport, Signal, read_request};
use queue::{Batches, Queue};

/// Where a receiver listens, and what it puts up with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReceiverSettings {
    /// Where senders of OTLP/gRPC expect it; `None` for nowhere.
    pub grpc: Option<SocketAddr>,
    /// Where senders of OTLP/HTTP expect it; `None` for nowhere.
    pub http: Option<SocketAddr>,
    /// Bytes of a request, also after it is decompressed.
    pub max_request: usize,
    /// Bytes of items that wait to be asked for.
    pub max_waiting: usize,
    /// Requests that are read at a time.
    pub max_requests: usize,
    /// Connections at a time; further ones wait until one is closed.
    pub max_connections: usize,
    /// The time that a request may take, and that a connection may take to begin one.
    pub request_timeout: Duration,
    /// The age at which a connection is closed, so that idle ones make room for others. Senders
    /// connect again.
    pub max_connection_age: Duration,
    /// Limits of what is read.
    pub limits: Limits,
}

impl Default for ReceiverSettings {
    /// The usual ports, 4317 for gRPC and 4318 for HTTP, on the loopback interface; requests of 4 MiB,
    /// 16 at a time, over 256 connections; 64 MiB waiting; ten seconds for a request, ten minutes for a
    /// connection.
    fn default() -> Self {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        ReceiverSettings {
            grpc: Some(SocketAddr::new(loopback, 4317)),
            http: Some(SocketAddr::new(loopback, 4318)),
            max_request: 4 << 20,
            max_waiting: 64 << 20,
            max_requests: 16,
            max_connections: 256,
            request_timeout: Duration::from_secs(10),
            max_connection_age: Duration::from_secs(600),
            limits: Limits::default(),
        }
    }
}

/// Why a receiver cannot listen.
#[derive(Debug, Error)]
pub enum ReceiveError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}; is something else listening there?")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Threads cannot be started.
    #[error("the receiver cannot be started")]
    Start(#[from] io::Error),
}

/// What a receiver received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiverReport {
    /// What was read. Places are those of requests, counted as they came.
    pub read: ReadReport,
    /// Requests that were turned away because too much was waiting; their senders come back.
    pub turned_away: u64,
    /// Requests that were refused, because they were too large, too slow, or not OTLP.
    pub refused: u64,
}

/// Receives spans and log records until it is dropped.
///
/// ```
/// use std::time::Duration;
/// use amends_trace::receive::{Receiver, ReceiverSettings};
///
/// # fn main() -> Result<(), amends_trace::receive::ReceiveError> {
/// let mut settings = ReceiverSettings::default();
/// # settings.grpc = Some(([127, 0, 0, 1], 0).into());
/// # settings.http = Some(([127, 0, 0, 1], 0).into());
/// let receiver = Receiver::listen(settings)?;
/// println!("send traces to {:?}", receiver.grpc());
/// for item in receiver.next(Duration::from_millis(10)) {
///     println!("{item:?}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Receiver {
    batches: Batches,
    shared: Arc<Shared>,
    grpc: Option<SocketAddr>,
    http: Option<SocketAddr>,
    /// Taken when it is dropped.
    runtime: Option<Runtime>,
}

impl Receiver {
    /// Begins to listen.
    ///
    /// # Errors
    /// When an address cannot be listened on, or threads cannot be started.
    pub fn listen(settings: ReceiverSettings) -> Result<Self, ReceiveError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("otlp-receiver")
            .enable_io()
            .enable_time()
            .build()?;
        let (queue, batches) = queue::queue(settings.max_waiting);
        let addresses = (settings.grpc, settings.http);
        let shared = Arc::new(Shared {
            settings,
            queue,
            requests: AtomicU64::new(0),
            report: Mutex::default(),
        });
        let router = answer::limited(grpc::routes().merge(http::routes()), &shared);
        let listen = |address: Option<SocketAddr>, router: &Router| {
            let Some(address) = address else { return Ok(None) };
            let bind = |source| ReceiveError::Bind { address, source };
            let listener = runtime.block_on(TcpListener::bind(address)).map_err(bind)?;
            let bound = listener.local_addr().map_err(bind)?;
            runtime.spawn(accept::accept(listener, router.clone(), Arc::clone(&shared)));
            Ok::<_, ReceiveError>(Some(bound))
        };
        let grpc = listen(addresses.0, &router)?;
        let http = listen(addresses.1, &router)?;
        Ok(Receiver { batches, shared, grpc, http, runtime: Some(runtime) })
    }

    /// Where it listens for gRPC.
    #[must_use]
    pub fn grpc(&self) -> Option<SocketAddr> {
        self.grpc
    }

    /// Where it listens for HTTP.
    #[must_use]
    pub fn http(&self) -> Option<SocketAddr> {
        self.http
    }

    /// The items of the next request that has any; waits for it, but no longer than `wait`, after which
    /// there are none.
    #[must_use]
    pub fn next(&self, wait: Duration) -> Vec<Item> {
        self.batches.next(wait)
    }

    /// What was received so far.
    #[must_use]
    pub fn report(&self) -> ReceiverReport {
        self.shared.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Senders that are in the middle of something come back to nobody, as when it crashes.
            runtime.shutdown_background();
        }
    }
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    settings: ReceiverSettings,
    queue: Queue,
    /// How many requests came.
    requests: AtomicU64,
    report: Mutex<ReceiverReport>,
}

/// What came of a request.
#[derive(Debug)]
enum Outcome {
    /// It was taken, but for so many spans or log records, and why.
    Taken { rejected: u64, complaint: String },
    /// There is no room for it now.
    Full,
    /// It is not what it should be.
    Malformed(String),
}

impl Shared {
    /// Reads a request, and puts what is in it in the queue.
    fn take(&self, body: &[u8], encoding: Encoding, signal: Signal) -> Outcome {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let (items, read) = read_request(body, encoding, signal, number, self.settings.limits);
        if let Some(malformed) = read.why_malformed() {
            self.count(|report| report.refused += 1);
            return Outcome::Malformed(malformed);
        }
        if !items.is_empty() && !self.queue.put(items) {
            self.count(|report| report.turned_away += 1);
            return Outcome::Full;
        }
        let (rejected, complaint) = (read.items_left_out(), read.complaint());
        self.count(|report| report.read.merge(read));
        Outcome::Taken { rejected, complaint }
    }

    fn count(&self, change: impl FnOnce(&mut ReceiverReport)) {
        change(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
