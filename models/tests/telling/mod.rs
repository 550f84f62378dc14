//! Stories as plain text, an event per line, for snapshots.

use std::fmt::Write as _;

use amends_models::system::story::{Happening, Story};

/// Tells a story.
pub(crate) fn tell(story: &Story) -> String {
    let name = |at: usize| story.actors[at].name.as_str();
    let mut text = String::new();
    for (at, event) in story.events.iter().enumerate() {
        if story.repeats_from == Some(at) {
            text.push_str("from here it goes round for ever:\n");
        }
        if let Some(actor) = event.actor {
            let _ = write!(text, "{} ", name(actor));
        }
        match event.happening {
            Happening::Start => text.push_str("◇ "),
            Happening::Persist => text.push_str("logs: "),
            Happening::Accepted => text.push_str("does: "),
            Happening::Refused => text.push_str("refuses: "),
            Happening::Failed => text.push_str("fails: "),
            Happening::Send { to } => {
                let _ = write!(text, "→ {}: ", name(to));
            }
            Happening::Deliver { from } => {
                let _ = write!(text, "← {}: ", name(from));
            }
            Happening::Lose { from } => {
                let _ = write!(text, "✗ {}, lost: ", name(from));
            }
            Happening::Duplicate { from } => {
                let _ = write!(text, "⇇ {}, duplicated: ", name(from));
            }
            Happening::Timer => text.push_str("⏰ "),
            Happening::SpuriousTimeout => text.push_str("⏰ too early: "),
            Happening::Finish => text.push_str("tells the client: "),
            _ => text.push_str("! "),
        }
        text.push_str(&event.text);
        text.push('\n');
    }
    text.push_str("in the end:\n");
    for fact in &story.ending {
        let _ = writeln!(text, "- {fact}");
    }
    text
}
