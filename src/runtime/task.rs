//! What the runtime spawns.
//!
//! Tokio's machinery of a task is compiled for every type of future that is spawned, and here that
//! would be for every protocol on every store. Behind a pointer, all tasks are of one type.

use std::future::Future;
use std::pin::Pin;

use tokio::task::JoinSet;

/// Spawns a future among other tasks.
pub(super) fn spawn<Output: Send + 'static>(
    tasks: &mut JoinSet<Output>,
    future: impl Future<Output = Output> + Send + 'static,
) {
    let task: Pin<Box<dyn Future<Output = Output> + Send>> = Box::pin(future);
    tasks.spawn(task);
}
