//! Carrying out the effects of one input: those on the store through transactions, the others on the
//! world outside, in order, with a crash possible before each of them.

use amends_models::protocol::{Effect, Process};

use crate::store::{Store, StoreError};

use super::host::{Home, Hosted, is_durable, perform};

/// The world around a process: where its effects go that leave no trace in the store.
pub(crate) trait Outside<P: Process> {
    /// Whether the process crashes here and now.
    fn crashes(&mut self) -> bool;

    /// Carries out an effect that is none on the store.
    fn carry_out(&mut self, effect: Effect<P>);

    /// Takes note that something became durable.
    fn persisted(&mut self, hosted: &Hosted<P>);
}

/// What became of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It waits for its next input.
    Waiting,
    /// It crashed. What it had in memory means nothing any more.
    Crashed,
}

/// Carries out everything that follows from the input a process was given.
pub(crate) async fn carry_out<P, S, H, O>(
    hosted: &mut Hosted<P>,
    home: &H,
    store: &S,
    outside: &mut O,
) -> Result<Flow, StoreError>
where
    P: Process,
    S: Store,
    H: Home<P, S::Transaction>,
    O: Outside<P>,
{
    while let Some(effect) = hosted.next_effect() {
        if outside.crashes() {
            return Ok(Flow::Crashed);
        }
        if is_durable(&effect) {
            let home = home.clone();
            let performed =
                store.transact(move |transaction| perform(&home, transaction, effect)).await?;
            hosted.absorb(performed);
            outside.persisted(hosted);
        } else {
            outside.carry_out(effect);
        }
    }
    Ok(Flow::Waiting)
}
