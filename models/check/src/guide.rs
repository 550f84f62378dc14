//! How to check a model, from the first property to the last bit of speed.
//!
//! # A model as it is
//!
//! Any `stateright::Model` has [`verify`](crate::Verify::verify). The properties that it brings along
//! are checked, and those that you add:
//!
//! ```
//! use amends_check::Verify;
//! use stateright::Model;
//!
//! /// A ticket machine: takes a coin, gives a ticket, and may be out of paper.
//! struct Machine;
//!
//! #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
//! enum Does { TakeCoin, GiveTicket, RunOut }
//!
//! #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
//! struct State { has_coin: bool, has_paper: bool }
//!
//! impl Model for Machine {
//!     type State = State;
//!     type Action = Does;
//!     fn init_states(&self) -> Vec<State> {
//!         vec![State { has_coin: false, has_paper: true }]
//!     }
//!     fn actions(&self, state: &State, actions: &mut Vec<Does>) {
//!         match state {
//!             State { has_coin: false, has_paper: true } => {
//!                 actions.extend([Does::TakeCoin, Does::RunOut]);
//!             }
//!             State { has_coin: true, has_paper: true } => {
//!                 actions.extend([Does::GiveTicket, Does::RunOut]);
//!             }
//!             State { has_paper: false, .. } => {}
//!         }
//!     }
//!     fn next_state(&self, state: &State, action: Does) -> Option<State> {
//!         Some(match action {
//!             Does::TakeCoin => State { has_coin: true, ..*state },
//!             Does::GiveTicket => State { has_coin: false, ..*state },
//!             Does::RunOut => State { has_paper: false, ..*state },
//!         })
//!     }
//! }
//!
//! let report = Machine
//!     .verify()
//!     .deadlock_free("keeps no coin for ever", |state| !state.has_coin)
//!     .run();
//! let end = report.property("keeps no coin for ever").unwrap();
//! let path = end.verdict.counterexample().unwrap();
//! assert_eq!(path.steps[0].0, Does::TakeCoin);
//! assert_eq!(path.steps[1].0, Does::RunOut);
//! ```
//!
//! In a test, [`assert_holds`](crate::Report::assert_holds) panics with every counterexample. The
//! kinds of properties are listed at [`PropertyKind`](crate::PropertyKind), and what a premise
//! ([`given`](crate::Verification::given)) means for each at
//! [`Property::premise`](crate::Property::premise).
//!
//! # What must happen
//!
//! `eventually`, `leads_to` and `always_eventually` are about infinite paths too. Without a word about
//! fairness every path counts, also one on which a process never gets its turn, so most such properties
//! are violated by a lasso that does nothing useful. Say what cannot be put off for ever:
//!
//! - [`Fairness::Weak`](crate::Fairness::Weak): not for ever while it *stays* possible. Right for what
//!   a process does by itself.
//! - [`Fairness::Strong`](crate::Fairness::Strong): not for ever while it becomes possible *again and
//!   again*. Right for what competes with others, such as taking a lock.
//! - [`Fairness::None`](crate::Fairness::None): for faults, and for requests of users.
//!
//! Each action is a constraint of its own. Actions that carry data, such as *deliver this message*, may
//! be meant as one: [`fairness_by_group`](crate::Verification::fairness_by_group).
//!
//! A violation by an infinite path is a *lasso*:
//! [`repeats_from`](crate::Counterexample::repeats_from) says where it goes round.
//!
//! # What a report does not say
//!
//! *Holds* is said of a complete state space. A search that a limit
//! ([`max_states`](crate::Verification::max_states), [`timeout`](crate::Verification::timeout),
//! [`max_memory`](crate::Verification::max_memory)) cut short says *incomplete* of all that it did not
//! see violated. A property whose premise was never met is *vacuous*: a model in which nothing happens
//! fulfils everything. [`count_actions`](crate::Verification::count_actions) and
//! [`never_taken`](crate::Report::never_taken) show what a model offers and never does.
//!
//! Where a space is too large to finish, [`simulate`](crate::Verification::simulate) takes random
//! walks: they find violations, and prove nothing.
//!
//! # Speed
//!
//! A state is kept whole, and cloned for every transition, since that is all that a `Model` offers. Two
//! ways lead on:
//!
//! - [`fingerprints_only`](crate::Verification::fingerprints_only) keeps 64 bits of each state, and
//!   the report says how likely it is that two were taken for one.
//! - A [`Product`](crate::Product) is a model in parts that ask each other for consent. Its moves and
//!   answers are computed once per distinct part, however many states share it, and a state vector is a
//!   few bytes of part numbers, compared exactly. [`gray_lamport`](crate::gray_lamport) shows one, from
//!   the literature.
//!
//! A product can also declare what need not be told apart: interchangeable things
//! ([`symmetry`](crate::Product::symmetry)), and messages that nobody will ever look at
//! ([`is_stale`](crate::Product::is_stale)). Both are proven while the search goes on. Where they are
//! not true, they are not used, and the [report](crate::Report::reductions) says why.
