//! Exploration: every reachable state, nearest first.
//!
//! One [breadth-first search](bfs) goes through a [state space](state_space), and does not know what
//! states are. There are two spaces: [`product`](mod@product), whose states are vectors of interned
//! parts, and [`model`](mod@model), whose states are kept whole. Both share work among the same
//! [`workers`].

pub(crate) mod bfs;
pub(crate) mod model;
pub(crate) mod product;
pub(crate) mod state_space;
pub(crate) mod workers;
