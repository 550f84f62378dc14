//! Asking states and steps: the tests of a product, run on packed rows.

use std::ops::Range;

use smallvec::SmallVec;

use crate::explore::product::batch::Block;
use crate::explore::product::{ProductSpace, Test};
use crate::explore::workers;
use crate::product::{Product, Snapshot};
use crate::property::{Parts, StepSays, StepTest};
use crate::store::chunked::Bits;

/// How many states are examined by one thread before it looks for more: few, so that none waits long
/// for another that the machine holds up.
const EXAMINED: usize = 256;

/// A claim about the steps of a product.
pub(crate) type StepTestOf<P> = StepTest<Parts<<P as Product>::Part>, <P as Product>::Action>;

/// What tests say of one state, in their order.
pub(crate) type Said = SmallVec<[bool; 24]>;

/// All tests of a check in one go.
pub(crate) type Judge<Part> = dyn Fn(Snapshot<'_, Part>, &mut Said) + Send + Sync;

/// The parts of a state, in order of slots.
pub(crate) type PartsOf<'a, P> = SmallVec<[&'a <P as Product>::Part; 24]>;

impl<P: Product> ProductSpace<'_, P> {
    /// Runs the tests on states, one after the other.
    pub(crate) fn examine(&self, states: Range<usize>, tests: &[&Test<P>], marks: &mut Bits) {
        if tests.is_empty() {
            return;
        }
        let mut parts = PartsOf::<P>::new();
        let mut row: SmallVec<[u64; 4]> = SmallVec::from_elem(0, self.rows.words());
        let mut said = Said::new();
        let mut ids = Vec::new();
        let tries_all = self.symmetry.is_some();
        for state in states {
            self.rows.read(state, &mut row);
            self.parts(&row, &mut parts);
            if tries_all {
                self.layout.unpack(&row, &mut ids);
            }
            let audit = self.counts_only(&ids);
            let snapshot = match &audit {
                Some(audit) => Snapshot::audited(&parts, audit),
                None => Snapshot::new(&parts),
            };
            said.clear();
            self.judge(snapshot, tests, &mut said);
            said.iter().for_each(|&said| marks.push(said));
            if self.symmetry.is_some() {
                self.compare_tests(&ids, &said, tests);
            }
        }
    }

    /// Runs the tests on one state.
    pub(crate) fn judge(&self, state: Snapshot<'_, P::Part>, tests: &[&Test<P>], said: &mut Said) {
        match self.judge {
            Some(judge) => judge(state, said),
            None => said.extend(tests.iter().map(|test| test(state))),
        }
    }

    fn parts<'a>(&'a self, row: &[u64], parts: &mut PartsOf<'a, P>) {
        parts.clear();
        for (slot, field) in self.layout.fields().iter().enumerate() {
            parts.push(self.tables.part(slot, field.read(row)));
        }
    }

    /// Judges the steps of a block that are not judged yet. Their successors are not looked up yet.
    pub(crate) fn ask_steps(&self, block: &mut Block, tests: &[&StepTestOf<P>]) {
        if tests.is_empty() {
            return;
        }
        let words = self.layout.words();
        let mut said = std::mem::take(&mut block.steps);
        let (mut before, mut after) = (PartsOf::<P>::new(), PartsOf::<P>::new());
        let asked = said.len() / tests.len();
        for (state, actions, rows) in block.pending(asked, words) {
            self.parts(&self.rows.get_any(state as usize), &mut before);
            let first = said.len();
            said.resize(first + tests.len(), StepSays::default());
            for (&action, row) in actions.iter().zip(rows.chunks_exact(words)) {
                self.parts(row, &mut after);
                let action = self.tables.action(action);
                for (says, test) in said[first..].iter_mut().zip(tests) {
                    let (before, after) = (Snapshot::new(&before), Snapshot::new(&after));
                    *says = says.or(test.judge(before, action, after));
                }
            }
        }
        block.steps = said;
    }

    /// Runs the tests on states, on all threads. Returns what they say, run by run.
    pub(crate) fn examine_together(&self, states: Range<usize>, tests: &[&Test<P>]) -> Vec<Bits> {
        workers::map(states.len().div_ceil(EXAMINED), |run| {
            let start = states.start + run * EXAMINED;
            let mut marks = Bits::default();
            self.examine(start..states.end.min(start + EXAMINED), tests, &mut marks);
            marks
        })
    }
}

/// Whether a step breaks a claim about steps.
pub(crate) fn breaks<P: Product>(
    test: &StepTestOf<P>,
    before: &[P::Part],
    action: &P::Action,
    after: &[P::Part],
) -> bool {
    let (before, after): (PartsOf<'_, P>, PartsOf<'_, P>) =
        (before.iter().collect(), after.iter().collect());
    test.judge(Snapshot::new(&before), action, Snapshot::new(&after)).is_broken
}
