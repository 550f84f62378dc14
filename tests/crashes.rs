//! Real processes, killed with SIGKILL at random moments and started again on the same file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const WORKFLOWS: u32 = 400;

/// Orders that compete for goods and money, carried out as a saga.
const SAGA: &str = r#"
name = "order"
protocol = "saga"

[services.inventory]
stock = 300
[services.payment]
balance = 2500
[services.shipping]
parcels = 0

[[step]]
name = "reserve-stock"
service = "inventory"
when = "stock >= 1"
do = "stock -= 1"
undo = "stock += 1"

[[step]]
name = "charge"
service = "payment"
when = "balance >= 10"
do = "balance -= 10"
undo = "balance += 10"

[[step]]
name = "ship"
service = "shipping"
do = "parcels += 1"
undo = "parcels -= 1"

[[property]]
name = "never oversold"
always = "inventory.stock >= 0"

[[property]]
name = "goods, money and parcels agree"
settled = "300 - inventory.stock == completed && 2500 - payment.balance == 10 * completed && shipping.parcels == completed"
"#;

/// The same orders, carried out as a TCC.
const TCC: &str = r#"
name = "order"
protocol = "tcc"

[services.inventory]
stock = 300
frozen = 0
[services.payment]
balance = 2500
held = 0

[[step]]
name = "reserve-stock"
service = "inventory"
when = "stock >= 1"
try = ["stock -= 1", "frozen += 1"]
confirm = "frozen -= 1"
cancel = ["frozen -= 1", "stock += 1"]

[[step]]
name = "hold-money"
service = "payment"
when = "balance >= 10"
try = ["balance -= 10", "held += 10"]
confirm = "held -= 10"
cancel = ["held -= 10", "balance += 10"]

[[property]]
name = "nothing is used that is not reserved"
always = "inventory.frozen >= 0 && payment.held >= 0"

[[property]]
name = "goods and money agree"
settled = "300 - inventory.stock == completed && 2500 - payment.balance == 10 * completed && inventory.frozen == 0 && payment.held == 0"
"#;

fn start(spec: &Path, store: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_amends"))
        .arg("run")
        .arg(spec)
        .arg("--store")
        .arg(format!("sqlite:{}", store.display()))
        .args(["--workflows", &WORKFLOWS.to_string(), "--seed", "7", "--concurrency", "24"])
        .args(["--faults", "crash=0.01,lose=0.02,duplicate=0.1,delay=0.03,refuse=0.05"])
        .args(["--verbose", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

/// Collects, in the background, the workflows that a process says it accepted.
fn listen(process: &mut Child) -> thread::JoinHandle<BTreeSet<u32>> {
    let stderr = process.stderr.take().expect("it is piped");
    thread::spawn(move || {
        let lines = BufReader::new(stderr).lines().map_while(Result::ok);
        lines.filter_map(|line| line.strip_prefix("accepted #")?.parse().ok()).collect()
    })
}

#[test]
fn nothing_of_a_saga_is_lost_half_done_or_done_twice_when_it_is_killed_again_and_again() {
    survives(SAGA, 20);
}

#[test]
fn nothing_of_a_tcc_is_lost_half_done_or_done_twice_when_it_is_killed_again_and_again() {
    survives(TCC, 8);
}

/// Kills runs of a spec so many times, then lets one come to its end.
fn survives(text: &str, kills: u32) {
    let directory = tempfile::tempdir().unwrap();
    let (spec, store) = (directory.path().join("order.toml"), directory.path().join("order.db"));
    std::fs::write(&spec, text).unwrap();
    let mut random = StdRng::seed_from_u64(7);
    let mut accepted = BTreeSet::new();
    let mut killed_at_work = 0;

    for _ in 0..kills {
        let mut process = start(&spec, &store);
        let acknowledgements = listen(&mut process);
        thread::sleep(Duration::from_millis(random.random_range(5..200)));
        killed_at_work += u32::from(process.try_wait().unwrap().is_none());
        // SIGKILL: no handler runs, no buffer is written.
        process.kill().unwrap();
        process.wait().unwrap();
        for workflow in acknowledgements.join().unwrap() {
            assert!(accepted.insert(workflow), "workflow #{workflow} was accepted twice");
        }
    }
    assert_eq!(killed_at_work, kills, "the process was always killed before it was done");
    assert!(!accepted.is_empty(), "some workflows were accepted before the last kill");
    let before: usize = accepted.len();

    let mut process = start(&spec, &store);
    let acknowledgements = listen(&mut process);
    let output = process.wait_with_output().unwrap();
    accepted.extend(acknowledgements.join().unwrap());
    assert!(before < WORKFLOWS as usize, "the last run has something left to accept");

    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success(), "{report:#}");
    // The audit goes by the history of all runs together: atomic, each effect once, resources as they
    // must be.
    assert_eq!(report["violations"], serde_json::json!([]), "{report:#}");
    assert_eq!(report["unfinished"], 0, "{report:#}");
    let count = |key: &str| report[key].as_u64().unwrap();
    assert_eq!(count("completed") + count("compensated"), u64::from(WORKFLOWS), "{report:#}");
    assert!(accepted.iter().all(|workflow| (1..=WORKFLOWS).contains(workflow)));
}
