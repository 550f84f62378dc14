//! `amends choose`: which protocol fits, by a few questions.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::{Args, ValueEnum};

use super::errors;
use super::exit::Exit;
use super::output::Output;

/// The answers that are known already. What is not is asked, if there is a terminal.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(after_help = TREE)]
pub struct ChooseArguments {
    /// Does one request take changes in several services that must be undone together?
    #[arg(long, value_name = "yes|no", value_enum, hide_possible_values = true)]
    several: Option<Answer>,
    /// Must every change be kept as history: for audits, for time travel?
    #[arg(long, value_name = "yes|no", value_enum, hide_possible_values = true)]
    audit: Option<Answer>,
    /// Must nobody ever see, or use, what is not final yet?
    #[arg(long, value_name = "yes|no", value_enum, hide_possible_values = true)]
    strict: Option<Answer>,
    /// Do requests differ in that: small ones quickly, large ones safely?
    #[arg(long, value_name = "yes|no", value_enum, hide_possible_values = true)]
    differs: Option<Answer>,
    /// Can every service reserve first, and confirm or cancel later?
    #[arg(long, value_name = "yes|no", value_enum, hide_possible_values = true)]
    reserve: Option<Answer>,
    /// Must services know nothing of each other, and nobody be in charge?
    #[arg(long, value_name = "yes|no", value_enum, hide_possible_values = true)]
    decoupled: Option<Answer>,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Answer {
    /// Yes.
    #[value(alias = "y")]
    Yes,
    /// No.
    #[value(alias = "n")]
    No,
}

const TREE: &str = "\
The questions, in the order in which they are asked:
  audit      must every change be kept as history?         yes: event-sourcing
  several    does a request change several services that
             must be undone together?                      no: outbox
  differs    do requests differ in how strict they must
             be?                                           yes: mixed
  strict     must nobody see what is not final?            no: decoupled decides
  reserve    can services reserve first?                   yes: tcc, no: two-phase-commit
  decoupled  must nobody be in charge?                     yes: choreography, no: saga";

/// A protocol, why it fits, what it costs, and the spec to start from.
struct Choice {
    protocol: &'static str,
    because: &'static str,
    mind: &'static str,
    spec: &'static str,
}

const EVENT_SOURCING: Choice = Choice {
    protocol: "event-sourcing",
    because: "the events are the state: nothing is ever overwritten, and every change has its record",
    mind: "expected versions on every append, and readers that never cross a gap in the log",
    spec: "specs/event-sourced-order.toml",
};
const OUTBOX: Choice = Choice {
    protocol: "outbox",
    because: "one service decides alone; others only have to hear of it, at least once, in order",
    mind: "consumers that remember what they handled",
    spec: "specs/outbox-order.toml",
};
const MIXED: Choice = Choice {
    protocol: "mixed",
    because: "a rule on the request picks the protocol of each step, and the whole stays atomic",
    mind: "the TCC is the point of no return of the saga around it",
    spec: "specs/money-transfer-by-rule.toml",
};
const TCC: Choice = Choice {
    protocol: "tcc",
    because: "Try reserves without giving anything away, so nobody sees what may still be cancelled",
    mind: "empty rollback, hanging and repeated calls: every participant needs a barrier",
    spec: "specs/tcc-order.toml",
};
const TWO_PHASE_COMMIT: Choice = Choice {
    protocol: "two-phase-commit",
    because: "the databases hold their locks until all have promised, so nothing intermediate is seen",
    mind: "it blocks while the coordinator is gone; keep transactions short, and let another stand by",
    spec: "specs/two-phase-transfer.toml",
};
const CHOREOGRAPHY: Choice = Choice {
    protocol: "choreography",
    because: "services react to events; there is no coordinator to depend on, or to fail",
    mind: "nobody has the whole in view: compensation spreads from step to step",
    spec: "specs/order-choreography.toml",
};
const SAGA: Choice = Choice {
    protocol: "saga",
    because: "a coordinator drives steps forward and back, so that the flow can be read in one place",
    mind: "others see what is done before the saga is over: see `amends explain saga.isolation`",
    spec: "specs/order-saga.toml",
};

/// Asks what is not known yet, and says what fits.
#[must_use]
pub fn run(arguments: &ChooseArguments) -> Exit {
    let choice = match decide(arguments, &mut ask) {
        Ok(choice) => choice,
        Err(flag) => {
            return errors::with_help(
                format_args!("it depends on --{flag}"),
                format_args!(
                    "answer it: --{flag} yes, or --{flag} no; `amends choose --help` shows all questions"
                ),
            );
        }
    };
    let Choice { protocol, because, mind, spec } = choice;
    let text = format!(
        "{protocol}\n  because   {because}\n  mind      {mind}\n  start     amends new NAME --protocol \
         {protocol}\n  read      {spec}, and `amends explain {protocol}`\n"
    );
    match Output::new().write(&text) {
        Ok(()) => Exit::AsExpected,
        Err(error) => errors::output(&error),
    }
}

type Ask<'a> = &'a mut dyn FnMut(&'static str, &str) -> Option<Answer>;

/// Goes through the tree; `Err` names the question that nobody answered.
fn decide(known: &ChooseArguments, ask: Ask<'_>) -> Result<Choice, &'static str> {
    let mut is = |flag: &'static str, known: Option<Answer>, question: &str| {
        known.or_else(|| ask(flag, question)).map(|answer| answer == Answer::Yes).ok_or(flag)
    };
    if is(
        "audit",
        known.audit,
        "Must every change be kept as history: for audits, for time travel?",
    )? {
        return Ok(EVENT_SOURCING);
    }
    let several = "Does one request take changes in several services that must be undone together?";
    if !is("several", known.several, several)? {
        return Ok(OUTBOX);
    }
    let differs =
        "Do requests differ in how strict they must be: small ones quick, large ones safe?";
    if is("differs", known.differs, differs)? {
        return Ok(MIXED);
    }
    if is("strict", known.strict, "Must nobody ever see, or use, what is not final yet?")? {
        let reserve = "Can every service reserve first, and confirm or cancel later?";
        return Ok(if is("reserve", known.reserve, reserve)? { TCC } else { TWO_PHASE_COMMIT });
    }
    let decoupled = "Must services know nothing of each other, and nobody be in charge?";
    Ok(if is("decoupled", known.decoupled, decoupled)? { CHOREOGRAPHY } else { SAGA })
}

/// Asks on the terminal, if there is one.
fn ask(_flag: &'static str, question: &str) -> Option<Answer> {
    if !io::stdin().is_terminal() {
        return None;
    }
    loop {
        let _ = write!(io::stderr(), "{question} [y/n] ");
        let _ = io::stderr().flush();
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().to_lowercase().as_str() {
            "y" | "yes" => return Some(Answer::Yes),
            "n" | "no" => return Some(Answer::No),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use amends_models::protocols::{AnyProtocol, Protocol};

    use super::*;

    /// Goes every way through the tree.
    #[test]
    fn every_protocol_is_the_answer_to_some_questions() {
        let mut found = Vec::new();
        for ways in 0..64u32 {
            let mut ways =
                (0..6).map(|at| if ways >> at & 1 == 1 { Answer::Yes } else { Answer::No });
            let choice = decide(&ChooseArguments::default(), &mut |_, _| ways.next());
            found.push(choice.map(|choice| choice.protocol).expect("all is answered"));
        }
        found.sort_unstable();
        found.dedup();
        let mut all = Protocol::NAMES.to_vec();
        all.sort_unstable();
        assert_eq!(found, all);
    }

    #[test]
    fn the_specs_to_read_exist() {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        for choice in [EVENT_SOURCING, OUTBOX, MIXED, TCC, TWO_PHASE_COMMIT, CHOREOGRAPHY, SAGA] {
            let spec = crate::spec::read(home.join(choice.spec)).expect("the spec is there");
            assert_eq!(spec.design.protocol().name(), choice.protocol);
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        let known = ChooseArguments { audit: Some(Answer::No), ..ChooseArguments::default() };
        assert_eq!(decide(&known, &mut |_, _| None).err(), Some("several"));
    }
}
