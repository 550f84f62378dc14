//! Normal forms: filling the tables with parts without what is stale, and proving on the way that nothing is lost by it.
//!
//! What is claimed, and why that is enough, is told in [`stale`](crate::product::stale).

use std::sync::atomic::Ordering;

use crate::explore::product::evaluate::{PartsOf, Said};
use crate::explore::product::symmetry::NONE;
use crate::explore::product::{ProductSpace, Test};
use crate::explore::workers;
use crate::graph::Graph;
use crate::graph::record::{Edge, Record};
use crate::limits::Limit;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::liveness::fair_scc::FairComponents;
use crate::liveness::fairness_rules::AnyLoop;
use crate::product::automata::{Demand, number};
use crate::product::memo::Tables;
use crate::product::stale::Stale;
use crate::product::{Product, Snapshot};
use crate::reduction::UnsoundReduction;
use crate::reduction::flaw::{self, Flaw};
use crate::reduction::stale_messages::{StaleAudit, is_loss};

/// So many states are looked at by one thread before it looks for more.
const COMPARED: usize = 256;

impl<P: Product> Tables<'_, P> {
    /// From now on, takes away from parts what is stale.
    pub(crate) fn take_stale_away(&mut self) {
        self.stale = Some(Stale::new(self.sizes().count()));
    }

    /// Whether any part so far has something stale.
    pub(crate) fn met_stale(&self) -> bool {
        let of_slot = |slot: usize| {
            let mut parts = (0..self.parts(slot) as u32).map(|part| self.part(slot, part));
            parts.any(|part| self.product().normalized(slot, part).is_some())
        };
        self.stale.as_ref().is_some_and(Stale::was_used) || (0..self.sizes().count()).any(of_slot)
    }

    /// The number of the normal form of a part, and whether it is less than the part.
    pub(crate) fn normalized_id(&mut self, slot: usize, part: P::Part) -> (u32, bool) {
        let normalized = match &self.stale {
            Some(_) => self.product().normalized(slot, &part),
            None => None,
        };
        let Some(normalized) = normalized else { return (self.whole_part_id(slot, part), false) };
        let id = self.whole_part_id(slot, normalized);
        if let Some(stale) = &mut self.stale {
            stale.note_normalized(slot, id);
        }
        (id, true)
    }

    /// Finds out which requests are stale for a new part.
    pub(crate) fn judge_part(&mut self, slot: usize, part: u32) {
        let Some(mut stale) = self.stale.take() else { return };
        let judged: Vec<bool> =
            (0..self.requests(slot)).map(|request| self.is_stale(slot, part, request)).collect();
        stale.add_part(slot, judged.into_iter());
        self.stale = Some(stale);
    }

    /// Finds out for which parts a new request is stale.
    pub(crate) fn judge_request(&mut self, slot: usize, request: u32) {
        let Some(mut stale) = self.stale.take() else { return };
        let judged: Vec<bool> =
            (0..self.parts(slot) as u32).map(|part| self.is_stale(slot, part, request)).collect();
        if let Some(step) = stale.add_request(slot, judged.into_iter()) {
            stale.object(|| self.revived(slot, request, step));
        }
        self.stale = Some(stale);
    }

    /// Makes sure that what is stale for a part is stale for what it becomes.
    pub(crate) fn judge_step(&mut self, slot: usize, from: u32, to: u32) {
        let Some(mut stale) = self.stale.take() else { return };
        if let Some(request) = stale.add_step(slot, from, to) {
            stale.object(|| self.revived(slot, request, (from, to)));
        }
        self.stale = Some(stale);
    }

    fn is_stale(&self, slot: usize, part: u32, request: u32) -> bool {
        self.product().is_stale(slot, self.part(slot, part), self.request(slot, request))
    }

    fn revived(&self, slot: usize, request: u32, (from, to): (u32, u32)) -> String {
        format!(
            "{:?} is said to be stale, but may be heeded later (slot {slot}: {:?} becomes {:?})",
            self.request(slot, request),
            self.part(slot, from),
            self.part(slot, to),
        )
    }

    /// Why something that was taken away is not stale, if it is not. All that was ever asked is known by
    /// now.
    pub(crate) fn unsound_staleness(&self) -> Option<String> {
        self.stale.as_ref().filter(|stale| stale.was_used())?;
        if flaw::is_present(Flaw::TrustsStaleness) {
            return None;
        }
        (0..self.sizes().count()).find_map(|slot| {
            let mut audit = StaleAudit::new(self.product(), slot);
            let requests = self.all_requests(slot);
            (0..self.parts(slot) as u32).find_map(|part| {
                let was_asked = |request: &u32| {
                    let demand = Demand { slot: number(slot), request: *request };
                    self.automata().answer(demand, part).is_ok()
                };
                let asked = (0..self.requests(slot)).filter(was_asked);
                let asked: Vec<&P::Request> =
                    asked.map(|request| self.request(slot, request)).collect();
                let wrong = audit.wrong_about(self.part(slot, part), &requests, &asked);
                wrong.or_else(|| self.unsound_waste(&mut audit))
            })
        })
    }

    /// By slot and part, what the part becomes by granting what is stale for it.
    fn stale_forms(&self) -> Vec<Vec<Vec<P::Part>>> {
        let product = self.product();
        let of_slot = |slot: usize| {
            let requests = self.all_requests(slot);
            let of_part = |part: u32| {
                let part = self.part(slot, part);
                let stale = requests.iter().filter(|request| product.is_stale(slot, part, request));
                stale.filter_map(|request| product.answer(slot, part, request)).collect()
            };
            (0..self.parts(slot) as u32).map(of_part).collect()
        };
        (0..self.sizes().count()).map(of_slot).collect()
    }

    fn all_requests(&self, slot: usize) -> Vec<&P::Request> {
        (0..self.requests(slot)).map(|request| self.request(slot, request)).collect()
    }

    /// Why it makes a difference that requests are wasted on what is stale, if it does.
    fn unsound_waste(&self, audit: &mut StaleAudit<'_, P>) -> Option<String> {
        std::mem::take(&mut audit.wasted).into_iter().find_map(|(slot, request)| {
            let losses = (0..self.parts(slot) as u32).filter_map(|part| {
                let part = self.part(slot, part);
                Some((self.product().answer(slot, part, &request)?, part.clone()))
            });
            let is_loss =
                is_loss(self.product(), slot, losses.collect(), &self.all_requests(slot));
            (!is_loss).then(|| {
                format!(
                    "{request:?} may be wasted on what is stale, and makes something possible (slot \
                     {slot})"
                )
            })
        })
    }

    /// For each successor of a state, in their order, whether something stale was taken away.
    fn relieved(&self, stale: &Stale, state: &[u32]) -> Vec<bool> {
        let automata = self.automata();
        let mut relieved = Vec::new();
        let mut row = state.to_vec();
        for (slot, &part) in state.iter().enumerate() {
            'steps: for at in automata.moves(slot, part).unwrap_or_default() {
                let step = automata.step(at);
                let mut is_relieved = stale.is_marked_step(at);
                row.copy_from_slice(state);
                row[slot] = step.part().unwrap_or(part);
                for &demand in automata.demands(step) {
                    let slot = demand.slot as usize;
                    let Ok(Some(answer)) = automata.answer(demand, row[slot]) else {
                        continue 'steps;
                    };
                    is_relieved |= stale.is_marked_answer(slot, demand.request, row[slot]);
                    row[slot] = answer;
                }
                relieved.push(is_relieved);
            }
        }
        relieved
    }
}

impl<P: Product> ProductSpace<'_, P> {
    /// Asks the tests about all states once more, when each part has granted something stale, if it can. All
    /// that is stale is known by now.
    pub(crate) fn compare_with_stale(&self, tests: &[&Test<P>], record: &Record) {
        let forms = self.tables.stale_forms();
        workers::each_number(self.rows.len().div_ceil(COMPARED), &|run| {
            let start = run * COMPARED;
            let mut ids = Vec::new();
            for state in start..self.rows.len().min(start + COMPARED) {
                self.layout.unpack(self.rows.get_any(state), &mut ids);
                let of_slot = |slot: usize| &forms[slot][ids[slot] as usize];
                if (0..ids.len()).all(|slot| of_slot(slot).is_empty()) {
                    continue;
                }
                let part = |slot: usize| self.tables.part(slot, ids[slot]);
                let other = |slot: usize| match &of_slot(slot)[..] {
                    [] => part(slot),
                    forms => &forms[state % forms.len()],
                };
                let others: PartsOf<'_, P> = (0..ids.len()).map(other).collect();
                let mut said = Said::new();
                self.judge(Snapshot::new(&others), tests, &mut said);
                for (at, &said) in said.iter().enumerate() {
                    if record.column(at).get(state as u32) != said {
                        self.looks_at_stale.fetch_min(at, Ordering::Relaxed);
                    }
                }
            }
        });
    }

    /// Why nothing stale must be taken away.
    pub(crate) fn objection_to_staleness(&self) -> Option<UnsoundReduction> {
        let stale = self.tables.stale.as_ref()?;
        if let Some(reason) = stale.breach() {
            return Some(UnsoundReduction::Stale(reason.to_owned()));
        }
        match self.looks_at_stale.load(Ordering::Relaxed) {
            NONE => None,
            test => Some(UnsoundReduction::LooksAtStale(test)),
        }
    }

    /// Why stale requests must not be taken away where fair paths are judged, if they must not: a step
    /// of a loop brings one.
    ///
    /// # Errors
    /// The limit that was reached meanwhile.
    pub(crate) fn stale_on_loops(
        &mut self,
        graph: &Graph<'_>,
        budget: &AnalysisBudget<'_>,
    ) -> Result<Option<UnsoundReduction>, Limit> {
        let Some(stale) = self.tables.stale.as_ref().filter(|stale| stale.was_used()) else {
            return Ok(None);
        };
        let all: Vec<u32> = (0..graph.states).collect();
        let loops = FairComponents::find(graph, &all, &AnyLoop, budget)?;
        for state in all.into_iter().filter(|&state| loops.contains(state)) {
            budget.go_on()?;
            let stays = |edge: &Edge| loops.together(state, edge.target);
            if !graph.out(state).any(|edge| stays(&edge)) {
                continue;
            }
            self.layout.unpack(self.rows.get_any(state as usize), &mut self.ids);
            let relieved = self.tables.relieved(stale, &self.ids);
            debug_assert_eq!(
                relieved.len(),
                graph.edges.degree(state),
                "successors keep their order"
            );
            let mut steps = graph.out(state).zip(relieved);
            if steps.any(|(edge, is_relieved)| is_relieved && stays(&edge)) {
                return Ok(Some(UnsoundReduction::Stale(String::from(
                    "messages that nobody heeds may be sent again and again",
                ))));
            }
        }
        Ok(None)
    }
}
