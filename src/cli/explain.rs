//! `amends explain`: what a property, a choice or a fault means.

use std::fmt::Write;

use amends_models::protocols::{AnyProtocol, Protocol};
use amends_models::system::KnownFailure;
use amends_models::workflow::Fault;
use amends_models::workflow::suggestion::suggestion;
use clap::Args;
use serde_json::Value;

use super::errors;
use super::exit::Exit;
use super::output::Output;
use crate::spec;

/// What to explain.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// A built-in property (atomic), a choice (saga.barrier), a fault (duplicate), a key of a step (when) or
    /// a protocol (saga).
    #[arg(value_name = "NAME")]
    name: String,
}

/// Explains it on standard output.
#[must_use]
pub fn run(arguments: &ExplainArguments) -> Exit {
    let name = arguments.name.as_str();
    let text: String = [property(name), fault(name), knob(name), step_key(name), protocol(name)]
        .into_iter()
        .flatten()
        .collect();
    if text.is_empty() {
        let known = names();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        return errors::with_help(
            format_args!("nothing is named `{name}`"),
            suggestion(name, &known),
        );
    }
    match Output::new().write(&text) {
        Ok(()) => Exit::AsExpected,
        Err(error) => errors::output(&error),
    }
}

/// Everything that can be explained.
fn names() -> Vec<String> {
    let protocols = Protocol::NAMES.iter();
    let properties =
        protocols.clone().flat_map(|name| Protocol::properties_of(name)).map(|it| it.name);
    let mut names: Vec<String> =
        properties.chain(Fault::ALL.map(Fault::name)).map(Into::into).collect();
    names.extend(protocols.map(|&name| name.to_owned()));
    let schema = spec::schema();
    names.extend(knobs(&schema).into_iter().map(|knob| knob.key));
    names.extend(step_keys(&schema).map(|(key, _)| key.to_owned()));
    names.sort_unstable();
    names.dedup();
    names
}

fn failures(of: impl Fn(&KnownFailure) -> bool) -> Vec<KnownFailure> {
    let all = Protocol::NAMES.iter().flat_map(|name| Protocol::known_failures_of(name));
    all.filter(|failure| of(failure)).copied().collect()
}

/// A known failure, in a line.
fn failure(failure: &KnownFailure) -> String {
    let choices: Vec<String> =
        failure.choices.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let faults: Vec<String> =
        failure.faults.iter().map(|(fault, count)| format!("{}={count}", fault.name())).collect();
    let with = if faults.is_empty() { "no fault".to_owned() } else { faults.join(", ") };
    format!("  {}: {} with {with} breaks {}\n", failure.anomaly, choices.join(" "), failure.breaks)
}

fn told(heading: &str, found: &[KnownFailure]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let lines: String = found.iter().map(failure).collect();
    format!("{heading}\n{lines}")
}

fn property(name: &str) -> Option<String> {
    let having: Vec<&str> = Protocol::NAMES
        .iter()
        .filter(|protocol| Protocol::properties_of(protocol).iter().any(|it| it.name == name))
        .copied()
        .collect();
    let first = having.first()?;
    let meaning = Protocol::properties_of(first).iter().find(|it| it.name == name)?.meaning;
    let mut text = format!("{name}: {meaning}.\nA built-in property of {}.\n", having.join(", "));
    if name == "sound-compensation" {
        text.push_str(
            "A compensation that leaves something on purpose, like a fee or a note, says so with \
             `keeps` in its step.\n",
        );
    }
    text.push_str(&told("Broken by:", &failures(|failure| failure.breaks == name)));
    Some(text)
}

fn fault(name: &str) -> Option<String> {
    let fault = Fault::from_name(name)?;
    let meaning = match fault {
        Fault::Crash => {
            "a process loses its memory and the effects it had not carried out, and comes back; a \
             crash may fall between any two effects"
        }
        Fault::Halt => "a process crashes and never comes back",
        Fault::Lose => "a message disappears",
        Fault::Duplicate => "a message arrives twice",
        Fault::Partition => {
            "a node is cut off: what is sent to and from it is lost, until the network heals"
        }
        Fault::Refuse => {
            "a service says no for a business reason that its resources do not show, like a declined \
             card"
        }
        Fault::Fail => "a local transaction is rolled back for a passing reason, like a deadlock",
        Fault::Timeout => "a timer runs out although the answer is still on its way",
        Fault::Cancel => "the client takes its request back, or its deadline passes",
    };
    let text = format!(
        "{name}: {meaning}.\nA fault. In a spec: `[faults]` with `{name} = 1` anywhere, or `{name} = {{ \
         SERVICE = 1 }}` at one node; on the command line: --faults {name}=1 or --faults \
         {name}@SERVICE=1.\n"
    );
    let needed = failures(|failure| failure.faults.iter().any(|(needed, _)| *needed == fault));
    Some(text + &told("What it lets matter:", &needed))
}

/// The keys of a step, as the schema of specs describes them.
fn step_keys(schema: &Value) -> impl Iterator<Item = (&str, &str)> {
    let keys = schema["$defs"]["StepTable"]["properties"].as_object();
    keys.into_iter()
        .flatten()
        .filter_map(|(key, it)| Some((key.as_str(), it["description"].as_str()?)))
}

fn step_key(name: &str) -> Option<String> {
    let schema = spec::schema();
    let (key, meaning) = step_keys(&schema).find(|(key, _)| *key == name)?;
    Some(format!("{key}: {}\nA key of a step.\n", sentence(meaning)))
}

/// A choice, as the schema of specs describes it.
struct Knob {
    key: String,
    meaning: String,
    /// The values, with what each means.
    values: Vec<(String, String)>,
    default: Option<String>,
}

fn knob(name: &str) -> Option<String> {
    let schema = spec::schema();
    let found: Vec<Knob> = knobs(&schema)
        .into_iter()
        .filter(|knob| knob.key == name || knob.key.rsplit('.').next() == Some(name))
        .collect();
    if found.is_empty() {
        return None;
    }
    let mut text = String::new();
    for knob in found {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}: {}", knob.key, knob.meaning);
        for (value, meaning) in &knob.values {
            let usual = if knob.default.as_deref() == Some(value) { " (the default)" } else { "" };
            let _ = writeln!(text, "  {value}{usual}: {meaning}");
        }
        if let Some(default) = knob.default.filter(|_| knob.values.is_empty()) {
            let _ = writeln!(text, "  {default} unless it is set");
        }
        let wrong = failures(|failure| failure.mistake().0 == knob.key);
        text.push_str(&told("Known failures:", &wrong));
    }
    Some(text)
}

/// All choices of all protocols.
fn knobs(schema: &Value) -> Vec<Knob> {
    let resolve = |value: &Value| -> Value {
        let reference = value["$ref"].as_str().or_else(|| value["anyOf"][0]["$ref"].as_str());
        let name = reference.and_then(|path| path.strip_prefix("#/$defs/"));
        name.map_or_else(|| value.clone(), |name| schema["$defs"][name].clone())
    };
    let mut found = Vec::new();
    let tables = Protocol::NAMES
        .iter()
        .filter_map(|table| Some((*table, resolve(schema["properties"].get(*table)?))));
    for (table, definition) in tables {
        for (name, field) in definition["properties"].as_object().into_iter().flatten() {
            let kind = resolve(field);
            let values = kind["oneOf"].as_array().into_iter().flatten();
            let values = values.filter_map(|value| {
                let meaning = sentence(value["description"].as_str()?);
                Some((value["const"].as_str()?.to_owned(), meaning))
            });
            let default = match &field["default"] {
                Value::Null => None,
                Value::String(word) => Some(word.clone()),
                other => Some(other.to_string()),
            };
            found.push(Knob {
                key: format!("{table}.{name}"),
                meaning: sentence(field["description"].as_str().unwrap_or_default()),
                values: values.collect(),
                default,
            });
        }
    }
    found
}

/// A description on one line.
fn sentence(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn protocol(name: &str) -> Option<String> {
    let known = Protocol::NAMES.contains(&name);
    let properties = Protocol::properties_of(name);
    known.then(|| {
        let mut text = format!("{name}: a protocol. Its built-in properties:\n");
        for property in properties {
            let _ = writeln!(text, "  {}: {}", property.name, property.meaning);
        }
        text + &told("Known failures:", Protocol::known_failures_of(name))
    })
}
