//! Faults for a cluster: manifests for Chaos Mesh, from the fault budget of a spec or from the faults of a
//! counterexample.
//!
//! | fault | manifest |
//! |---|---|
//! | `crash` | `PodChaos`, `pod-kill`: the pod is started again |
//! | `halt` | `PodChaos`, `pod-failure`, for as long as the experiment lasts |
//! | `lose` | `NetworkChaos`, `loss`, on the link or on all links of the node |
//! | `duplicate` | `NetworkChaos`, `duplicate` |
//! | `timeout` | `NetworkChaos`, `delay`, longer than callers wait |
//! | `partition` | `NetworkChaos`, `partition`, between the node and all others |
//!
//! The model strikes one message at one instant; a cluster can only be struck for a while. So a manifest
//! makes the fault possible, and the workflow has to be run until it strikes where it hurts. Faults that
//! belong to the business (`refuse`, `fail`, `cancel`) are named in comments: a request has to bring them
//! about.

use std::collections::{BTreeMap, BTreeSet};

use amends_models::protocols::{AnyProtocol, Design};
use amends_models::workflow::Fault;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use super::yaml;

/// Where services run, and for how long faults last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The namespace of their pods.
    pub namespace: String,
    /// The label of pods whose value is the name of their service.
    pub label: String,
    /// How long network faults last: `30s`.
    pub duration: String,
    /// How long messages are delayed: longer than callers wait.
    pub latency: String,
}

impl Default for Cluster {
    /// Namespace `default`, label `app`, thirty seconds, delays of five.
    fn default() -> Self {
        Cluster {
            namespace: "default".to_owned(),
            label: "app".to_owned(),
            duration: "30s".to_owned(),
            latency: "5s".to_owned(),
        }
    }
}

/// A fault, and what it strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Strike {
    fault: Fault,
    /// The node, or the sender; `None` for any.
    node: Option<String>,
    /// The receiver, where a message is struck.
    to: Option<String>,
    /// What happened, for people.
    text: String,
}

/// Why a counterexample cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CounterexampleError {
    /// It is no JSON.
    #[error("it is no JSON: {0}")]
    Json(String),
    /// There is no counterexample in it.
    #[error("there is no counterexample in it")]
    None,
}

/// The manifests for all faults of a design's budget.
#[must_use]
pub fn of_budget(design: &Design, cluster: &Cluster) -> String {
    let budget = design.workflow().faults();
    let mut strikes = Vec::new();
    for fault in Fault::ALL {
        if budget.anywhere(fault) > 0 {
            let text = format!("{} {} anywhere", budget.anywhere(fault), fault.name());
            strikes.push(Strike { fault, node: None, to: None, text });
        }
        for (of, node, count) in budget.located() {
            if of == fault && count > 0 {
                let text = format!("{count} {} at {node}", fault.name());
                strikes.push(Strike { fault, node: Some(node.to_owned()), to: None, text });
            }
        }
    }
    let name = design.workflow().name();
    // A fault that may strike anywhere is struck at each node in turn.
    let mut nodes: BTreeSet<String> = design.protocol().nodes().into_iter().collect();
    nodes.extend(design.workflow().services().iter().map(|service| service.name.clone()));
    let strikes = strikes.into_iter().flat_map(|strike| match strike.node {
        None if of_one_node(strike.fault) => {
            nodes.iter().map(|node| Strike { node: Some(node.clone()), ..strike.clone() }).collect()
        }
        _ => vec![strike],
    });
    render(name, "the fault budget of the spec", strikes, cluster)
}

/// The manifests for the faults of counterexamples, in a report that `amends check --format json` wrote.
///
/// # Errors
/// When the text is no such report, or has no counterexample in it.
pub fn of_counterexamples(report: &str, cluster: &Cluster) -> Result<String, CounterexampleError> {
    let mut manifests = String::new();
    for line in report.lines().filter(|line| !line.trim().is_empty()) {
        let report: Value = serde_json::from_str(line)
            .map_err(|error| CounterexampleError::Json(error.to_string()))?;
        let spec = report["spec"].as_str().unwrap_or("workflow");
        for property in report["properties"].as_array().into_iter().flatten() {
            let story = &property["counterexample"]["story"];
            if !story["events"].is_array() {
                continue;
            }
            let violated = property["name"].as_str().unwrap_or("property");
            let name = format!("{spec}-{violated}");
            let from = format!("the counterexample to {violated}, in its order");
            manifests += &render(&name, &from, strikes(story), cluster);
        }
    }
    if manifests.is_empty() { Err(CounterexampleError::None) } else { Ok(manifests) }
}

fn strikes(story: &Value) -> Vec<Strike> {
    let nodes: Vec<&str> = story["actors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|actor| actor["node"].as_str().unwrap_or_default())
        .collect();
    let node = |at: &Value| {
        let at = usize::try_from(at.as_u64()?).ok()?;
        nodes.get(at).map(|node| (*node).to_owned())
    };
    let events = story["events"].as_array().into_iter().flatten();
    events
        .filter_map(|event| {
            let happening = &event["happening"];
            let text = event["text"].as_str().unwrap_or_default().to_owned();
            // What happens to a whole node is told of nobody in particular, and begins with its name.
            let named = || {
                let longest = nodes.iter().filter(|node| text.starts_with(**node));
                longest.max_by_key(|node| node.len()).map(|node| (*node).to_owned())
            };
            let own = node(&event["actor"]);
            let from = node(&happening["from"]);
            let (fault, node, to) = match happening["kind"].as_str()? {
                "crash" => (Fault::Crash, own.or_else(named), None),
                "halt" => (Fault::Halt, own.or_else(named), None),
                "lose" => (Fault::Lose, from, own),
                "duplicate" => (Fault::Duplicate, from, own),
                "partition" => (Fault::Partition, own.or_else(named), None),
                "spurious-timeout" => (Fault::Timeout, own, None),
                "cancel" => (Fault::Cancel, own, None),
                "refused" => (Fault::Refuse, own, None),
                "failed" => (Fault::Fail, own, None),
                _ => return None,
            };
            Some(Strike { fault, node, to, text })
        })
        .collect()
}

/// Whether the fault strikes one node, rather than messages.
fn of_one_node(fault: Fault) -> bool {
    matches!(fault, Fault::Crash | Fault::Halt | Fault::Partition)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Serialize)]
struct Metadata {
    name: String,
    namespace: String,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    action: &'static str,
    mode: &'static str,
    selector: Selector,
    #[serde(skip_serializing_if = "Option::is_none")]
    grace_period: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    loss: Option<Loss>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<Duplicate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay: Option<Delay>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<String>,
}

#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Selector {
    namespaces: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    label_selectors: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expression_selectors: Vec<Expression>,
}

#[derive(Clone, Serialize)]
struct Expression {
    key: String,
    operator: &'static str,
    values: Vec<String>,
}

#[derive(Serialize)]
struct Target {
    mode: &'static str,
    selector: Selector,
}

#[derive(Serialize)]
struct Loss {
    loss: &'static str,
    correlation: &'static str,
}

#[derive(Serialize)]
struct Duplicate {
    duplicate: &'static str,
    correlation: &'static str,
}

#[derive(Serialize)]
struct Delay {
    latency: String,
    jitter: &'static str,
    correlation: &'static str,
}

fn render(
    name: &str,
    from: &str,
    strikes: impl IntoIterator<Item = Strike>,
    cluster: &Cluster,
) -> String {
    let mut text = String::new();
    let mut by_hand = Vec::new();
    let mut number = 0;
    for strike in strikes {
        let Some(spec) = cluster.spec(&strike) else {
            by_hand.push(strike.text);
            continue;
        };
        number += 1;
        let kind = if of_pod(strike.fault) { "PodChaos" } else { "NetworkChaos" };
        let metadata = Metadata {
            name: kubernetes_name(&format!("{name}-{number}-{}", strike.fault.name())),
            namespace: cluster.namespace.clone(),
        };
        let manifest = Manifest { api_version: "chaos-mesh.org/v1alpha1", kind, metadata, spec };
        let comments = [format!("{number}. {}: {}", strike.fault.name(), strike.text)];
        text += &format!("---\n{}", yaml::document(&comments, &manifest));
    }
    let mut head = vec![
        format!("Faults of {name} for Chaos Mesh, from {from}; written by amends."),
        "Apply one after the other, while workflows run: a fault is possible as long as it is applied.".to_owned(),
    ];
    head.extend(
        by_hand
            .iter()
            .map(|text| format!("To be brought about by a request, not by Chaos Mesh: {text}")),
    );
    if number == 0 {
        head.push("No fault of these is one of the cluster.".to_owned());
    }
    let head: String =
        head.iter().map(|line| format!("# {}\n", line.replace(char::is_control, " "))).collect();
    head + &text
}

fn of_pod(fault: Fault) -> bool {
    matches!(fault, Fault::Crash | Fault::Halt)
}

impl Cluster {
    fn spec(&self, strike: &Strike) -> Option<Spec> {
        let selector = self.selector(strike.node.as_deref());
        let lasting = Some(self.duration.clone());
        let network = |action| {
            let target = strike
                .to
                .as_deref()
                .map(|to| Target { mode: "all", selector: self.selector(Some(to)) });
            Spec {
                action,
                mode: "all",
                selector: selector.clone(),
                direction: Some("to"),
                target,
                duration: lasting.clone(),
                ..Spec::default()
            }
        };
        Some(match strike.fault {
            Fault::Crash => Spec {
                action: "pod-kill",
                mode: "one",
                selector,
                // At once: a process that is asked to end can finish what it was doing.
                grace_period: Some(0),
                ..Spec::default()
            },
            Fault::Halt => Spec {
                action: "pod-failure",
                mode: "all",
                selector,
                duration: lasting,
                ..Spec::default()
            },
            Fault::Lose => {
                Spec { loss: Some(Loss { loss: "100", correlation: "0" }), ..network("loss") }
            }
            Fault::Duplicate => Spec {
                duplicate: Some(Duplicate { duplicate: "100", correlation: "0" }),
                ..network("duplicate")
            },
            Fault::Timeout => Spec {
                delay: Some(Delay {
                    latency: self.latency.clone(),
                    jitter: "0ms",
                    correlation: "0",
                }),
                ..network("delay")
            },
            Fault::Partition => {
                let node = strike.node.clone()?;
                let others = Selector {
                    namespaces: vec![self.namespace.clone()],
                    label_selectors: BTreeMap::new(),
                    expression_selectors: vec![Expression {
                        key: self.label.clone(),
                        operator: "NotIn",
                        values: vec![node],
                    }],
                };
                Spec {
                    direction: Some("both"),
                    target: Some(Target { mode: "all", selector: others }),
                    ..network("partition")
                }
            }
            Fault::Refuse | Fault::Fail | Fault::Cancel => return None,
        })
    }

    fn selector(&self, node: Option<&str>) -> Selector {
        let labels = node.map(|node| (self.label.clone(), node.to_owned()));
        Selector {
            namespaces: vec![self.namespace.clone()],
            label_selectors: labels.into_iter().collect(),
            expression_selectors: Vec::new(),
        }
    }
}

/// A name as Kubernetes allows it (RFC 1123): at most 63 lower-case letters, digits and hyphens.
fn kubernetes_name(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let ends = |c| c == '-';
    // The end has the number that tells manifests apart.
    let skipped = name.len().saturating_sub(63);
    name[skipped..].trim_matches(ends).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_such_that_kubernetes_allows_them() {
        assert_eq!(kubernetes_name("order-never oversold-1-crash"), "order-never-oversold-1-crash");
        assert!(kubernetes_name(&"x".repeat(99)).len() <= 63);
        assert_eq!(kubernetes_name("--Größe--"), "gr--e");
    }

    #[test]
    fn what_is_no_report_is_refused() {
        let cluster = Cluster::default();
        assert!(matches!(
            of_counterexamples("name = 1", &cluster),
            Err(CounterexampleError::Json(_))
        ));
        assert_eq!(of_counterexamples("{}", &cluster), Err(CounterexampleError::None));
    }
}
