//! Exploration of products: states as rows of part numbers, packed into a few words.

use std::ops::Range;
use std::sync::atomic::AtomicUsize;

use rayon::iter::{IntoParallelRefMutIterator, ParallelIterator};

use super::audit::Audit;
use super::block::{Block, First, Fresh};
use super::chunked::Chunked;
use super::condition::{Condition, Parts};
use super::examine::{StepTestOf, breaks};
use super::index::{self, Probe, Shard};
use super::packing::Layout;
use super::parallel::{Round, Workers};
use super::product::{Fairness, Product, successors};
use super::record::{Edge, Record};
use super::reduction::{Choice, Locality, Objection, Reductions};
use super::rows::Rows;
use super::space::{MOST_STATES, NO_PARENT, NotReplayed, Path, Space, Tests};
use super::symmetric::NONE;
use super::symmetry::Symmetry;
use super::tables::Tables;
use super::unfolding::{Unfolded, UnfoldedLasso};
use super::verdict::{Counterexample, Reduction, ReductionReport};

/// The states of a product, found so far.
pub(super) struct ProductSpace<'p, P: Product> {
    pub(super) product: &'p P,
    pub(super) tables: Tables<'p, P>,
    pub(super) layout: Layout,
    pub(super) rows: Rows,
    parents: Chunked<u32>,
    shards: Vec<Shard>,
    pub(super) ids: Vec<u32>,
    workers: &'p Workers,
    /// How many of them may be used.
    pub(super) threads: usize,
    block: Block,
    round: Round,
    chosen: Reductions,
    pub(super) locality: Locality,
    /// The declared symmetry, while it is used.
    pub(super) symmetry: Option<Symmetry>,
    /// Why the declared symmetry is none.
    pub(super) objection: Option<String>,
    /// The proof that it is one.
    pub(super) audit: Audit<P>,
    /// A test that tells states apart that differ only in names, or [`NONE`].
    pub(super) told_apart: AtomicUsize,
}

/// How many states are expanded together by one thread.
const BLOCK: u32 = 64;

/// How many are looked up together by one of several.
const BATCH: u32 = 32;

/// How many states are expanded in one go by all threads: one in so many of those that are known,
/// within limits. Larger rounds make the threads wait less for each other, and take more memory.
const ROUND_SHARE: usize = 1 << 6;
const SMALLEST_ROUND: usize = 1 << 12;
const LARGEST_ROUND: usize = 1 << 14;

/// From how many states on it is worth while to use all threads.
const WORTH_SHARING: usize = 1 << 9;

/// A predicate on the states of a product.
pub(super) type Test<P> = Condition<Parts<<P as Product>::Part>>;

impl<'p, P: Product> ProductSpace<'p, P> {
    pub(super) fn new(product: &'p P, workers: &'p Workers, chosen: Reductions) -> Self {
        let layout = Layout::new(std::iter::empty());
        ProductSpace {
            product,
            tables: Tables::new(product, 0),
            rows: Rows::new(&layout),
            layout,
            parents: Chunked::new(),
            shards: index::shards(),
            ids: Vec::new(),
            workers,
            threads: workers.count(),
            block: Block::default(),
            round: Round::default(),
            chosen,
            locality: Locality::default(),
            symmetry: None,
            objection: None,
            audit: Audit::default(),
            told_apart: AtomicUsize::new(NONE),
        }
    }

    /// Packs all rows anew if a slot has run out of bits.
    pub(super) fn widen_if_needed(&mut self) -> bool {
        if self.layout.fits(self.tables.sizes()) {
            return false;
        }
        let wider = Layout::new(self.tables.sizes());
        self.rows.repack(&self.layout, &wider);
        self.layout = wider;
        self.shards = index::shards();
        for number in 0..self.rows.len() {
            let hash = self.rows.hash(number as u32);
            let shard = &mut self.shards[index::shard_of(hash)];
            shard.make_room(1, |number| self.rows.hash(number));
            shard.enter_new(hash, number as u32);
        }
        true
    }

    /// Expands and looks up the rest of a block. Returns whether that changed the layout, so that
    /// rows packed before are of no use.
    fn finish_block(&mut self, block: &mut Block, steps: &[&StepTestOf<P>]) -> bool {
        let mut widened = false;
        loop {
            let (tables, layout, rows) = (&self.tables, &self.layout, &self.rows);
            let symmetry = self.symmetry.as_ref();
            if block.expand(tables, layout, rows, self.first(), symmetry, u32::MAX).is_ok() {
                break;
            }
            let row = self.rows.get_any(block.next_state() as usize);
            self.layout.unpack(&row, &mut self.ids);
            self.tables.fill(&self.ids);
            self.attend_to_symmetry();
            if self.widen_if_needed() {
                block.restart();
                widened = true;
            }
        }
        self.ask_steps(block, steps);
        block.look_up(&self.rows, &self.shards);
        widened
    }

    /// Expands a run of states on one thread.
    fn expand_alone(&mut self, states: Range<u32>, tests: &Tests<'_, Self>, record: &mut Record) {
        let mut block = std::mem::take(&mut self.block);
        for start in states.clone().step_by(BLOCK as usize) {
            block.begin(start..states.end.min(start + BLOCK));
            self.finish_block(&mut block, &tests.steps);
            let before = self.rows.len();
            for at in 0..block.fresh.len() {
                let Fresh { hash, source, place } = block.fresh[at];
                let row = block.fresh_row(at, self.layout.words());
                block.targets[place as usize] = self.enter(row, hash, source);
            }
            self.examine(before..self.rows.len(), &tests.states, &mut record.marks);
            record.taken.resize(self.tables.actions(), 0);
            block.count_actions(&mut record.taken);
            self.note(&block, record);
            self.look_for_lonely_moves(start..states.end.min(start + BLOCK));
        }
        self.block = block;
    }

    /// Expands a run of states on all threads; see [`parallel`](super::parallel).
    fn expand_together(
        &mut self,
        states: Range<u32>,
        tests: &Tests<'_, Self>,
        record: &mut Record,
    ) {
        let mut round = std::mem::take(&mut self.round);
        round.begin(self.threads, states.clone());
        loop {
            round.blocks_mut().par_iter_mut().for_each(|block| {
                let (tables, layout, rows) = (&self.tables, &self.layout, &self.rows);
                let symmetry = self.symmetry.as_ref();
                while !block.is_done()
                    && block.expand(tables, layout, rows, self.first(), symmetry, BATCH).is_ok()
                {
                    self.ask_steps(block, &tests.steps);
                    block.look_up(rows, &self.shards);
                }
            });
            let mut widened = false;
            for block in round.blocks_mut().iter_mut().filter(|block| !block.is_done()) {
                widened = self.finish_block(block, &tests.steps);
                if widened {
                    // The others still hold rows of the old layout, and must not go on with them.
                    break;
                }
            }
            if !widened {
                break;
            }
            round.blocks_mut().iter_mut().for_each(Block::restart);
        }
        let total = round.sequence();
        let base = self.len();
        if u64::from(base) + total > MOST_STATES {
            self.round = round;
            return self.expand_alone(states, tests, record);
        }
        let words = self.layout.words();
        round.compare(words, record.edges.is_some(), self.tables.actions());
        round.make_room(&mut self.shards, &self.rows);
        let (rows, parents) = (&mut self.rows, &mut self.parents);
        let number = || {
            round.number(words, |row, source| {
                rows.push(row);
                parents.push(source);
            });
        };
        rayon::join(number, || round.enter(base, &mut self.shards));
        self.examine_together(base as usize..self.rows.len(), &tests.states, &mut record.marks);
        if record.edges.is_some() {
            round.resolve(base);
        }
        for block in round.blocks() {
            self.note(block, record);
        }
        self.look_for_lonely_moves(states);
        self.round = round;
    }

    /// Which slots may go first, if any may.
    fn first(&self) -> Option<First<'_>> {
        let first = First { locality: &self.locality, shards: &self.shards };
        self.locality.is_on().then_some(first)
    }

    /// The number of a row, which is entered if it is new.
    fn enter(&mut self, row: &[u64], hash: u64, parent: u32) -> u32 {
        let shard = &mut self.shards[index::shard_of(hash)];
        shard.make_room(1, |number| self.rows.hash(number));
        match shard.probe(hash, |number| self.rows.is::<0>(number as usize, row)) {
            Probe::Known(number) => number,
            Probe::Free(at) => {
                let number = self.rows.len() as u32;
                shard.enter(at, hash, number);
                self.rows.push(row);
                self.parents.push(parent);
                number
            }
        }
    }

    /// Writes down the transitions of a block.
    fn note(&self, block: &Block, record: &mut Record) {
        let mut edges = block.actions.iter().zip(&block.targets);
        for &count in &block.counts {
            if let Some(kept) = &mut record.edges {
                for (&action, &target) in edges.by_ref().take(count as usize) {
                    kept.push(Edge { label: self.tables.label(action), target });
                }
            }
            record.expanded(count as usize);
        }
        record.note_steps(&block.steps);
    }

    fn is_row_of(&mut self, state: u32, parts: &[P::Part]) -> bool {
        let ids = self.canonical_ids(parts);
        let row = self.rows.get_any(state as usize);
        ids.iter().zip(self.layout.fields()).all(|(&id, field)| id == field.read(&row))
    }

    pub(super) fn carries(&self, action: &P::Action, label: Option<u32>) -> bool {
        label.is_none_or(|label| {
            self.tables.find_action(action).map(|id| self.tables.label(id)) == Some(label)
        })
    }
}

impl<P: Product> Space for ProductSpace<'_, P> {
    type State = Vec<P::Part>;
    type Action = P::Action;
    type Test = Test<P>;
    type StepTest = StepTestOf<P>;

    fn open(&mut self, tests: &Tests<'_, Self>, record: &mut Record) {
        let initial = self.product.initial();
        let width = initial.first().map_or(0, Vec::len);
        self.tables = Tables::new(self.product, width);
        if self.chosen.partial_order == Choice::Use {
            self.locality = Locality::new(width, &self.chosen.excluded);
            self.tables.audit_privacy();
        }
        let mut states = Vec::with_capacity(initial.len());
        for state in initial {
            assert!(state.len() == width, "initial states differ in their number of slots");
            let ids =
                state.into_iter().enumerate().map(|(slot, part)| self.tables.part_id(slot, part));
            states.push(ids.collect::<Vec<u32>>());
        }
        if self.chosen.symmetry == Choice::Use {
            self.open_symmetry(&mut states);
        }
        self.layout = Layout::new(self.tables.sizes());
        self.rows = Rows::new(&self.layout);
        let mut row = vec![0; self.layout.words()];
        for ids in states {
            self.layout.pack(&ids, &mut row);
            self.enter(&row, index::hash(&row), NO_PARENT);
        }
        self.examine(0..self.rows.len(), &tests.states, &mut record.marks);
    }

    fn expand(&mut self, states: Range<u32>, tests: &Tests<'_, Self>, record: &mut Record) {
        if self.threads == 1 || states.len() < WORTH_SHARING {
            return self.expand_alone(states, tests, record);
        }
        // Handing work over to the threads takes a while, so all rounds go in one parcel.
        let workers = self.workers;
        workers.install(|| {
            let size = self.rows.len() / ROUND_SHARE;
            let size = size.clamp(SMALLEST_ROUND, LARGEST_ROUND);
            for start in states.clone().step_by(size) {
                let end = states.end.min(start + size as u32);
                self.expand_together(start..end, tests, record);
            }
        });
    }

    fn len(&self) -> u32 {
        self.rows.len() as u32
    }

    fn parent(&self, state: u32) -> u32 {
        self.parents.get(state as usize)
    }

    fn constraints(&self) -> Vec<Fairness> {
        self.tables.constraints().to_vec()
    }

    fn bytes(&self) -> u64 {
        self.tables.bytes()
            + self.rows.bytes()
            + self.parents.bytes()
            + self.shards.iter().map(Shard::bytes).sum::<u64>()
            + self.round.bytes()
    }

    fn replay(
        &mut self,
        path: &Path,
    ) -> Result<Counterexample<Self::State, P::Action>, NotReplayed> {
        let mut initial = self.product.initial().into_iter();
        let start = initial
            .find(|state| self.is_row_of(path.states[0], state))
            .ok_or(NotReplayed { step: 0 })?;
        let mut steps: Vec<(P::Action, Vec<P::Part>)> = Vec::with_capacity(path.labels.len());
        for (at, (&target, &label)) in path.states[1..].iter().zip(&path.labels).enumerate() {
            let state = steps.last().map_or(&start, |(_, state)| state);
            let step = successors(self.product, state)
                .into_iter()
                .find(|(action, next)| self.carries(action, label) && self.is_row_of(target, next))
                .ok_or(NotReplayed { step: at + 1 })?;
            steps.push(step);
        }
        Ok(Counterexample { start, steps, repeats_from: path.repeats_from })
    }

    fn unfold(&mut self, states: &[u32]) -> Option<Unfolded> {
        self.is_quotient().then(|| self.unfold_states(states))
    }

    fn is_quotient(&self) -> bool {
        self.symmetry.is_some()
    }

    fn replay_lasso(
        &mut self,
        lasso: &UnfoldedLasso,
    ) -> Result<Counterexample<Self::State, P::Action>, NotReplayed> {
        self.replay_unfolded(lasso)
    }

    fn breaking_step(
        &self,
        state: &Vec<P::Part>,
        test: &StepTestOf<P>,
    ) -> Option<(P::Action, Vec<P::Part>)> {
        successors(self.product, state)
            .into_iter()
            .find(|(action, next)| breaks::<P>(test, state, action, next))
    }

    fn objection(&self) -> Option<Objection> {
        if let Some(objection) = self.objection_to_symmetry() {
            return Some(objection);
        }
        if !self.locality.is_on() {
            return None;
        }
        match self.tables.breach() {
            Some(reason) => Some(Objection::NotPrivate(reason.to_owned())),
            None => self.locality.objection(),
        }
    }

    fn reductions(&self) -> Vec<ReductionReport> {
        let mut reports = Vec::new();
        let mut report = |reduction, choice: &Choice, was_used, is_possible| match choice {
            Choice::Use if was_used => reports.push(ReductionReport { reduction, refused: None }),
            Choice::Refuse(reason) if is_possible => {
                reports.push(ReductionReport { reduction, refused: Some(reason.clone()) });
            }
            _ => {}
        };
        report(Reduction::Symmetry, &self.chosen.symmetry, self.symmetry.is_some(), true);
        let (used, possible) = (self.locality.was_used(), self.tables.has_privacy());
        report(Reduction::PartialOrder, &self.chosen.partial_order, used, possible);
        reports
    }

    fn coverage(&self, record: &Record) -> Vec<(P::Action, u64)> {
        let taken = self.round.taken();
        (0..self.tables.actions())
            .map(|id| {
                let taken = record.taken.get(id).unwrap_or(&0) + taken.get(id).unwrap_or(&0);
                (self.tables.action(id as u32).clone(), taken)
            })
            .collect()
    }
}
