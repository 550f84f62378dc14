//! The words for what happens in a story, the same in every format.

use amends_models::system::story::{Happening, Story, StoryEvent};

/// One event, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told<'s> {
    /// Who, or who to whom: `coordinator #1 → inventory`. Empty for what happens to a whole node or to
    /// the network.
    pub(super) who: String,
    /// What, in a word; empty where the text says it all.
    pub(super) what: &'static str,
    /// The rest of the sentence.
    pub(super) text: &'s str,
}

/// The event in words.
pub(super) fn tell<'s>(story: &'s Story, event: &'s StoryEvent) -> Told<'s> {
    let own = event.actor.map_or("", |actor| name(story, actor));
    let who = match event.happening {
        Happening::Send { to } => format!("{own} → {}", name(story, to)),
        Happening::Deliver { from } | Happening::Lose { from } | Happening::Duplicate { from } => {
            format!("{} → {own}", name(story, from))
        }
        _ => own.to_owned(),
    };
    Told { who, what: word(event.happening), text: &event.text }
}

/// The name of an actor. A story that names nobody is drawn with a question mark.
pub(super) fn name(story: &Story, actor: usize) -> &str {
    story.actors.get(actor).map_or("?", |actor| &actor.name)
}

/// What happened, as one phrase: the word, if there is one, and the text.
pub(super) fn phrase(event: &StoryEvent) -> String {
    match word(event.happening) {
        "" => event.text.clone(),
        word => format!("{word}: {}", event.text),
    }
}

/// What happened, in a word; empty where the text of the event says it all.
pub(super) fn word(happening: Happening) -> &'static str {
    match happening {
        Happening::Start | Happening::Recover | Happening::Heal => "",
        Happening::Cancel => "CANCEL",
        Happening::Persist => "durable",
        Happening::Accepted => "accepted",
        Happening::Refused => "refused",
        Happening::Failed => "rolled back",
        Happening::Error => "FAILED",
        Happening::Send { .. } => "sends",
        Happening::Deliver { .. } => "arrives",
        Happening::Timer => "timer",
        Happening::SpuriousTimeout => "TOO EARLY",
        Happening::Finish => "outcome",
        Happening::Crash | Happening::Halt => "CRASH",
        Happening::Lose { .. } => "LOST",
        Happening::Duplicate { .. } => "DUPLICATED",
        Happening::Partition => "CUT OFF",
    }
}
