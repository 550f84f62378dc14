//! A protocol of your own: from its core to a run, without a change to anything that is here.
//!
//! What the catalogue has, it has of protocols that this crate does not need to know: a
//! [`ProtocolDefinition`](crate::system::ProtocolDefinition) is all that a spec, the checker and the runtime ask for. The example
//! `examples/own_protocol` adds a ninth protocol, the *job*, whose steps are repeated until they are done.
//! `cargo run --example own_protocol` reads a spec of it, checks it with the right choice and with the wrong
//! one, and runs it on Tokio.
//!
//! # The cores
//!
//! Begin with the state machines, one [`Process`](crate::process::Process) for each role. A core is asked
//! what follows from one input, and answers with effects in order; its
//! [module](crate::process) says what a host owes it. Because it is a function, its first test needs no
//! host:
//!
//! ```
//! use amends_models::process::{Address, Effect, Input, Process, ServiceId, WorkflowId};
//!
//! /// Answers every question, and remembers nothing.
//! struct Echo;
//!
//! impl Process for Echo {
//!     type Volatile = ();
//!     type Durable = ();
//!     type Record = ();
//!     type Change = ();
//!     type Message = u8;
//!     type Timer = ();
//!     type Outcome = ();
//!
//!     fn fold(&self, (): &mut (), (): &()) {}
//!
//!     fn handle(&self, (): &mut (), (): &(), input: Input<Self>, effects: &mut Vec<Effect<Self>>) {
//!         if let Input::Message { from, message } = input {
//!             effects.push(Effect::Send { to: from, message });
//!         }
//!     }
//!
//!     fn awaits_start(&self, (): &(), (): &()) -> bool {
//!         false
//!     }
//!
//!     fn awaits(&self, (): &()) -> Option<Address> {
//!         None
//!     }
//! }
//!
//! let client = Address::Coordinator(WorkflowId(0));
//! let mut effects = Vec::new();
//! Echo.handle(&mut (), &(), Input::Message { from: client, message: 7 }, &mut effects);
//! assert_eq!(effects, [Effect::Send { to: client, message: 7 }]);
//! ```
//!
//! Roles that keep different logs are joined by [`Role`](crate::system::Role). Who lives at which
//! [`Address`](crate::process::Address) is up to you; a role that none of them fits needs a new one in
//! `process/ids.rs`.
//!
//! # The system
//!
//! A [`ProtocolModel`](crate::system::ProtocolModel) brings what the cores leave open: what a change does to
//! resources, the monitors that remember what really happened, how a state is read, and the words for
//! reports. [`SystemBuilder`](crate::system::SystemBuilder) places the cores on nodes. Where each workflow
//! has a coordinator, [`StateLayout`](crate::protocols::steps::StateLayout) finds its log and its witness
//! in a state, and has the properties that every such protocol has.
//!
//! # The properties
//!
//! A [`BuiltIn`](crate::system::BuiltIn) has a name, a meaning and a kind; its condition is a closure over
//! a state. Judge by what monitors saw and not by what a process believes: a log that says *done* proves
//! nothing about the resources.
//!
//! # The knobs
//!
//! Knobs are a plain type that serde can read and schemars can describe. Give each wrong choice that real
//! systems make a name, let the default be right, and write a test for each: with the default everything
//! holds, with the wrong choice the checker shows what breaks. A check that catches nothing is not known to
//! check anything.
//!
//! # The definition
//!
//! [`ProtocolDefinition`](crate::system::ProtocolDefinition) names the protocol, its tables of knobs and its
//! properties, and makes the system. [`Requirements`](crate::workflow::Requirements) refuses what a workflow
//! says that means nothing to it, at the place where it is written.
//!
//! Then everything is there. In the package `amends`, `spec::parse_as::<Yours>` reads a spec whose
//! `protocol` is yours, with its table of knobs and with errors that point into the file;
//! `check::check_spec` checks it, and `runtime::run` carries it out.
//!
//! # The files outside its folder
//!
//! | to add a protocol | files outside its folder |
//! |---|---|
//! | in a package of your own, as the example does | none; for cargo to run the tests of an example, `Cargo.toml` |
//! | to the catalogue of this crate | `protocols/mod.rs`: its module; `protocols/catalogue.rs`: a row, and a line for its table of knobs |
//! | with a role that no address fits | also `process/ids.rs` |
//!
//! A protocol in the catalogue is known to the command line as well: to `amends check`, `--set`, the JSON
//! Schema and all other commands.
