//! Accepting connections: so many at a time, each for so long.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::Shared;

/// Bytes of all headers of a request.
const HEADERS: u32 = 16 << 10;
/// Requests that one connection of HTTP/2 may have at a time.
const STREAMS: u32 = 64;

/// Serves connections for ever.
pub(super) async fn accept(listener: TcpListener, router: Router, shared: Arc<Shared>) {
    let connections = Arc::new(Semaphore::new(shared.settings.max_connections));
    loop {
        // Further ones wait in the system's own queue.
        let Ok(room) = Arc::clone(&connections).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let (router, shared) = (router.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    serve(stream, router, &shared).await;
                    drop(room);
                });
            }
            // Such as that there are too many open files, which passes.
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn serve(stream: TcpStream, router: Router, shared: &Shared) {
    let settings = &shared.settings;
    // Answers are small, and senders wait for them.
    let _ = stream.set_nodelay(true);
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.request_timeout)
        .max_buf_size(HEADERS as usize);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(settings.request_timeout)
        .keep_alive_timeout(settings.request_timeout)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS)
        .max_send_buf_size(HEADERS as usize);
    let mut connection =
        pin!(server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    // Whatever goes wrong with a connection is its sender's concern.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = sleep(settings.max_connection_age) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(settings.request_timeout, connection).await;
}
