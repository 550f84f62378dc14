//! Reading specs: what is wrong is said at its place, with a way to mend it.

use amends::models::protocols::AnyProtocol;
use amends::models::workflow::Work;
use amends::spec::{self, SpecError};
use miette::{GraphicalReportHandler, GraphicalTheme};

/// A sound spec, for tests to spoil.
const SOUND: &str = r#"name     = "order"
protocol = "saga"
instances = 2

[services.inventory]
stock = 2

[services.payment]
balance = 15

[[step]]
name    = "reserve-stock"
service = "inventory"
when    = "stock >= 1"
do      = "stock -= 1"
undo    = "stock += 1"

[[step]]
name    = "charge"
service = "payment"
when    = "balance >= 10"
do      = "balance -= 10"
undo    = "balance += 10"

[saga]
attempts = 1

[faults]
crash = { coordinator = 1, inventory = 1 }
lose  = 1

[[property]]
name   = "never oversold"
always = "inventory.stock >= 0"

[expect]
atomic = "holds"
"#;

fn render(error: &SpecError) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .render_report(&mut text, error)
        .expect("a string takes everything");
    text
}

/// The diagnostic for the sound spec with one piece of text replaced.
fn spoiled(right: &str, wrong: &str) -> String {
    spoil(SOUND, right, wrong)
}

fn spoil(sound: &str, right: &str, wrong: &str) -> String {
    assert!(sound.contains(right), "{right:?} is not in the sound spec");
    match spec::parse("order.toml", &sound.replacen(right, wrong, 1)) {
        Ok(_) => panic!("{wrong:?} was accepted"),
        Err(error) => render(&error),
    }
}

#[test]
fn a_sound_spec_is_read() {
    let spec = spec::parse("order.toml", SOUND).expect("it is sound");
    assert_eq!(spec.design.workflow().name(), "order");
    assert_eq!(spec.design.workflow().instances(), 2);
    assert_eq!(spec.design.workflow().steps().len(), 2);
    assert_eq!(spec.expect["atomic"], spec::Expectation::Holds);
}

macro_rules! bad_specs {
    ($($name:ident: $right:expr => $wrong:expr;)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(spoiled($right, $wrong));
        })*
    };
}

bad_specs! {
    toml_that_does_not_parse: "instances = 2" => "instances = = 2";
    an_unknown_key: "instances = 2" => "instance = 2";
    an_unknown_key_of_a_step: "when    = \"stock" => "wehn    = \"stock";
    a_missing_key: "name     = \"order\"\n" => "";
    a_wrong_type: "instances = 2" => "instances = \"two\"";
    an_unknown_protocol: "\"saga\"" => "\"sage\"";
    too_many_instances: "instances = 2" => "instances = 1000";
    no_instances: "instances = 2" => "instances = -1";
    an_undefined_service: "service = \"payment\"" => "service = \"payments\"";
    an_undefined_resource: "when    = \"stock >= 1\"" => "when    = \"stok >= 1\"";
    a_resource_of_another_service: "when    = \"stock >= 1\"" => "when = \"payment.balance >= 1\"";
    a_number_where_a_condition_is_needed: "\"stock >= 1\"" => "\"stock - 1\"";
    a_condition_where_a_number_is_needed: "\"stock -= 1\"" => "\"stock -= stock > 1\"";
    a_change_that_changes_nothing: "\"stock -= 1\"" => "\"stock - 1\"";
    a_chained_comparison: "\"stock >= 1\"" => "\"0 < stock < 9\"";
    a_fraction: "\"balance -= 10\"" => "\"balance -= 9.99\"";
    a_function_that_does_not_exist: "\"stock >= 1\"" => "\"maximum(stock, 1) > 0\"";
    a_number_beyond_64_bits: "\"balance >= 10\"" => "\"balance >= 9223372036854775808\"";
    a_resource_beyond_64_bits: "stock = 2" => "stock = 9223372036854775808";
    an_expression_in_a_list: "\"stock -= 1\"" => "[\n  \"stock -= 1\",\n  \"stok -= 1\",\n]";
    an_expression_with_escapes: "\"stock >= 1\"" => "\"st\\u006Fk >= 1\"";
    an_expression_after_umlauts: "\"stock >= 1\"" => "\"/* für später */ stok >= 1\"";
    an_expression_in_a_literal_string: "\"stock >= 1\"" => "'stok >= 1'";
    an_expression_over_several_lines:
        "\"stock >= 1\"" => "\"\"\"\n  stock >= 1\n    && stok < 9\n\"\"\"";
    an_expression_that_ends_too_early: "\"stock >= 1\"" => "\"stock >=\u{3000}\"";
    an_expression_that_is_empty: "\"stock >= 1\"" => "\"\"";
    a_bracket_that_is_not_closed: "\"stock >= 1\"" => "\"(stock >= 1\"";
    a_sign_from_mathematics: "\"stock >= 1\"" => "\"stock ≥ 1\"";
    a_word_for_a_sign: "\"stock >= 1\"" => "\"stock >= 1 and stock < 9\"";
    a_rust_expression_that_is_none_here: "\"stock >= 1\"" => "\"stock.pow(2) >= 1\"";
    a_premise_about_an_unknown_resource:
        "always = \"inv" => "given = \"complete == 1\"\nalways = \"inv";
    an_unknown_kind: "undo    = \"balance += 10\"" => "kind = \"pivotal\"";
    a_pivot_that_is_undone: "undo    = \"balance += 10\"" => "kind = \"pivot\"\nundo = \"balance += 10\"";
    a_compensatable_step_after_the_pivot: "undo    = \"stock += 1\"" => "kind = \"pivot\"";
    a_retriable_step_before_the_pivot:
        "undo    = \"stock += 1\"\n\n[[step]]\nname    = \"charge\"" =>
        "kind    = \"retriable\"\n\n[[step]]\nname = \"pay\"\nservice = \"payment\"\nkind = \"pivot\"\n\n[[step]]\nname    = \"charge\"";
    a_retriable_step_beside_a_compensatable_one:
        "undo    = \"balance += 10\"" => "kind = \"retriable\"\nafter = []";
    steps_that_wait_for_each_other:
        "when    = \"stock >= 1\"" => "after = [\"charge\"]";
    a_step_that_waits_for_nobody: "when    = \"stock >= 1\"" => "after = [\"charges\"]";
    two_services_that_are_written_alike:
        "[services.payment]" => "[services.pay_ment]\n\n[services.pay-ment]";
    a_table_where_a_number_is_needed: "stock = 2" => "stock = { initial = 2 }";
    an_input_named_like_a_resource: "[[step]]\nname    = \"charge\"" =>
        "[[request]]\nstock = 1\n\n[[step]]\nname    = \"charge\"";
    a_request_without_an_input: "[[step]]\nname    = \"charge\"" =>
        "[[request]]\namount = 1\n\n[[request]]\nsum = 1\n\n[[step]]\nname    = \"charge\"";
    a_fraction_where_a_number_is_needed: "stock = 2" => "stock = 2.5";
    a_number_where_a_text_is_needed: "\"stock -= 1\"" => "1";
    a_workflow_without_a_name: "\"order\"" => "\"\"";
    a_key_that_is_set_twice: "instances = 2" => "instances = 2\ninstances = 3";
    two_steps_of_one_name: "\"charge\"" => "\"reserve-stock\"";
    a_service_named_coordinator: "[services.payment]" => "[services.coordinator]";
    a_resource_whose_name_cannot_be_written: "balance = 15" => "\"in stock\" = 15\nbalance = 15";
    a_knob_that_does_not_exist: "attempts = 1" => "atempts = 1";
    a_choice_that_does_not_exist: "attempts = 1" => "barrier = \"half\"";
    a_knob_out_of_range: "attempts = 1" => "attempts = 0";
    a_knob_out_of_range_in_a_line: "[saga]\nattempts = 1" =>
        "[services.attempts]\nattempts = 1\n\n[saga]\nlog = \"before-send\"\nattempts = 0";
    a_knob_beyond_a_byte: "attempts = 1" => "attempts = 256";
    a_knob_of_a_wrong_type: "attempts = 1" => "attempts = \"many\"";
    an_unknown_fault: "lose  = 1" => "loose = 1";
    a_fault_at_nobody: "inventory = 1 }" => "inventry = 1 }";
    too_many_faults: "lose  = 1" => "lose  = 256";
    a_fault_count_of_a_wrong_type: "lose  = 1" => "lose  = true";
    a_property_that_claims_nothing: "always = \"inventory.stock >= 0\"" => "";
    a_property_that_claims_two_things:
        "always = \"inventory.stock >= 0\"" =>
        "always = \"inventory.stock >= 0\"\nsettled = \"completed == 2\"";
    a_property_named_like_a_built_in_one: "\"never oversold\"" => "\"atomic\"";
    a_property_about_an_unknown_resource: "inventory.stock >= 0" => "inventory.stok >= 0";
    an_expectation_of_an_unknown_property: "atomic = \"holds\"" => "atomc = \"holds\"";
    an_expectation_that_is_no_verdict: "atomic = \"holds\"" => "atomic = \"true\"";
}

/// A sound spec of a TCC, for tests to spoil.
const SOUND_TCC: &str = r#"name     = "order"
protocol = "tcc"

[services.inventory]
free   = 2
frozen = 0

[[step]]
name    = "reserve-stock"
service = "inventory"
when    = "free >= 1"
try     = ["free -= 1", "frozen += 1"]
confirm = "frozen -= 1"
cancel  = ["frozen -= 1", "free += 1"]

[tcc]
try-attempts = 2

[expect]
no-hanging = "holds"
"#;

#[test]
fn a_sound_tcc_is_read() {
    let spec = spec::parse("order.toml", SOUND_TCC).expect("it is sound");
    let step = &spec.design.workflow().steps()[0];
    assert_eq!(
        [Work::Reserve, Work::Confirm, Work::Cancel].map(|work| step.business[work].len()),
        [2, 1, 2]
    );
    assert_eq!(spec.expect["no-hanging"], spec::Expectation::Holds);
}

#[test]
fn tccs_that_are_refused() {
    let said: Vec<String> = [
        ("try     =", "do      ="),
        ("cancel  =", "undo    ="),
        ("confirm = \"frozen -= 1\"", "confirm = \"frosen -= 1\""),
        ("confirm =", "kind    = \"pivot\"\nconfirm ="),
        ("protocol = \"tcc\"", "protocol = \"saga\""),
        ("[tcc]\ntry-attempts = 2", "[saga]\nattempts = 2"),
        ("try-attempts = 2", "try-attempts = 0"),
        ("try-attempts = 2", "confirm-attempts = 256"),
        ("try-attempts = 2", "attempts = 2"),
        ("try-attempts = 2", "expiry = \"fenced\""),
        ("no-hanging", "no-late-effect"),
    ]
    .into_iter()
    .map(|(right, wrong)| spoil(SOUND_TCC, right, wrong))
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn what_is_done_outside_in_vain_is_refused() {
    let said: Vec<String> = [
        ("do      = \"stock", "outside = \"stok += 1\"\ndo      = \"stock"),
        ("do      = \"stock", "outside-key = true\ndo      = \"stock"),
        (
            "do      = \"stock",
            "outside = \"stock += 1\"\noutside-at = \"later\"\ndo      = \"stock",
        ),
    ]
    .into_iter()
    .map(|(right, wrong)| spoiled(right, wrong))
    .chain([spoil(
        SOUND_TCC,
        "confirm =",
        "outside = \"frozen += 0\"\noutside-at = \"after-commit\"\nconfirm =",
    )])
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn exceptions_for_nobody_are_refused() {
    let said: Vec<String> = [
        "[saga.services.warehouse]\nbarrier = \"none\"",
        "[saga.steps.charg]\nattempts = 2",
        "[saga.services.inventory]\nrecovery = \"never\"",
        "[saga.steps.charge]\nattempts = 0",
    ]
    .into_iter()
    .map(|table| spoiled("[faults]", &format!("{table}\n[faults]")))
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn sagas_that_reserve_are_refused() {
    let said: Vec<String> = [
        ("do      = \"stock", "try     = \"stock"),
        ("undo    = \"stock", "cancel  = \"stock"),
        ("undo    = \"stock", "confirm = \"stock -= 0\"\nundo    = \"stock"),
    ]
    .into_iter()
    .map(|(right, wrong)| spoiled(right, wrong))
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}

const SOUND_TRANSFER: &str = r#"
name     = "transfer"
protocol = "two-phase-commit"

[services.paying]
balance = 10

[services.receiving]
balance = 0

[[step]]
name    = "withdraw"
service = "paying"
when    = "balance >= 10"
do      = "balance -= 10"

[[step]]
name    = "deposit"
service = "receiving"
do      = "balance += 10"

[two-phase-commit]
standby = true

[faults]
halt = { coordinator = 1 }

[expect]
agreement = "holds"
"#;

const SOUND_CHOREOGRAPHY: &str = r#"
name     = "order"
protocol = "choreography"

[services.inventory]
stock = 2

[services.payment]
balance = 20

[[step]]
name    = "reserve-stock"
service = "inventory"
when    = "stock >= 1"
do      = "stock -= 1"
undo    = "stock += 1"

[[step]]
name    = "charge"
service = "payment"
after   = ["reserve-stock"]
do      = "balance -= 10"
undo    = "balance += 10"

[choreography]
publish = "outbox"

[faults]
crash = { initiator = 1 }

[expect]
causal = "holds"
"#;

const SOUND_OUTBOX: &str = r#"
name     = "order"
protocol = "outbox"

[services.order]
rows = 0

[services.shipping]
parcels = 0

[[step]]
name    = "create"
service = "order"
do      = "rows += 1"

[[step]]
name    = "ship"
service = "shipping"
after   = ["create"]
do      = "parcels += 1"

[outbox]
relays = 1

[faults]
crash = { broker = 1 }

[expect]
effect-once = "holds"
"#;

/// What is said to each wrong variant of a sound spec, one after the other.
fn refusals<const N: usize>(sound: &str, wrong: [(&str, &str); N]) -> String {
    spec::parse("order.toml", sound).expect("it is sound");
    wrong.map(|(right, wrong)| spoil(sound, right, wrong)).join("\n")
}

#[test]
fn transfers_that_are_refused() {
    insta::assert_snapshot!(refusals(
        SOUND_TRANSFER,
        [
            (
                "do      = \"balance -= 10\"",
                "do      = \"balance -= 10\"\nundo    = \"balance += 10\""
            ),
            ("do      = \"balance -= 10\"", "try     = \"balance -= 10\""),
            ("do      = \"balance -= 10\"", "kind    = \"pivot\"\ndo      = \"balance -= 10\""),
            ("service = \"receiving\"", "service = \"receiving\"\nafter   = [\"withdraw\"]"),
            ("service = \"receiving\"", "service = \"recieving\""),
            ("standby = true", "standby = \"yes\""),
            ("standby = true", "stand-by = true"),
            ("[two-phase-commit]\nstandby = true", "[tcc]\nbarrier = \"none\""),
            ("coordinator = 1", "initiator = 1"),
            ("agreement =", "atomic ="),
        ],
    ));
}

#[test]
fn sagas_that_nobody_can_take_over_are_refused() {
    insta::assert_snapshot!(refusals(
        SOUND,
        [
            ("attempts = 1", "fencing = \"unchecked\""),
            ("attempts = 1", "standby = true\nfencing = \"none\""),
            ("crash = { coordinator = 1", "crash = { standby = 1"),
            ("crash = { coordinator = 1", "crash = { store = 1"),
        ],
    ));
}

#[test]
fn choreographies_that_are_refused() {
    insta::assert_snapshot!(refusals(
        SOUND_CHOREOGRAPHY,
        [
            ("after   = [\"reserve-stock\"]", "after   = [\"reserve-stok\"]"),
            ("when    =", "after   = [\"charge\"]\nwhen    ="),
            ("do      = \"stock -= 1\"", "try     = \"stock -= 1\""),
            ("publish = \"outbox\"", "publish = \"inbox\""),
            ("[choreography]\npublish = \"outbox\"", "[outbox]\nrelays = 1"),
            ("initiator = 1", "coordinator = 1"),
            ("causal =", "ordered-per-aggregate ="),
        ],
    ));
}

#[test]
fn outboxes_that_are_refused() {
    insta::assert_snapshot!(refusals(
        SOUND_OUTBOX,
        [
            (
                "do      = \"parcels += 1\"",
                "do      = \"parcels += 1\"\nundo    = \"parcels -= 1\""
            ),
            (
                "service = \"shipping\"\nafter   = [\"create\"]\ndo      = \"parcels",
                "service = \"order\"\nafter   = [\"create\"]\ndo      = \"rows",
            ),
            ("after   = [\"create\"]", "after   = [\"ship\"]"),
            ("relays = 1", "relays = 0"),
            ("[outbox]\nrelays = 1", "[saga]\nattempts = 2"),
            ("broker = 1", "relay-2 = 1"),
            ("effect-once =", "causal ="),
        ],
    ));
}

#[test]
fn a_workflow_without_steps() {
    let error = spec::parse("order.toml", "name = \"order\"\nprotocol = \"saga\"\n").unwrap_err();
    insta::assert_snapshot!(render(&error));
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("latin1.toml"), b"name = \"caf\xe9\"").unwrap();
    std::fs::write(path("empty.toml"), "\n").unwrap();
    std::fs::create_dir(path("specs")).unwrap();
    let said: Vec<String> = ["missing.toml", "latin1.toml", "empty.toml", "specs"]
        .into_iter()
        .map(|name| render(&spec::read(path(name)).unwrap_err()))
        .map(|text| text.replace(&folder.path().display().to_string(), "FOLDER"))
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn editors_may_save_a_byte_order_mark_and_carriage_returns() {
    let text = format!("\u{feff}{}", SOUND.replace('\n', "\r\n"));
    spec::parse("order.toml", &text).expect("it is as sound as before");
    let error = spec::parse("order.toml", &text.replace("\"stock >= 1\"", "\"stok >= 1\""));
    insta::assert_snapshot!(render(&error.unwrap_err()));
}

#[test]
fn the_order_saga_is_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/specs/order-saga.toml");
    let design = spec::read(path).expect("it is the spec that people start from").design;
    let workflow = design.workflow();
    assert_eq!((workflow.steps().len(), workflow.instances()), (4, 2));
}

#[test]
fn nesting_that_would_overflow_the_stack_is_refused() {
    let deep = format!("\"{}stock{} > 1\"", "(".repeat(900), ")".repeat(900));
    assert!(spoiled("\"stock >= 1\"", &deep).contains("nested more than"));
    let long = format!("\"stock{} > 1\"", " + stock".repeat(2000));
    assert!(spoiled("\"stock >= 1\"", &long).contains("words and signs"));
    let signs = format!("\"{}stock > 1\"", "*".repeat(1900));
    assert!(spoiled("\"stock >= 1\"", &signs).contains("nested more than"));
}

const EVENTS: &str = r#"
name     = "order"
protocol = "event-sourcing"
start    = ["take"]

[aggregates.inventory]
shared  = true
state   = { pieces = 0 }
history = ["box-received"]

[[command]]
name      = "take"
aggregate = "inventory"
when      = "pieces >= 1"
emits     = "taken"

[[event]]
name      = "box-received"
aggregate = "inventory"
upcast    = "pieces-received"

[[event]]
name      = "pieces-received"
aggregate = "inventory"
evolve    = "pieces += 10"

[[event]]
name      = "taken"
aggregate = "inventory"
evolve    = "pieces -= 1"

[projections.sales]
state = { count = 0 }
on    = { taken = "count += 1" }

[[policy]]
on      = "pieces-received"
command = "take"

[event-sourcing]
gaps = "naive"

[faults]
crash = { event-store = 1 }

[expect]
no-gap-skipped = "holds"
"#;

#[test]
fn a_sound_event_sourced_spec_is_read() {
    let spec = spec::parse("order.toml", EVENTS).expect("it is sound");
    assert_eq!(spec.design.protocol().name(), "event-sourcing");
    assert_eq!(
        spec.design.protocol().nodes(),
        ["event-store", "command-handler", "process-manager"]
    );
}

#[test]
fn what_is_wrong_in_an_event_sourced_spec_is_said_at_its_place() {
    let wrong = [
        ("\"inventory\"\nwhen", "\"inventroy\"\nwhen"),
        ("emits     = \"taken\"", "emits     = \"token\""),
        ("emits     = \"taken\"", "emits     = \"box-received\""),
        ("[projections.sales]", "[projections.event-store]"),
        ("{ taken = \"count += 1\" }", "{ taken = \"cuont += 1\" }"),
        ("{ taken = \"count += 1\" }", "{ sold = \"count += 1\" }"),
        ("on      = \"pieces-received\"", "on      = \"box-received\""),
        ("command = \"take\"", "command = \"give\""),
        ("start    = [\"take\"]", "start    = []"),
        ("start    = [\"take\"]", "start    = [\"give\"]"),
        ("history = [\"box-received\"]", "history = []"),
        ("evolve    = \"pieces += 10\"\n", "evolve    = \"pieces += order.placed\"\n"),
        ("gaps = \"naive\"", "gaps = \"native\""),
        ("gaps = \"naive\"", "snapshot-every = 0"),
        ("[event-sourcing]\ngaps = \"naive\"", "[saga]\nbarrier = \"none\""),
        ("[event-sourcing]", "[services.payment]\nbalance = 1\n\n[event-sourcing]"),
        ("[event-sourcing]", "[[step]]\nname = \"pay\"\nservice = \"sales\"\n\n[event-sourcing]"),
        ("event-store = 1", "coordinator = 1"),
        ("no-gap-skipped =", "atomic ="),
    ];
    let said: Vec<String> = wrong
        .into_iter()
        .map(|(right, wrong)| {
            assert!(EVENTS.contains(right), "{right:?} is not in the sound spec");
            match spec::parse("order.toml", &EVENTS.replacen(right, wrong, 1)) {
                Ok(_) => panic!("{wrong:?} was accepted"),
                Err(error) => render(&error),
            }
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn aggregates_in_a_saga_are_refused() {
    let error = spec::parse("order.toml", &format!("{SOUND}\n[aggregates.order]\n")).unwrap_err();
    insta::assert_snapshot!(render(&error));
}

/// The schema that editors use. Run the tests with `INSTA_UPDATE=always` to write it anew.
#[test]
fn the_schema_is_up_to_date() {
    let schema = format!("{:#}\n", spec::schema());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/specs/amends.schema.json");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(path, &schema).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert!(written == schema, "specs/amends.schema.json is stale; write it anew");
}

/// The schema that editors use for mapping files of traces.
#[test]
fn the_schema_of_mappings_is_up_to_date() {
    let schema = format!("{:#}\n", amends_trace::map::Mapping::schema());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/specs/mapping.schema.json");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(path, &schema).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == schema, "specs/mapping.schema.json is stale; write it anew");
}

/// The schema that programs use which read reports.
#[test]
fn the_schema_of_reports_is_up_to_date() {
    let schema = format!("{:#}\n", amends::report::json::schema());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/specs/report.schema.json");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(path, &schema).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert!(written == schema, "specs/report.schema.json is stale; write it anew");
}

const SOUND_MIXED: &str = r#"
name     = "transfer"
protocol = "mixed"

[[request]]
amount = 3

[rule]
when = "amount >= 5"
use  = "tcc"
else = "saga"

[services.bank]
balance = 8
frozen  = 0

[services.mail]
sent = 0

[[step]]
name     = "open"
service  = "bank"
protocol = "saga"

[[step]]
name    = "withdraw"
service = "bank"
when    = "balance >= amount"
do      = "balance -= amount"
undo    = "balance += amount"
try     = ["balance -= amount", "frozen += amount"]
confirm = "frozen -= amount"
cancel  = ["frozen -= amount", "balance += amount"]

[[step]]
name     = "tell"
service  = "mail"
protocol = "outbox"
do       = "sent += 1"

[mixed]
notify = "after-decision"

[saga]
attempts = 2

[expect]
published-iff-committed = "holds"
"#;

#[test]
fn a_sound_mixed_workflow_is_read() {
    let spec = spec::parse("transfer.toml", SOUND_MIXED).expect("it is sound");
    assert_eq!(spec.design.workflow().instances(), 1);
    assert_eq!(spec.design.workflow().requests().values(), [[3]]);
    assert!(spec.design.workflow().rule().is_some());
}

#[test]
fn mixed_workflows_that_are_refused() {
    let said: Vec<String> = [
        ("use  = \"tcc\"", "use  = \"2pc\""),
        ("use  = \"tcc\"", "use  = \"outbox\""),
        ("use  = \"tcc\"", "use  = \"saga\""),
        ("when = \"amount", "when = \"sum"),
        ("[[request]]\namount = 3\n", ""),
        ("[rule]\nwhen = \"amount >= 5\"\nuse  = \"tcc\"\nelse = \"saga\"\n", ""),
        ("undo    = \"balance += amount\"\n", ""),
        ("confirm = \"frozen -= amount\"\n", ""),
        ("name    = \"withdraw\"", "name    = \"withdraw\"\nprotocol = \"saga\""),
        ("protocol = \"outbox\"", "protocol = \"mq\""),
        ("protocol = \"outbox\"", "protocol = \"outbox\"\nwhen = \"sent < 1\""),
        ("protocol = \"outbox\"", "protocol = \"outbox\"\nkind = \"retriable\""),
        ("protocol = \"outbox\"", "protocol = \"outbox\"\nundo = \"sent -= 1\""),
        ("protocol = \"saga\"", "protocol = \"saga\"\nkind = \"pivot\""),
        ("protocol = \"saga\"", "protocol = \"saga\"\nafter = [\"withdraw\"]"),
        ("protocol = \"saga\"", "protocol = \"saga\"\nafter = [\"tell\"]"),
        ("protocol = \"mixed\"", "protocol = \"saga\""),
        ("attempts = 2", "attempts = 0"),
        ("attempts = 2", "standby = true"),
        ("notify = \"after-decision\"", "notify = \"never\""),
        ("[mixed]", "[outbox]\n[mixed]"),
    ]
    .into_iter()
    .map(|(right, wrong)| spoil(SOUND_MIXED, right, wrong))
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}
