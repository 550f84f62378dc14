//! Random runs of a design, and the traces that they leave.

use amends_models::check::Counterexample;
use amends_models::protocols::{AnyProtocol, Design};
use amends_models::system::{Action, Hostable, Part, System, SystemState, WithSystem};
use amends_models::workflow::Fault;
use amends_trace::assemble::{Assembler, AssemblySettings, ByAttributes, WorkflowTrace};
use amends_trace::read::Reader;
use amends_trace::record::{Recorded, counterexample};
use amends_trace::{LogRecord, Span, write};
use stateright::Model;

/// What a run left.
pub(crate) struct Walked {
    pub(crate) spans: Vec<Span>,
    pub(crate) logs: Vec<LogRecord>,
    /// How many faults struck.
    pub(crate) faults: usize,
    /// Whether it came to its end.
    pub(crate) is_over: bool,
}

/// A run of the design with at most so many faults, with all chance from `seed`.
pub(crate) fn walk(design: &Design, seed: u64, faults: usize) -> Walked {
    let protocol = design.protocol().name();
    design.clone().as_observed().with_system(Walk { protocol, random: Random(seed), faults })
}

struct Walk {
    protocol: &'static str,
    random: Random,
    faults: usize,
}

impl WithSystem for Walk {
    type Output = Walked;

    fn with<T: Hostable>(mut self, system: System<T>) -> Walked {
        let reader = T::reader(&system);
        let mut state = system.init_states().remove(0);
        let mut run = Counterexample { start: row(&state), steps: Vec::new(), repeats_from: None };
        let (mut faults, mut is_over) = (0, false);
        for _ in 0..400 {
            is_over = state.view(|view| reader.is_settled(view));
            if is_over {
                break;
            }
            let mut actions = Vec::new();
            system.actions(&state, &mut actions);
            let Some(action) = self.choose(actions, faults) else { break };
            faults += action.faults().iter().filter(|fault| **fault != Fault::Refuse).count();
            state = system.next_state(&state, action.clone()).expect("a possible action");
            run.steps.push((action, row(&state)));
        }
        let (mut spans, mut logs) = (Vec::new(), Vec::new());
        for recorded in counterexample::record(&system, self.protocol, &run) {
            match recorded {
                Recorded::Span(span) => spans.push(*span),
                Recorded::Log(log) => logs.push(*log),
            }
        }
        Walked { spans, logs, faults, is_over }
    }
}

impl Walk {
    fn choose<T: Hostable>(&mut self, all: Vec<Action<T>>, struck: usize) -> Option<Action<T>> {
        let (faults, ordinary): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|action| !action.faults().is_empty());
        let strikes = struck < self.faults && self.random.below(8) == 0;
        let among =
            if (strikes || ordinary.is_empty()) && !faults.is_empty() { faults } else { ordinary };
        (!among.is_empty()).then(|| among[self.random.below(among.len())].clone())
    }
}

fn row<T: Hostable>(state: &SystemState<T>) -> Vec<Part<T>> {
    state.parts().cloned().collect()
}

/// Chance from a seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `bound`, by SplitMix64 (Steele, Lea and Flood 2014).
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// Writes spans and log records down, reads them again, and puts workflows together.
pub(crate) fn exported(spans: &[Span], logs: &[LogRecord]) -> Vec<WorkflowTrace> {
    let mut text = Vec::new();
    write::spans(spans, &mut text).expect("memory takes all");
    write::logs(logs, &mut text).expect("memory takes all");
    let mut workflows = Vec::new();
    let settings = AssemblySettings::default().until_the_end();
    let mut assembler = Assembler::new(ByAttributes::default(), settings);
    Reader::new(&*text)
        .for_each(|item| assembler.add(item, &mut |workflow| workflows.push(workflow)))
        .expect("it is read");
    assembler.finish(&mut |workflow| workflows.push(workflow));
    workflows
}
