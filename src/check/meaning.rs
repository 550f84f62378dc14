//! What properties say, each in a sentence.

use amends_models::workflow::builder::Place;

use crate::spec::Spec;

/// What the built-in property of that name says.
#[must_use]
pub fn built_in(property: &str) -> Option<&'static str> {
    Some(match property {
        "atomic" => "when a workflow has ended, all of its steps are in force or none is",
        "settles" => "every workflow ends, once faults stop",
        "lifo" => "a step is undone only after everything that waited for it",
        "effect-once" => "no step, no compensation and no command takes effect twice",
        "no-empty-rollback" => "nothing is undone that was never done",
        "causal" => "nothing takes effect, and nothing is handled, before what caused it",
        "published-iff-committed" => {
            "in the end, an event is published if and only if its transaction is committed"
        }
        "no-message-dropped" => {
            "in the end, every published message is handled or put away as a dead letter"
        }
        "ordered-per-aggregate" => {
            "the events of an aggregate are handled in the order in which they were committed"
        }
        "no-late-effect" => "no step takes effect after its compensation was answered",
        "no-hanging" => "nothing is reserved after its Cancel was answered",
        "no-abandoned-locks" => {
            "no lock is held for ever for a transaction that nobody promised to commit"
        }
        "no-empty-confirm" => "nothing is confirmed that was not reserved",
        "reservations-released" => "every reservation is confirmed or released in the end",
        "agreement" => {
            "all participants of a transaction commit or all abort, and the client is told which"
        }
        "validity" => "a transaction commits only if every participant promised to",
        "stability" => "a participant goes back neither on its promise nor on a decision",
        "non-blocking" => "a participant in doubt learns the decision, once faults stop",
        "no-split-snapshot" => "rows are prepared only for transactions that the log knows of",
        "hanging-reported" => "a participant that stays in doubt for ever says so",
        "no-heuristic-damage" => "a participant that decides alone decides as the others do",
        "heuristics-reported" => {
            "where a participant decided alone and otherwise, the client is told"
        }
        "well-defined" => "arithmetic has a result: no overflow, no division by zero",
        "replay-equals-state" => "what a client was told is what the log says, now and ever after",
        "no-lost-update" => {
            "what is written is decided on what it replaces: no change in between is lost"
        }
        "no-dirty-read" => "no workflow completes on a value that another one wrote and took back",
        "no-fuzzy-read" => "a workflow that reads a quantity twice sees the same value",
        "projection-exactly-once" => "every consumer handles every event once",
        "no-gap-skipped" => "no checkpoint passes an event that was never seen",
        "snapshot-equivalent" => "a snapshot and the events since say what all events say",
        _ => return None,
    })
}

/// What the spec states with its property of that position: the claim, and the condition as the spec
/// writes it.
#[must_use]
pub fn stated(spec: &Spec, property: usize) -> Option<String> {
    let claim = spec.workflow.properties().get(property)?.claim;
    let text = spec.source.text();
    let condition = text.get(spec.places.span(text, &Place::Property(property), None)?)?;
    let condition = condition.trim_matches(['"', '\'']).trim();
    Some(format!("{} {condition}", claim.name()))
}

#[cfg(test)]
mod tests {
    use amends_models::protocols::catalogue::built_in_names;
    use amends_models::protocols::choreography::ChoreographyKnobs;
    use amends_models::protocols::mixed::MixedChoices;
    use amends_models::protocols::outbox::OutboxKnobs;
    use amends_models::protocols::saga::SagaKnobs;
    use amends_models::protocols::tcc::TccKnobs;
    use amends_models::protocols::two_phase_commit::TwoPhaseKnobs;
    use amends_models::workflow::Protocol;

    use super::*;

    #[test]
    fn every_built_in_property_has_a_meaning() {
        let protocols = [
            Protocol::Saga(SagaKnobs::default()),
            Protocol::Tcc(TccKnobs::default()),
            Protocol::Choreography(ChoreographyKnobs::default()),
            Protocol::Outbox(OutboxKnobs::default()),
            Protocol::TwoPhaseCommit(TwoPhaseKnobs::default()),
            Protocol::Mixed(MixedChoices::default()),
        ];
        for name in protocols.iter().flat_map(|protocol| built_in_names(protocol)) {
            assert!(built_in(name).is_some(), "{name} has no meaning");
        }
    }

    #[test]
    fn a_stated_property_means_what_the_spec_writes() {
        let spec = crate::spec::parse(
            "order.toml",
            r#"
                name     = "order"
                protocol = "saga"
                [services.inventory]
                stock = 1
                [[step]]
                name    = "reserve-stock"
                service = "inventory"
                [[property]]
                name   = "never oversold"
                always = "inventory.stock >= 0"
            "#,
        )
        .expect("the spec is sound");
        assert_eq!(stated(&spec, 0).as_deref(), Some("always inventory.stock >= 0"));
    }
}
