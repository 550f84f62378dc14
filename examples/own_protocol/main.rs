//! A protocol of your own, from its core to a run: the ninth, beside those of the catalogue.
//!
//! ```sh
//! cargo run --example own_protocol
//! ```
//!
//! All of the protocol is in `job/`. A spec (`newsletter.toml`) is read, checked with the right choice and
//! with the wrong one, and run on Tokio while faults strike.

pub mod job;

use amends::check::{CheckError, CheckOptions, check_spec};
use amends::report::{CheckReport, text};
use amends::runtime::{RunError, RunOptions, RunReport, StoreChoice, run};
use amends::spec::{Spec, SpecError};

use job::{JobKnobs, Keys};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spec = newsletter()?;
    anstream::println!("{}", text::render(&check(&spec)?));

    let careless = Spec { design: spec.design.clone().with_protocol(CARELESS), ..spec.clone() };
    anstream::println!("{}", text::render(&check(&careless)?));

    let report = carry_out(&spec)?;
    anstream::println!("{report}");
    Ok(())
}

/// Workers that do not know what they have done.
const CARELESS: JobKnobs = JobKnobs { keys: Keys::None };

/// The spec, read as one whose protocol is a job.
fn newsletter() -> Result<Spec<JobKnobs>, SpecError> {
    amends::spec::parse_as("newsletter.toml", include_str!("newsletter.toml"))
}

/// Explores every behaviour of the spec.
fn check(spec: &Spec<JobKnobs>) -> Result<CheckReport, CheckError> {
    check_spec(spec, &CheckOptions::default(), |_| {})
}

/// Runs a hundred of its jobs in a bad world.
fn carry_out(spec: &Spec<JobKnobs>) -> Result<RunReport, Box<dyn std::error::Error>> {
    let design = spec.design.clone().with_instances(100);
    let options = RunOptions {
        faults: "lose=0.1,duplicate=0.1,crash=0.05".parse()?,
        seed: 7,
        ..RunOptions::default()
    };
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let report: Result<RunReport, RunError> =
        tokio.block_on(run(&design, &StoreChoice::Memory, options));
    Ok(report?)
}

#[cfg(test)]
mod tests {
    use amends::report::Verdict;

    use super::*;

    fn verdicts(report: &CheckReport) -> Vec<(&str, Verdict)> {
        let findings = report.properties.iter();
        findings.map(|found| (found.property.as_str(), found.verdict)).collect()
    }

    #[test]
    fn with_keys_everything_holds() {
        let report = check(&newsletter().expect("the spec is sound")).expect("it can be checked");
        assert!(report.is_complete());
        assert_eq!(
            verdicts(&report),
            [
                ("well-defined", Verdict::Holds),
                ("settles", Verdict::Holds),
                ("effect-once", Verdict::Holds),
                ("all-done", Verdict::Holds),
                ("everybody is greeted once", Verdict::Holds),
            ]
        );
    }

    #[test]
    fn without_keys_a_repeated_request_takes_effect_twice() {
        let spec = newsletter().expect("the spec is sound");
        let design = spec.design.clone().with_protocol(CARELESS);
        let report = check(&Spec { design, ..spec }).expect("it can be checked");
        let violated: Vec<_> = verdicts(&report)
            .into_iter()
            .filter(|(_, verdict)| *verdict == Verdict::Violated)
            .map(|(property, _)| property)
            .collect();
        assert_eq!(violated, ["effect-once", "everybody is greeted once"]);
    }

    #[test]
    fn it_runs_in_a_bad_world() {
        let report = carry_out(&newsletter().expect("the spec is sound")).expect("it runs");
        assert!(report.is_clean(), "{report}");
        assert_eq!(report.completed, 100);
        assert!(!report.faults.is_empty());
    }

    #[test]
    fn a_choice_that_does_not_exist_is_shown_in_the_spec() {
        let text = include_str!("newsletter.toml").replace("\"kept\"", "\"lost\"");
        let error = amends::spec::parse_as::<JobKnobs>("newsletter.toml", &text).unwrap_err();
        let SpecError::Invalid(error) = error else { panic!("{error}") };
        assert_eq!(error.message, "there is no choice `lost` here");
        let span = error.span.expect("it stands somewhere");
        assert_eq!(&text[span.offset()..span.offset() + span.len()], "\"lost\"");
    }

    #[test]
    fn steps_that_may_be_refused_are_refused() {
        let text = include_str!("newsletter.toml")
            .replace("do      = \"joined += 1\"", "when = \"joined < 1\"\ndo = \"joined += 1\"");
        let error = amends::spec::parse_as::<JobKnobs>("newsletter.toml", &text).unwrap_err();
        assert_eq!(error.to_string(), "`count` may be refused, but a job has no way back");
    }
}
