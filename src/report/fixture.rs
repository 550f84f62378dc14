//! Reports made by hand, for tests of renderers.

use std::path::PathBuf;
use std::time::Duration;

use amends_models::check::{Completeness, Limit, PropertyKind, Reduction, ReductionReport};
use amends_models::system::story::{Actor, Happening, Story, StoryEvent};

use super::{
    Assumption, CheckReport, CounterexampleReport, Expectation, Extent, Finding, Origin, Position,
    Verdict,
};
use crate::spec::Setting;

pub(super) fn finding(property: &str, verdict: Verdict) -> Finding {
    Finding {
        property: property.to_owned(),
        meaning: None,
        claim: PropertyKind::Always,
        origin: Origin::Protocol,
        position: None,
        verdict,
        expectation: Expectation::Unstated,
        counterexample: None,
    }
}

pub(super) fn event(actor: usize, happening: Happening, text: &str) -> StoryEvent {
    StoryEvent::new(Some(actor), happening, text)
}

pub(super) fn story(events: Vec<StoryEvent>) -> Story {
    let actor = |name: &str, node: &str| Actor { name: name.to_owned(), node: node.to_owned() };
    Story {
        actors: vec![
            actor("coordinator #1", "coordinator"),
            actor("inventory", "inventory"),
            actor("payment", "payment"),
        ],
        events,
        repeats_from: None,
        ending: Vec::new(),
    }
}

/// A spec whose properties all hold, one of them for want of anything to say.
pub(super) fn holding() -> CheckReport {
    CheckReport {
        spec: "order".to_owned(),
        file: Some(PathBuf::from("specs/order-saga.toml")),
        subject: "saga of 2 steps, 2 at the same time".to_owned(),
        bounds: vec!["1 crash at inventory".to_owned(), "1 lost message".to_owned()],
        assumptions: vec![Assumption {
            what: "no answer is ever late".to_owned(),
            change: "--faults timeout=1".to_owned(),
        }],
        harmless: Vec::new(),
        choices: vec![Setting::new("saga.barrier", "full"), Setting::new("saga.attempts", "1")],
        digest: "7d865e959b2466918c9863afca942d0f".to_owned(),
        extent: Extent::Searched {
            states: 12_040,
            transitions: 33_107,
            depth: 41,
            completeness: Completeness::Complete,
        },
        elapsed: Duration::from_millis(128),
        reductions: Vec::new(),
        properties: vec![
            finding("atomic", Verdict::Holds),
            finding("no-late-effect", Verdict::Vacuous),
            Finding {
                origin: Origin::Spec,
                position: Some(Position { line: 31, column: 1 }),
                ..finding("never oversold", Verdict::Holds)
            },
        ],
        never_happened: Vec::new(),
        notes: Vec::new(),
    }
}

/// A step that happens twice, because its answer was lost and nobody remembers it.
pub(super) fn violated() -> CheckReport {
    let mut told = story(vec![
        event(0, Happening::Start, "starts"),
        event(0, Happening::Persist, "log: step charge started"),
        event(0, Happening::Send { to: 2 }, "do charge of #1"),
        event(2, Happening::Deliver { from: 0 }, "do charge of #1"),
        event(2, Happening::Accepted, "balance: 15 → 5"),
        event(2, Happening::Send { to: 0 }, "done charge of #1"),
        StoryEvent::new(
            None,
            Happening::Crash,
            "coordinator crashes: coordinator #1 had 1 effect to carry out",
        ),
        event(0, Happening::Lose { from: 2 }, "done charge of #1"),
        event(0, Happening::Recover, "recovers from its log"),
        event(0, Happening::Send { to: 2 }, "do charge of #1"),
        event(2, Happening::Deliver { from: 0 }, "do charge of #1"),
        event(2, Happening::Accepted, "balance: 5 → -5"),
    ]);
    told.ending = vec!["payment: balance = -5".to_owned(), "#1: running".to_owned()];
    let steps = told.events.iter().map(|event| event.text.clone()).collect();
    CheckReport {
        properties: vec![
            Finding {
                meaning: Some("no step and no compensation takes effect twice".to_owned()),
                counterexample: Some(CounterexampleReport {
                    steps,
                    repeats_from: None,
                    story: told,
                    recorded: Vec::new(),
                }),
                ..finding("effect-once", Verdict::Violated)
            },
            finding("atomic", Verdict::Holds),
            Finding {
                origin: Origin::Spec,
                position: Some(Position { line: 31, column: 1 }),
                expectation: Expectation::Exactly(Verdict::Violated),
                ..finding("never oversold", Verdict::Violated)
            },
        ],
        never_happened: vec!["duplicated message".to_owned()],
        notes: vec!["the search was not stopped at the first violation".to_owned()],
        ..holding()
    }
}

/// A workflow that retries for ever.
pub(super) fn lasso() -> CheckReport {
    let mut told = story(vec![
        event(0, Happening::Start, "starts"),
        event(0, Happening::Send { to: 1 }, "do reserve-stock of #1"),
        event(1, Happening::Lose { from: 0 }, "do reserve-stock of #1"),
        event(0, Happening::Timer, "no answer for reserve-stock"),
        event(0, Happening::Send { to: 1 }, "do reserve-stock of #1"),
    ]);
    told.repeats_from = Some(2);
    told.ending = vec!["#1: running".to_owned()];
    let steps = told.events.iter().map(|event| event.text.clone()).collect();
    CheckReport {
        properties: vec![Finding {
            claim: PropertyKind::Eventually,
            counterexample: Some(CounterexampleReport {
                steps,
                repeats_from: Some(2),
                story: told,
                recorded: Vec::new(),
            }),
            ..finding("settles", Verdict::Violated)
        }],
        ..holding()
    }
}

/// A search that stopped early.
pub(super) fn incomplete() -> CheckReport {
    CheckReport {
        extent: Extent::Searched {
            states: 10_000,
            transitions: 33_107,
            depth: 41,
            completeness: Completeness::Incomplete {
                limit: Limit::States(10_000),
                depth_complete: 17,
                queue: 2_345,
            },
        },
        properties: vec![finding("atomic", Verdict::Incomplete)],
        bounds: Vec::new(),
        ..holding()
    }
}

/// Random walks that found nothing.
pub(super) fn walked() -> CheckReport {
    CheckReport {
        extent: Extent::Walked { seed: 7, walks: 1_000, steps: 71_230, depth: 200 },
        ..incomplete()
    }
}

/// A search that used one reduction, and could not use another.
pub(super) fn reduced() -> CheckReport {
    let report = |reduction, refused: Option<&str>| ReductionReport {
        reduction,
        refused: refused.map(str::to_owned),
    };
    CheckReport {
        reductions: vec![
            report(Reduction::Symmetry, None),
            report(Reduction::StaleMessages, Some("`recovers` is about what stays possible")),
        ],
        ..holding()
    }
}
