//! The queue of what was received and not asked for yet, limited by the memory that it takes.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::read::Item;

/// Memory is counted in these.
const UNIT: usize = 1024;

/// Where requests put what is in them.
#[derive(Debug)]
pub(super) struct Queue {
    sender: Sender<Batch>,
    room: Arc<Semaphore>,
    size: u32,
}

/// Where items are asked for.
#[derive(Debug)]
pub(super) struct Batches(Mutex<Receiver<Batch>>);

/// The items of a request, and their room.
#[derive(Debug)]
struct Batch {
    items: Vec<Item>,
    _room: OwnedSemaphorePermit,
}

/// A queue with room for so many bytes.
pub(super) fn queue(bytes: usize) -> (Queue, Batches) {
    let size = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).max(1);
    let (sender, receiver) = mpsc::channel();
    let room = Arc::new(Semaphore::new((size as usize).min(Semaphore::MAX_PERMITS)));
    (Queue { sender, room, size }, Batches(Mutex::new(receiver)))
}

impl Queue {
    /// Puts items in, if there is room for all of them.
    pub(super) fn put(&self, items: Vec<Item>) -> bool {
        let bytes: usize = items.iter().map(Item::memory).sum();
        // What is larger than all of the queue has to wait until it is empty, and then goes in.
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.size);
        match Arc::clone(&self.room).try_acquire_many_owned(units) {
            // Nobody asks any more if sending fails, and the sender may as well keep it.
            Ok(room) => self.sender.send(Batch { items, _room: room }).is_ok(),
            Err(_) => false,
        }
    }
}

impl Batches {
    /// The items of the next request; none if there is none for so long.
    pub(super) fn next(&self, wait: Duration) -> Vec<Item> {
        let receiver = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.recv_timeout(wait).map_or_else(|_| Vec::new(), |batch| batch.items)
    }
}
