//! A proposal as a mapping file.

use std::fmt::{self, Write};

use super::groups::{Groups, Likeness};
use super::{LeftOver, Part, Rules};

/// The text of the file.
pub(super) fn mapping_file(groups: &Groups, rules: &Rules, left_over: &[LeftOver]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, groups, rules, left_over);
    text
}

fn write(text: &mut String, groups: &Groups, rules: &Rules, left_over: &[LeftOver]) -> fmt::Result {
    writeln!(
        text,
        "# Proposed from a sample of traces, by where spans stand and what they are called."
    )?;
    writeln!(text, "# Read it, correct it, and give it to `amends trace check` by --map.")?;
    writeln!(text)?;
    match rules.extends {
        Some(preset) => writeln!(text, "extends = [{}]", quoted(preset))?,
        None => writeln!(text, "extends = [\"amends\", \"conventions\"]")?,
    }
    if let Some(id) = &rules.id {
        writeln!(text, "\n[workflow]\nid = [{}]", quoted(id))?;
    }
    let undo: Vec<(&str, &str)> = placed(groups, rules)
        .filter_map(|(likeness, part)| match part {
            Part::Undo { of, .. } => Some((likeness.name.as_str(), of.as_str())),
            _ => None,
        })
        .collect();
    if !undo.is_empty() {
        writeln!(text, "\n# What undoes, and what it undoes.\n[undo]")?;
        let mut written: Vec<&str> = Vec::new();
        for (undoing, undone) in undo {
            if !written.contains(&undoing) {
                writeln!(text, "{} = {}", quoted(undoing), quoted(undone))?;
                written.push(undoing);
            }
        }
    }
    for (likeness, part) in placed(groups, rules) {
        write_rule(text, likeness, part)?;
    }
    if !left_over.is_empty() {
        writeln!(text, "\n# Not placed:")?;
    }
    for LeftOver { service, name, spans, why } in left_over {
        let (service, name) = (one_line(service), one_line(name));
        writeln!(text, "#   {spans} of `{name}` in {service}: {why}")?;
    }
    Ok(())
}

fn placed<'g>(
    groups: &'g Groups,
    rules: &'g Rules,
) -> impl Iterator<Item = (&'g Likeness, &'g Part)> {
    rules.parts.iter().filter_map(|(at, part)| {
        let (likeness, _) = groups.all.get_index(*at)?;
        Some((likeness, part))
    })
}

fn write_rule(text: &mut String, likeness: &Likeness, part: &Part) -> fmt::Result {
    if matches!(part, Part::None { .. }) {
        return Ok(());
    }
    writeln!(text, "\n[[span]]")?;
    writeln!(text, "name      = {}", quoted(&likeness.name))?;
    if !likeness.service.is_empty() {
        writeln!(text, "service   = {}", quoted(&likeness.service))?;
    }
    match part {
        Part::Workflow { outcome } => {
            writeln!(text, "role      = \"workflow\"")?;
            writeln!(
                text,
                "workflow  = {}",
                quoted(likeness.name.trim_matches(['*', ' ', ':', '-', '/']))
            )?;
            match outcome {
                Some(name) => writeln!(text, "ending    = {{ attribute = {} }}", quoted(name))?,
                // That it failed does not say what was left behind.
                None => writeln!(
                    text,
                    "ending    = {{ outcome = true, values = {{ done = \"completed\", refused = \"unknown\", \
                     failed = \"unknown\" }} }}"
                )?,
            }
        }
        Part::Task { role, operation, subject } => {
            writeln!(text, "role      = {}", quoted(role))?;
            writeln!(text, "operation = {}", quoted(operation))?;
            writeln!(text, "subject   = {}", quoted(subject))?;
        }
        Part::Undo { role, .. } => {
            writeln!(text, "role      = {}", quoted(role))?;
            writeln!(text, "subject   = {}", quoted(&likeness.name))?;
        }
        Part::None { .. } => {}
    }
    Ok(())
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
