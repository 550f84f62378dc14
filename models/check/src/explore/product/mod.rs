//! Exploration of products: states as rows of part numbers, packed into a few words.

pub(crate) mod batch;
pub(crate) mod evaluate;
pub(crate) mod expand;
pub(crate) mod normalize_stale;
pub(crate) mod parallel;
pub(crate) mod provisional;
pub(crate) mod repetition;
pub(crate) mod replay;
pub(crate) mod symmetry;
pub(crate) mod unfold;
pub(crate) mod visited;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use crate::explore::product::batch::Block;
use crate::explore::product::evaluate::{Judge, PartsOf, StepTestOf, breaks};
use crate::explore::product::parallel::Round;
use crate::explore::product::replay::Run;
use crate::explore::product::symmetry::NONE;
use crate::explore::state_space::{NotReplayed, Space, Tests};
use crate::explore::workers::Workers;
use crate::graph::Graph;
use crate::graph::path::Path;
use crate::graph::record::Record;
use crate::graph::unfolded::Unfolded;
use crate::graph::unfolded::UnfoldedLasso;
use crate::limits::Limit;
use crate::limits::analysis_budget::AnalysisBudget;
use crate::model_error::ModelError;
use crate::product::memo::Tables;
use crate::product::stale::Stale;
use crate::product::{Fairness, Product, Snapshot, successors};
use crate::property::{Condition, Parts};
use crate::reduction::symmetry::Symmetry;
use crate::reduction::symmetry::equivariance::Audit;
use crate::reduction::{Choice, Reductions, UnsoundReduction};
use crate::report::verdict::{Counterexample, NoState, Reduction, ReductionReport};
use crate::store::chunked::Chunked;
use crate::store::index::{self, Shard};
use crate::store::layout::Layout;
use crate::store::state_vectors::Rows;

/// The states of a product, found so far.
pub(crate) struct ProductSpace<'p, P: Product> {
    pub(crate) product: &'p P,
    /// All tests in one go, if that is cheaper than one by one.
    pub(crate) judge: Option<&'p Judge<P::Part>>,
    pub(crate) tables: Tables<'p, P>,
    pub(crate) layout: Layout,
    pub(crate) rows: Rows,
    pub(crate) parents: Chunked<u32>,
    pub(crate) shards: Vec<Shard>,
    pub(crate) ids: Vec<u32>,
    pub(crate) workers: &'p Workers,
    /// How many of them may be used.
    pub(crate) threads: usize,
    pub(crate) block: Block,
    pub(crate) round: Round,
    pub(crate) chosen: Reductions,
    /// The declared symmetry, while it is used.
    pub(crate) symmetry: Option<Symmetry>,
    /// Why the declared symmetry cannot be used.
    pub(crate) objection: Option<UnsoundReduction>,
    /// The proof that it is one.
    pub(crate) audit: Audit<P>,
    /// A test that tells states apart that differ only in names, or [`NONE`].
    pub(crate) told_apart: AtomicUsize,
    /// Whether a test looks at more than counts that are the same in all images of a state.
    pub(crate) looks_beyond_counts: AtomicBool,
    /// A test that looks at what is stale, or [`NONE`].
    pub(crate) looks_at_stale: AtomicUsize,
}

/// A predicate on the states of a product.
pub(crate) type Test<P> = Condition<Parts<<P as Product>::Part>>;

impl<'p, P: Product> ProductSpace<'p, P> {
    pub(crate) fn new(
        product: &'p P,
        judge: Option<&'p Judge<P::Part>>,
        workers: &'p Workers,
        chosen: Reductions,
    ) -> Self {
        let layout = Layout::new(std::iter::empty());
        ProductSpace {
            product,
            judge,
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
            symmetry: None,
            objection: None,
            audit: Audit::default(),
            told_apart: AtomicUsize::new(NONE),
            looks_beyond_counts: AtomicBool::new(false),
            looks_at_stale: AtomicUsize::new(NONE),
        }
    }

    fn is_row_of(&mut self, state: u32, parts: &[P::Part]) -> bool {
        let ids = self.canonical_ids(parts);
        let row = self.rows.get_any(state as usize);
        ids.iter().zip(self.layout.fields()).all(|(&id, field)| id == field.read(&row))
    }

    pub(crate) fn carries(&self, action: &P::Action, label: Option<u32>) -> bool {
        label.is_none_or(|label| {
            self.tables.find_action(action).map(|id| self.tables.label(id)) == Some(label)
        })
    }
}

impl<'p, P: Product> Space for ProductSpace<'p, P> {
    type State = Vec<P::Part>;
    type Action = P::Action;
    type Test = Test<P>;
    type StepTest = StepTestOf<P>;

    fn open(&mut self, tests: &Tests<'_, Self>, record: &mut Record) {
        let initial = self.product.initial();
        let width = initial.first().map_or(0, Vec::len);
        self.tables = Tables::new(self.product, width);
        if self.chosen.stale == Choice::Use {
            self.tables.take_stale_away();
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
            self.alone().start(&row);
        }
        self.examine(0..self.rows.len(), &tests.states, &mut record.marks);
    }

    fn expand(&mut self, states: Range<u32>, tests: &Tests<'_, Self>, record: &mut Record) {
        self.expand_run(states, tests, record);
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
        let mut run = Run::new(self.product, start, self.tables.stale.is_some());
        let steps: Vec<(u32, Option<u32>)> =
            path.states[1..].iter().copied().zip(path.labels.iter().copied()).collect();
        let mut take = |run: &mut Run<'p, P>, steps: &[(u32, Option<u32>)]| {
            steps.iter().try_for_each(|&(target, label)| {
                run.take(|action, next| self.carries(action, label) && self.is_row_of(target, next))
            })
        };
        let (stem, cycle) = steps.split_at(path.repeats_from.unwrap_or(steps.len()));
        take(&mut run, stem)?;
        match path.repeats_from {
            Some(_) => run.close(|run| take(run, cycle)),
            None => Ok(run.end(None)),
        }
    }

    fn finish(
        &self,
        run: Counterexample<Self::State, P::Action>,
    ) -> Counterexample<Self::State, P::Action> {
        let mut on = Run::new(self.product, run.start, self.tables.stale.is_some());
        on.steps = run.steps;
        on.settle();
        on.end(None)
    }

    fn unfold(
        &mut self,
        states: &[u32],
        budget: &AnalysisBudget<'_>,
    ) -> Result<Option<Unfolded>, Limit> {
        self.is_quotient().then(|| self.unfold_states(states, budget)).transpose()
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

    fn passes(&self, state: &Vec<P::Part>, test: &Test<P>) -> bool {
        let parts: PartsOf<'_, P> = state.iter().collect();
        test(Snapshot::new(&parts))
    }

    fn judges(&self, state: u32, test: &Test<P>) -> Option<bool> {
        Some(self.judges_row(state, test))
    }

    fn repeats(&mut self, state: u32, _record: &Record) -> Result<(), ModelError> {
        self.repeats_parts(state)
    }

    fn flaw(&self) -> Option<ModelError> {
        self.tables.flaw().cloned()
    }

    fn why_empty(&self) -> Option<NoState> {
        Some(NoState::NoInitialState)
    }

    fn objection_to_test(&self, test: usize) -> Option<UnsoundReduction> {
        if self.tables.stale.is_some() {
            return Some(UnsoundReduction::LooksAtStale(test));
        }
        self.symmetry.is_some().then_some(UnsoundReduction::AsymmetricPredicate(test))
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

    fn objection(&self) -> Option<UnsoundReduction> {
        // Whatever else is wrong may only be so because of that.
        if let Some(objection) = self.objection_to_staleness() {
            return Some(objection);
        }
        self.objection_to_symmetry()
    }

    fn final_objection(
        &self,
        tests: &Tests<'_, Self>,
        record: &Record,
    ) -> Option<UnsoundReduction> {
        if let Some(reason) = self.tables.unsound_staleness() {
            return Some(UnsoundReduction::Stale(reason));
        }
        if self.tables.stale.as_ref().is_some_and(Stale::was_used) {
            self.workers.install(&mut || self.compare_with_stale(&tests.states, record));
        }
        self.objection_to_staleness()
    }

    fn objection_to_loops(
        &mut self,
        graph: &Graph<'_>,
        budget: &AnalysisBudget<'_>,
    ) -> Result<Option<UnsoundReduction>, Limit> {
        self.stale_on_loops(graph, budget)
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
        let used = self.tables.stale.as_ref().is_some_and(Stale::was_used);
        report(Reduction::StaleMessages, &self.chosen.stale, used, self.tables.met_stale());
        reports
    }

    fn coverage(&self) -> Vec<(P::Action, u64)> {
        let blocks = || self.round.all_blocks().chain([&self.block]);
        (0..self.tables.actions())
            .map(|id| {
                let taken = blocks().filter_map(|block| block.taken.get(id)).sum();
                (self.tables.action(id as u32).clone(), taken)
            })
            .collect()
    }
}
