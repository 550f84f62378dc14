//! The choreographed saga: services that react to each other's events, and nobody who coordinates
//! them (Richardson, *Microservices Patterns*, 2018, chapter 4).
//!
//! The one idea: **a reaction is one local transaction** over the service's rows, its *inbox* (which
//! events were heard) and its *outbox* (which events are to be published). What is in the outbox is
//! published until every subscriber has acknowledged it; what is in the inbox changes nothing when it
//! comes again. So each event has its effect exactly once although it is delivered at least once.
//! Each service is its own relay here, and the network its broker; [`super::outbox`] looks at relays
//! and brokers as processes that fail on their own.
//!
//! # Who hears what
//!
//! The steps and their order are those of any [workflow](crate::workflow); subscriptions follow from
//! the order alone ([`ChoreographyPlan`]):
//!
//! | event | published when | heard by |
//! |---|---|---|
//! | `Requested` | the client asks | the first steps |
//! | `Done(s)` | step `s` took effect | the steps that wait for `s`; after a last step, the initiator |
//! | `Cancelled` | the client takes its request back | the point of no return; the last steps, if there is none |
//! | `Refused(s)` | the business said no, or `s` has not run and will not | the steps `s` waited for, and those that run beside it |
//! | `Undone(s)` | `s` is compensated, or will never run | the steps `s` waited for; after a first step, the initiator |
//!
//! A step is done when everything it waits for is done, and undone when everything that waited for it
//! is undone: so compensation runs in reverse although nobody directs it. A step that hears of a
//! refusal before it ran leaves a *tombstone*, and never runs.
//!
//! # Taking a request back
//!
//! Whether a cancellation comes in time must be decided in one place, or some services would go back
//! while others go on. Where there is a point of no return, its service decides, in the transaction in
//! which it would otherwise run. Where every step can be undone it is the initiator, which from then on
//! takes no completion for an answer; the last steps go back first, and the others follow as after a
//! refusal.
//!
//! The [`Initiator`] is where the client's request enters: it publishes `Requested` and hears how it
//! ended.

mod activity;
mod definition;
mod event;
pub(super) mod failures;
mod initiator;
mod knobs;
mod outbox;
mod plan;
pub(super) mod properties;
mod service;
mod store;
mod system;
mod validate;

pub use event::{ChoreographyMessage, ChoreographyTimer, Event, Line, Reaction, Subscriber};
pub use initiator::{Initiator, InitiatorLog, InitiatorRecord};
pub use knobs::{
    Acknowledge, ChoreographyExceptions, ChoreographyKnobs, Inbox, Join, Publish, Rollback,
};
pub use outbox::Outbox;
pub use plan::{ChoreographyPlan, Place};
pub use service::ReactingService;
pub use store::{Heard, ServiceRecord, ServiceStore};
pub use system::{Choreography, system};
