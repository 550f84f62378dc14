//! The receiver takes traces from the SDKs of OpenTelemetry for other languages.
//!
//! They are installed once, from the registries of their languages, into a folder of this test under
//! `target/`. Where that cannot be done, the test fails and says what is missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use amends_trace::read::Item;
use amends_trace::receive::{Receiver, ReceiverSettings};
use amends_trace::{LogRecord, Span, SpanKind, Status, Value};

/// What the scripts in `sdks/` need.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdks");

/// Runs a program, which must succeed.
fn run(command: &mut Command, to: &str) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{:?} is needed to {to}: {error}", command.get_program());
    });
    assert!(
        output.status.success(),
        "cannot {to}: {command:?} failed\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// A folder in which what `listed` names was installed by `install`, now or before.
fn installed(named: &str, listed: &Path, install: impl FnOnce(&Path)) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(named);
    let done = folder.join("installed");
    let wanted = fs::read(listed).expect("a list of packages");
    if fs::read(&done).ok().as_deref() != Some(&wanted) {
        // What is there is half of an installation, or an old one.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder under target/");
        install(&folder);
        fs::write(&done, wanted).expect("a file under target/");
    }
    folder
}

fn python(transport: &str, endpoint: &str) {
    let requirements = Path::new(SCRIPTS).join("python/requirements.txt");
    let folder = installed("python", &requirements, |folder| {
        let to = "make a virtual environment (Debian: python3-venv)";
        run(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")), to);
        let pip = ["-m", "pip", "install", "--quiet", "--requirement"];
        let mut command = Command::new(folder.join("venv/bin/python"));
        run(command.args(pip).arg(&requirements), "install the SDK for Python from PyPI");
    });
    let mut command = Command::new(folder.join("venv/bin/python"));
    command.arg(Path::new(SCRIPTS).join("python/send.py")).args([transport, endpoint]);
    run(&mut command, "send from Python");
}

fn node(transport: &str, endpoint: &str) {
    let scripts = Path::new(SCRIPTS).join("node");
    let folder = installed("node", &scripts.join("package-lock.json"), |folder| {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(scripts.join(file), folder.join(file)).expect("a file under target/");
        }
        let npm = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
        let to = "install the SDK for Node from npm (Debian: nodejs, npm)";
        run(Command::new("npm").args(npm).current_dir(folder), to);
    });
    // Modules are looked for beside the script.
    fs::copy(scripts.join("send.mjs"), folder.join("send.mjs")).expect("a file under target/");
    let mut command = Command::new("node");
    command.arg(folder.join("send.mjs")).args([transport, endpoint]);
    run(&mut command, "send from Node");
}

/// What `send` sends to a receiver: its spans in the order of their names, and its log records.
fn received(send: impl FnOnce(&Receiver)) -> (Vec<Span>, Vec<LogRecord>) {
    let mut settings = ReceiverSettings::default();
    settings.grpc = Some(([127, 0, 0, 1], 0).into());
    settings.http = Some(([127, 0, 0, 1], 0).into());
    let receiver = Receiver::listen(settings).expect("a free port");
    send(&receiver);
    let (mut spans, mut logs) = (Vec::new(), Vec::new());
    // The sender has ended, so that all it sent is here.
    loop {
        let items = receiver.next(Duration::ZERO);
        if items.is_empty() {
            break;
        }
        for item in items {
            match item {
                Item::Span(span) => spans.push(span),
                Item::Log(log) => logs.push(log),
            }
        }
    }
    let report = receiver.report();
    assert!(report.read.flaws.is_empty() && report.refused == 0, "{report:?}");
    spans.sort_by(|one, other| one.name.cmp(&other.name));
    (spans, logs)
}

/// The saga that all scripts send.
fn assert_is_the_saga((spans, logs): (Vec<Span>, Vec<LogRecord>), instance: &str) {
    let [charge, compensate, reserve, saga] = &spans[..] else { panic!("{spans:?}") };
    for span in &spans {
        assert_eq!((span.service(), span.source.instance.as_str()), ("order", instance));
        assert_eq!((span.source.scope.as_str(), span.trace), ("orders", saga.trace));
        assert!(span.end.is_some_and(|end| end >= span.start));
    }
    assert_eq!((saga.name.as_str(), saga.parent), ("saga order", None));
    assert_eq!(saga.attributes.text("saga.id"), Some("o-17"));

    assert_eq!((reserve.name.as_str(), reserve.kind), ("reserve-stock", SpanKind::Client));
    assert_eq!((reserve.parent, &reserve.status), (Some(saga.id), &Status::Unset));
    let attribute = |name| reserve.attributes.get(name);
    assert_eq!(attribute("saga.step.index"), Some(&Value::Int(0)));
    assert_eq!(attribute("amount"), Some(&Value::Double(2.5)));
    assert_eq!(attribute("retried"), Some(&Value::Bool(false)));
    assert_eq!(attribute("items"), Some(&Value::List(["a", "b"].map(Value::from).into())));
    assert_eq!(reserve.events[0].name, "retry");
    assert_eq!(reserve.events[0].attributes.get("attempt"), Some(&Value::Int(2)));

    assert_eq!(charge.status, Status::Error("card declined".into()));
    assert_eq!(compensate.name, "compensate reserve-stock");
    assert_eq!((compensate.links[0].trace, compensate.links[0].span), (reserve.trace, reserve.id));

    let [log] = &logs[..] else { panic!("{logs:?}") };
    assert_eq!(log.body, Value::from("the card was declined"));
    assert_eq!((log.trace, log.span), (Some(charge.trace), Some(charge.id)));
}

fn grpc(receiver: &Receiver) -> String {
    format!("http://{}", receiver.grpc().expect("it listens"))
}

fn http(receiver: &Receiver) -> String {
    format!("http://{}", receiver.http().expect("it listens"))
}

#[test]
fn traces_come_from_python() {
    let over_grpc = received(|receiver| python("grpc", &grpc(receiver)));
    assert_is_the_saga(over_grpc, "python-grpc");
    let over_http = received(|receiver| python("http", &http(receiver)));
    assert_is_the_saga(over_http, "python-http");
}

#[test]
fn traces_come_from_node() {
    let over_grpc = received(|receiver| node("grpc", &grpc(receiver)));
    assert_is_the_saga(over_grpc, "node-grpc");
    let json_over_http = received(|receiver| node("http", &http(receiver)));
    assert_is_the_saga(json_over_http, "node-http");
    let protobuf_over_http = received(|receiver| node("proto", &http(receiver)));
    assert_is_the_saga(protobuf_over_http, "node-proto");
}
