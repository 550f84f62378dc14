//! Reading specs of choreographies and outboxes: what is wrong is said at its place, with a way to
//! mend it.

use amends::models::protocols::AnyProtocol;
use amends::spec;
use miette::{GraphicalReportHandler, GraphicalTheme};

/// A sound outbox, for tests to spoil.
const OUTBOX: &str = r#"name     = "orders"
protocol = "outbox"

[services.order]
rows = 0

[services.inventory]
stock = 2

[[step]]
name    = "create"
service = "order"
do      = "rows += 1"

[[step]]
name    = "reserve"
service = "inventory"
when    = "stock >= 1"
do      = "stock -= 1"

[outbox]
relays = 2

[faults]
crash = { relay-2 = 1, broker = 1 }

[expect]
published-iff-committed = "holds"
"#;

/// A sound choreography, for tests to spoil.
const CHOREOGRAPHY: &str = r#"name     = "order"
protocol = "choreography"

[services.inventory]
stock = 2

[services.payment]
balance = 15

[[step]]
name    = "reserve"
service = "inventory"
do      = "stock -= 1"
undo    = "stock += 1"

[[step]]
name    = "charge"
service = "payment"
do      = "balance -= 10"
undo    = "balance += 10"

[choreography]
inbox = "full"

[faults]
crash = { initiator = 1 }

[expect]
causal = "holds"
"#;

/// The diagnostic for a sound spec with one piece of text replaced.
fn spoiled(sound: &str, right: &str, wrong: &str) -> String {
    assert!(sound.contains(right), "{right:?} is not in the sound spec");
    let Err(error) = spec::parse("order.toml", &sound.replacen(right, wrong, 1)) else {
        panic!("{wrong:?} was accepted");
    };
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(1000)
        .render_report(&mut text, &error)
        .expect("a string takes everything");
    text
}

#[test]
fn sound_specs_are_read() {
    for (text, protocol) in [(OUTBOX, "outbox"), (CHOREOGRAPHY, "choreography")] {
        let spec = spec::parse("order.toml", text).expect("it is sound");
        assert_eq!(spec.design.protocol().name(), protocol);
    }
}

macro_rules! bad_specs {
    ($($name:ident: $sound:ident, $right:expr => $wrong:expr, $said:expr;)*) => {
        $(#[test]
        fn $name() {
            let text = spoiled($sound, $right, $wrong);
            assert!(text.contains($said), "{text}");
        })*
    };
}

bad_specs! {
    choices_of_another_protocol: OUTBOX, "[outbox]\nrelays = 2" => "[saga]\nattempts = 2",
        "these are choices of `saga`, but the protocol is `outbox`";
    a_knob_that_does_not_exist: OUTBOX, "relays = 2" => "relay = 2",
        "`relay`";
    a_choice_that_does_not_exist: CHOREOGRAPHY, "\"full\"" => "\"half\"",
        "`half`";
    batches_of_nothing: OUTBOX, "relays = 2" => "relays = 2\nbatch  = 0",
        "`batch` must be at least 1";
    a_relay_too_many: OUTBOX, "relay-2 = 1" => "relay-3 = 1",
        "`relay-3`";
    a_coordinator_where_there_is_none: CHOREOGRAPHY, "initiator = 1" => "coordinator = 1",
        "`coordinator`";
    a_service_named_like_the_broker: OUTBOX, "[services.inventory]" => "[services.broker]",
        "a service cannot be named `broker`";
    an_event_that_nobody_handles:
        OUTBOX, "service = \"inventory\"\nwhen    = \"stock >= 1\"\ndo      = \"stock -= 1\"" =>
        "service = \"order\"",
        "nobody handles the events of `order`";
    a_handler_of_what_publishes_no_event:
        OUTBOX, "[outbox]" =>
        "[[step]]\nname = \"ship\"\nservice = \"inventory\"\nafter = [\"reserve\"]\n\n[outbox]",
        "`ship` waits for `reserve`, which publishes no event";
    a_handler_of_two_events:
        OUTBOX, "[[step]]\nname    = \"reserve\"\n" =>
        "[[step]]\nname = \"pay\"\nservice = \"order\"\n\n[[step]]\nname    = \"reserve\"\nafter = [\"create\", \"pay\"]\n",
        "`reserve` must handle the event of exactly one step";
    a_transaction_that_waits_for_a_handler:
        OUTBOX, "[outbox]" => "[[step]]\nname = \"pay\"\nservice = \"order\"\n\n[outbox]",
        "`pay` waits for `reserve`, which publishes no event";
    an_outbox_that_takes_back:
        OUTBOX, "do      = \"stock -= 1\"" => "do      = \"stock -= 1\"\nundo    = \"stock += 1\"",
        "an outbox has no compensation";
    an_outbox_with_a_pivot: OUTBOX, "do      = \"rows += 1\"" => "kind    = \"pivot\"",
        "an outbox has no rollback";
    a_pivot_beside_what_may_be_refused:
        CHOREOGRAPHY, "undo    = \"balance += 10\"" => "kind    = \"pivot\"\nafter   = []",
        "`charge`";
    a_property_of_another_protocol: OUTBOX, "published-iff-committed" => "atomic",
        "there is no property named `atomic`";
}
