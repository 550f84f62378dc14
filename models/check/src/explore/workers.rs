//! The threads of a search, and the ways in which they share work.
//!
//! Work is handed over as a plain function of a number, so that what forks and joins is compiled once
//! and not for everything that is searched.

use std::sync::{Mutex, OnceLock, PoisonError};

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// The threads that search. They are started when there is enough work for them.
#[derive(Debug)]
pub(crate) struct Workers {
    threads: usize,
    pool: OnceLock<Option<ThreadPool>>,
}

impl Workers {
    /// So many threads.
    pub(crate) fn new(threads: usize) -> Self {
        Workers { threads, pool: OnceLock::new() }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.threads
    }

    /// Does the work among these threads. Where so many are not to be had, those that are there do
    /// it, with the same result.
    pub(crate) fn install(&self, work: &mut (dyn FnMut() + Send)) {
        let start = || ThreadPoolBuilder::new().num_threads(self.threads).build().ok();
        match self.pool.get_or_init(start) {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

/// Does the work for each number below `count`, on all threads.
pub(crate) fn each_number(count: usize, work: &(dyn Fn(usize) + Sync)) {
    (0..count).into_par_iter().with_max_len(1).for_each(work);
}

/// Does the work on each item, on all threads.
pub(crate) fn each<T: Send>(items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
    // Each is locked once, by the thread that works on it.
    let items: Vec<Mutex<&mut T>> = items.iter_mut().map(Mutex::new).collect();
    each_number(items.len(), &|number| {
        let mut item = items[number].lock().unwrap_or_else(PoisonError::into_inner);
        work(number, &mut item);
    });
}

/// Makes something of each number below `count`, on all threads. The results are in order.
pub(crate) fn map<R: Send>(count: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let mut results: Vec<Option<R>> = (0..count).map(|_| None).collect();
    each(&mut results, |number, result| *result = Some(work(number)));
    results.into_iter().flatten().collect()
}

/// Does both at the same time, if there is a thread for each.
pub(crate) fn both(one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send)) {
    rayon::join(one, other);
}
