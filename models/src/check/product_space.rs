//! Exploration of products: states as rows of part numbers, packed into a few words.

use std::ops::Range;

use smallvec::SmallVec;

use super::chunked::Chunked;
use super::condition::{Condition, Parts};
use super::index::{self, Probe, SHARDS, Shard};
use super::packing::{Layout, Rows};
use super::product::{Fairness, Product, Snapshot, successors};
use super::record::{Edge, Record};
use super::space::{NO_PARENT, NotReplayed, Path, Space};
use super::tables::{Successors, Tables};
use super::verdict::Counterexample;

/// The states of a product, found so far.
pub(super) struct ProductSpace<'p, P: Product> {
    product: &'p P,
    tables: Tables<'p, P>,
    layout: Layout,
    rows: Rows,
    parents: Chunked<u32>,
    shards: Vec<Shard>,
    ids: Vec<u32>,
    found: Successors,
}

type Test<P> = Condition<Parts<<P as Product>::Part>>;

impl<'p, P: Product> ProductSpace<'p, P> {
    pub(super) fn new(product: &'p P) -> Self {
        ProductSpace {
            product,
            tables: Tables::new(product, 0),
            layout: Layout::new(std::iter::empty()),
            rows: Rows::new(1),
            parents: Chunked::new(),
            shards: vec![Shard::default(); SHARDS],
            ids: Vec::new(),
            found: Successors::default(),
        }
    }

    /// Packs all rows anew if a slot has run out of bits.
    fn widen_if_needed(&mut self) -> bool {
        if self.layout.fits(self.tables.sizes()) {
            return false;
        }
        let wider = Layout::new(self.tables.sizes());
        self.rows.repack(&self.layout, &wider);
        self.layout = wider;
        self.shards = vec![Shard::default(); SHARDS];
        for number in 0..self.rows.len() {
            let hash = index::hash(self.rows.get(number));
            let shard = &mut self.shards[index::shard_of(hash)];
            shard.make_room(1);
            if let Probe::Free(at) = shard.probe(hash, |_| false) {
                shard.enter(at, hash, number as u32);
            }
        }
        true
    }

    /// Fills `found` with the successors of a state.
    fn find_successors(&mut self, state: u32) {
        loop {
            self.found.clear();
            let row = self.rows.get(state as usize);
            if self.tables.successors(&self.layout, row, &mut self.found).is_ok() {
                return;
            }
            self.layout.unpack(row, &mut self.ids);
            self.tables.fill(&self.ids);
            self.widen_if_needed();
        }
    }

    /// The number of a row, which is entered if it is new.
    fn enter(&mut self, row: &[u64], parent: u32, tests: &[&Test<P>], record: &mut Record) -> u32 {
        let hash = index::hash(row);
        let shard = &mut self.shards[index::shard_of(hash)];
        shard.make_room(1);
        match shard.probe(hash, |number| self.rows.get(number as usize) == row) {
            Probe::Known(number) => number,
            Probe::Free(at) => {
                let number = self.rows.len() as u32;
                shard.enter(at, hash, number);
                self.rows.push(row);
                self.parents.push(parent);
                self.examine(row, tests, record);
                number
            }
        }
    }

    fn examine(&self, row: &[u64], tests: &[&Test<P>], record: &mut Record) {
        if tests.is_empty() {
            return;
        }
        let parts: SmallVec<[&P::Part; 24]> = self
            .layout
            .fields()
            .iter()
            .enumerate()
            .map(|(slot, field)| self.tables.part(slot, field.read(row)))
            .collect();
        let snapshot = Snapshot::new(&parts);
        record.mark(tests.iter().map(|test| test(snapshot)));
    }

    fn is_row_of(&self, state: u32, parts: &[P::Part]) -> bool {
        let row = self.rows.get(state as usize);
        parts
            .iter()
            .zip(self.layout.fields())
            .enumerate()
            .all(|(slot, (part, field))| self.tables.find_part(slot, part) == Some(field.read(row)))
    }

    fn carries(&self, action: &P::Action, label: Option<u32>) -> bool {
        label.is_none_or(|label| {
            self.tables.find_action(action).map(|id| self.tables.label(id)) == Some(label)
        })
    }
}

impl<P: Product> Space for ProductSpace<'_, P> {
    type State = Vec<P::Part>;
    type Action = P::Action;
    type Test = Test<P>;

    fn open(&mut self, tests: &[&Test<P>], record: &mut Record) {
        let initial = self.product.initial();
        let width = initial.first().map_or(0, Vec::len);
        self.tables = Tables::new(self.product, width);
        let mut states = Vec::with_capacity(initial.len());
        for state in initial {
            assert!(state.len() == width, "initial states differ in their number of slots");
            let ids =
                state.into_iter().enumerate().map(|(slot, part)| self.tables.part_id(slot, part));
            states.push(ids.collect::<Vec<u32>>());
        }
        self.layout = Layout::new(self.tables.sizes());
        self.rows = Rows::new(self.layout.words());
        let mut row = vec![0; self.layout.words()];
        for ids in states {
            self.layout.pack(&ids, &mut row);
            self.enter(&row, NO_PARENT, tests, record);
        }
    }

    fn expand(&mut self, states: Range<u32>, tests: &[&Test<P>], record: &mut Record) {
        for state in states {
            self.find_successors(state);
            record.taken.resize(self.tables.actions(), 0);
            let found = std::mem::take(&mut self.found);
            let rows = found.rows.chunks_exact(self.layout.words());
            for (row, &action) in rows.zip(&found.actions) {
                let target = self.enter(row, state, tests, record);
                record.taken[action as usize] += 1;
                if let Some(edges) = &mut record.edges {
                    edges.push(Edge { label: self.tables.label(action), target });
                }
            }
            record.expanded(found.actions.len());
            self.found = found;
        }
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
    }

    fn replay(&self, path: &Path) -> Result<Counterexample<Self::State, P::Action>, NotReplayed> {
        let mut initial = self.product.initial().into_iter();
        let start = initial
            .find(|state| self.is_row_of(path.states[0], state))
            .ok_or(NotReplayed { step: 0 })?;
        let mut steps: Vec<(P::Action, Vec<P::Part>)> = Vec::with_capacity(path.labels.len());
        for (at, (&target, &label)) in path.states[1..].iter().zip(&path.labels).enumerate() {
            let state = steps.last().map_or(&start, |(_, state)| state);
            let step = successors(self.product, state)
                .into_iter()
                .find(|(action, next)| self.is_row_of(target, next) && self.carries(action, label))
                .ok_or(NotReplayed { step: at + 1 })?;
            steps.push(step);
        }
        Ok(Counterexample { start, steps, repeats_from: path.repeats_from })
    }

    fn coverage(&self, record: &Record) -> Vec<(P::Action, u64)> {
        (0..self.tables.actions())
            .map(|id| {
                let taken = record.taken.get(id).copied().unwrap_or(0);
                (self.tables.action(id as u32).clone(), taken)
            })
            .collect()
    }
}
