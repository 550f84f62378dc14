//! Asking a product again what it said before.
//!
//! Moves and answers are computed once and remembered, so a product whose answers change would be
//! explored as if they never did.

use smallvec::SmallVec;

use crate::explore::product::evaluate::PartsOf;
use crate::explore::product::{ProductSpace, Test};
use crate::model_error::ModelError;
use crate::product::automata::Demand;
use crate::product::{Move, Product, Snapshot};

impl<P: Product> ProductSpace<'_, P> {
    /// Whether the state of this number passes a test.
    pub(crate) fn judges_row(&self, state: u32, test: &Test<P>) -> bool {
        let parts: PartsOf<'_, P> =
            self.ids(state).enumerate().map(|(slot, id)| self.tables.part(slot, id)).collect();
        test(Snapshot::new(&parts))
    }

    /// Asks every slot of a state again for its moves, and for its answers to those of the others.
    ///
    /// # Errors
    /// When it says something else than before.
    pub(crate) fn repeats_parts(&self, state: u32) -> Result<(), ModelError> {
        let ids: SmallVec<[u32; 24]> = self.ids(state).collect();
        let mut moves = Vec::new();
        for (slot, &part) in ids.iter().enumerate() {
            let Some(known) = self.tables.automata().moves(slot, part) else { continue };
            moves.clear();
            self.product.moves(slot, self.tables.part(slot, part), &mut moves);
            let is_same = known.len() == moves.len()
                && known.zip(&moves).all(|(at, found)| self.is_move(slot, at, found));
            if !is_same {
                let part = self.tables.part(slot, part);
                return Err(changes(format!(
                    "slot {slot} has other moves while it holds {part:?}"
                )));
            }
            for (slot, request) in moves.iter().flat_map(|found| &found.requests) {
                self.repeats_answer(*slot, request, ids[*slot])?;
            }
        }
        Ok(())
    }

    fn ids(&self, state: u32) -> impl Iterator<Item = u32> + '_ {
        let row = self.rows.get_any(state as usize);
        self.layout.fields().iter().map(move |field| field.read(&row))
    }

    /// Whether a move is the one that is remembered.
    fn is_move(&self, slot: usize, at: u32, found: &Move<P>) -> bool {
        let (tables, step) = (&self.tables, self.tables.automata().step(at));
        let demands = tables.automata().demands(step);
        let is_demand = |(demand, (slot, request)): (&Demand, &(usize, P::Request))| {
            demand.slot as usize == *slot && tables.request(*slot, demand.request) == request
        };
        // What is stale was taken out of the part that is remembered.
        let is_target =
            |target: u32| tables.stale.is_some() || *tables.part(slot, target) == found.part;
        *tables.action(step.action()) == found.action
            && demands.len() == found.requests.len()
            && demands.iter().zip(&found.requests).all(is_demand)
            && step.part().is_none_or(is_target)
    }

    fn repeats_answer(
        &self,
        slot: usize,
        request: &P::Request,
        part: u32,
    ) -> Result<(), ModelError> {
        let Some(number) = self.tables.find_request(slot, request) else { return Ok(()) };
        let demand = Demand { slot: slot as u32, request: number };
        let Ok(known) = self.tables.automata().answer(demand, part) else { return Ok(()) };
        let part = self.tables.part(slot, part);
        let found = self.product.answer(slot, part, request);
        let is_same = match (known, &found) {
            (Some(known), Some(found)) => {
                self.tables.stale.is_some() || self.tables.part(slot, known) == found
            }
            (known, found) => known.is_none() == found.is_none(),
        };
        if is_same {
            return Ok(());
        }
        let said =
            format!("slot {slot} answers {request:?} in another way while it holds {part:?}");
        Err(changes(said))
    }
}

fn changes(what: String) -> ModelError {
    ModelError::ModelChanges { what }
}
