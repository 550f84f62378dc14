//! `amends check`: verdicts and exit codes.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use insta_cmd::assert_cmd_snapshot;

use crate::amends::{Home, ORDER, steadily};

#[test]
fn a_spec_that_holds_exits_0() {
    let home = Home::with_order();
    steadily(|| assert_cmd_snapshot!(home.amends("check order.toml")));
}

#[test]
fn one_knob_turned_is_a_story_and_exit_1() {
    let home = Home::with_order();
    steadily(|| {
        assert_cmd_snapshot!(
            home.amends("check order.toml --set saga.barrier=none --property effect-once")
        );
    });
}

#[test]
fn random_walks_that_find_nothing_prove_nothing_and_exit_3() {
    let home = Home::with_order();
    steadily(|| {
        assert_cmd_snapshot!(
            home.amends("check order.toml --simulate --seed 1 --walks 50 --property atomic")
        );
    });
}

#[test]
fn a_random_walk_that_finds_a_violation_exits_1() {
    let home = Home::with_order();
    let broken = "check order.toml --simulate --walks 2000 --set saga.barrier=none";
    steadily(|| {
        assert_cmd_snapshot!(home.amends(&format!("{broken} --property effect-once")));
    });
    let output = home.run(&format!("{broken} --property effect-once --format json"));
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("the report is JSON");
    assert_eq!(report["properties"][0]["verdict"], "violated");
    assert!(report["walks"]["walks"].as_u64() > Some(0) && report["states"].is_null());
}

#[test]
fn a_violation_that_is_expected_is_found_by_random_walks_too() {
    let home = Home::empty().with(
        "order.toml",
        format!("{ORDER}\n[saga]\nbarrier = \"none\"\n[expect]\neffect-once = \"violated\"\n"),
    );
    let found = home.run("check order.toml --simulate --walks 2000 --property effect-once");
    assert_eq!(found.status.code(), Some(0));
    let unknown =
        home.run("check order.toml --simulate --walks 1 --depth 1 --property effect-once");
    assert_eq!(unknown.status.code(), Some(3), "what is expected was not seen yet");
}

#[test]
fn random_walks_end_with_the_time() {
    let home = Home::with_order();
    let output = home.run("check order.toml --simulate --timeout 50ms");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn walks_are_asked_for() {
    let home = Home::with_order();
    assert_eq!(home.run("check order.toml --walks 5").status.code(), Some(2));
    assert_eq!(home.run("check order.toml --simulate --max-states 5").status.code(), Some(2));
}

#[test]
fn the_first_violation_is_enough_if_asked() {
    let home = Home::with_order();
    steadily(|| {
        assert_cmd_snapshot!(home.amends(
            "check order.toml --fail-fast --set saga.barrier=none --property effect-once --property atomic"
        ));
    });
    let all = home.run("check order.toml --fail-fast");
    assert_eq!(all.status.code(), Some(0), "where nothing is violated, everything is explored");
}

#[test]
fn faults_can_be_changed_from_outside() {
    let home = Home::with_order();
    steadily(|| assert_cmd_snapshot!(home.amends("check order.toml --faults none,lose=1")));
}

#[test]
fn a_property_that_is_expected_to_be_violated_exits_0() {
    let home = Home::empty().with(
        "order.toml",
        format!("{ORDER}\n[saga]\nbarrier = \"none\"\n[expect]\neffect-once = \"violated\"\n"),
    );
    let output = home.run("check order.toml --property effect-once");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_property_that_holds_against_expectation_exits_1() {
    let spec = format!("{ORDER}\n[expect]\natomic = \"violated\"\n");
    let home = Home::empty().with("order.toml", spec);
    steadily(|| assert_cmd_snapshot!(home.amends("check order.toml --property atomic")));
}

#[test]
fn a_property_of_the_spec_with_nothing_to_say_exits_1() {
    let spec = format!(
        "{ORDER}\n[[property]]\nname = \"when sold out twice\"\nalways = \"true\"\n\
         given = \"inventory.stock < -1\"\n"
    );
    let home = Home::empty().with("order.toml", spec);
    steadily(|| {
        assert_cmd_snapshot!(home.amends("check order.toml --property").arg("when sold out twice"));
    });
}

#[test]
fn a_search_that_stops_early_exits_3() {
    let home = Home::with_order();
    let output = home.run("check order.toml --max-states 50");
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).expect("it is text");
    assert!(text.contains("stopped at the limit of 50 states"), "{text}");
}

/// One definition, with a coordinator and without one.
#[test]
fn the_same_steps_are_orchestrated_or_choreographed() {
    let home = Home::with_order();
    for (protocol, node) in [("saga", "coordinator"), ("choreography", "initiator")] {
        let output = home.run(&format!("check order.toml --set protocol={protocol}"));
        let text = String::from_utf8(output.stdout).expect("it is text");
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains(&format!("{protocol} of 2 steps")), "{text}");
        assert!(text.contains(&format!("1 crash at {node}")), "{text}");
        assert!(text.contains("goods and money agree  holds"), "{text}");
    }
}

#[test]
fn a_search_that_has_no_time_exits_3() {
    let output = Home::with_order().run("check order.toml --timeout 0s");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn all_specs_of_a_directory_are_checked_and_the_worst_counts() {
    let home = Home::empty()
        .with("specs/a.toml", ORDER)
        .with("specs/zoo/b.toml", format!("{ORDER}\n[saga]\nbarrier = \"none\"\n"))
        .with("specs/notes.md", "not a spec");
    let output = home.run("check specs --property effect-once");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("it is text");
    assert_eq!(text.matches("saga of 2 steps").count(), 2, "{text}");
}

#[test]
fn a_bad_spec_does_not_keep_the_others_from_being_checked() {
    let home = Home::with_order().with("broken.toml", "name = ");
    let output = home.run("check broken.toml order.toml");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stdout).expect("it is text");
    assert!(text.contains("order: as expected"), "{text}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::with_order();
    let mut child = home
        .amends("check order.toml order.toml order.toml")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    drop(child.stdout.take());
    let mut complaints = String::new();
    let mut stderr = child.stderr.take().expect("it is piped");
    stderr.read_to_string(&mut complaints).expect("it is text");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert_eq!(complaints, "");
}

#[test]
#[cfg(unix)]
fn an_interrupted_search_says_what_is_known_and_exits_3() {
    let home = Home::with_order().with(
        "endless.toml",
        ORDER.replace("instances = 2", "instances = 9").replace("lose      = 1", "lose = 9"),
    );
    let mut child = home
        .amends("check order.toml endless.toml")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    // The report of the first spec shows that the second one is on its way.
    let mut text = String::new();
    while !text.contains("as expected") {
        assert_ne!(stdout.read_line(&mut text).expect("it is text"), 0, "{text}");
    }
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("there is a kill").success());
    stdout.read_to_string(&mut text).expect("it is text");
    assert!(text.contains("interrupted: all runs of up to"), "{text}");
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
}

#[test]
fn a_spec_can_come_from_standard_input() {
    let mut child = Home::empty()
        .amends("check - --format json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut input = child.stdin.take().expect("it is piped");
    std::io::Write::write_all(&mut input, ORDER.as_bytes()).expect("it is read");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&report["spec"], &report["file"]), (&"order".into(), &"<stdin>".into()));
}

#[test]
fn many_specs_end_with_a_total() {
    let wrong = format!("{ORDER}\n[saga]\nbarrier = \"none\"\n");
    let home = Home::with_order().with("wrong.toml", wrong);
    steadily(|| assert_cmd_snapshot!(home.amends("check . --quiet --fail-fast --threads 1")));
    let home = Home::with_order().with("other.toml", ORDER);
    steadily(|| assert_cmd_snapshot!("all_is_quiet", home.amends("check . --quiet")));
}

#[test]
fn a_search_that_is_too_large_says_what_multiplies_its_states() {
    let home = Home::with_order();
    let output = home.run("check order.toml --set instances=3 --max-states 5000");
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).expect("it is text");
    assert!(text.contains("--set instances=2") && text.contains("--faults "), "{text}");
}

#[test]
fn an_injected_refusal_is_marked_as_a_fault() {
    let home = Home::with_order();
    let broken = "--set instances=1 --set step.reserve-stock.undo= --property sound-compensation";
    let output = home.run(&format!("check order.toml --faults none,refuse=1 {broken}"));
    let text = String::from_utf8(output.stdout).expect("it is text");
    let refused = text.lines().find(|line| line.contains(" refused ")).expect("it is refused");
    assert!(refused.starts_with(" !"), "{text}");
}
