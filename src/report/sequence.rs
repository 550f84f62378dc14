//! A story as a space-time diagram (Lamport 1978) in SVG: a lifeline per actor, time going down, each
//! message a slanted line from where it left to where it arrived or was lost.
//!
//! Colours come from the page's style sheet, through classes, so that one drawing serves light and
//! dark. Its text is in the list of events beside it; the drawing itself is labelled as an image.

use amends_models::system::story::{Happening, Story, StoryEvent};
use maud::{Markup, html};

use super::message_arrows::{End, Flight, flights};
use super::told::{name, phrase, tell};

const COLUMN: usize = 240;
const ROW: usize = 30;
const HEAD: usize = 56;
/// Characters that fit beside a lifeline; the whole text is in the tooltip and in the list.
const FITS: usize = 30;

/// Draws the story. `id` must be unique in the page.
pub(super) fn draw(story: &Story, id: &str, title: &str) -> Markup {
    draw_until(story, id, title, None)
}

/// Draws the story, with the event marked at which it differs from another one; at its end if there is
/// no such event.
pub(super) fn draw_until(
    story: &Story,
    id: &str,
    title: &str,
    divergence: Option<usize>,
) -> Markup {
    let width = COLUMN * story.actors.len().max(1);
    let height = HEAD + ROW * (story.events.len() + 1);
    let flights = flights(story);
    html! {
        svg class="sequence" role="img" aria-labelledby=(format!("{id}-title"))
            viewBox=(format!("0 0 {width} {height}")) width=(width) height=(height)
        {
            title id=(format!("{id}-title")) { (title) }
            defs {
                marker id=(format!("{id}-head")) class="head" viewBox="0 0 8 8" refX="7" refY="4"
                    markerWidth="7" markerHeight="7" orient="auto"
                {
                    path d="M0,0 L8,4 L0,8 z" {}
                }
            }
            @if let Some(first) = story.repeats_from.filter(|first| *first < story.events.len()) {
                rect class="loop" x="2" width=(width - 4) rx="6" y=(y(first) - ROW / 2)
                    height=(ROW * (story.events.len() - first)) {}
            }
            @for (at, actor) in story.actors.iter().enumerate() {
                line class="lifeline" x1=(x(at)) x2=(x(at)) y1=(HEAD - 22) y2=(height) {}
                text class="actor" x=(x(at)) y="20" text-anchor="middle" { (actor.name) }
            }
            @for flight in &flights {
                (message(story, flight, id))
            }
            @for (at, event) in story.events.iter().enumerate() {
                (mark(story, at, event, width, divergence == Some(at)))
            }
            @if let Some(at) = divergence {
                @let y = y(at.min(story.events.len())) - ROW / 2;
                line class="divergence-line" x1="0" x2=(width) y1=(y) y2=(y) {}
                text class="divergence-label" x=(width - 6) y=(y - 3) text-anchor="end" { "first divergence" }
            }
        }
    }
}

fn message(story: &Story, flight: &Flight, id: &str) -> Markup {
    let Flight { from, to, sent, end } = *flight;
    let (until, class) = match end {
        End::Arrived(at) => (at, "message"),
        End::Lost(at) => (at, "message lost"),
        End::OnItsWay => (story.events.len(), "message waiting"),
    };
    let (x1, y1) = (x(from), y(sent.unwrap_or(until)));
    // A message that is lost or still on its way ends between two lifelines, on nobody's.
    let stub = COLUMN / 2;
    let x2 = match end {
        End::Arrived(_) => x(to),
        End::Lost(_) | End::OnItsWay if x(to) >= x1 => x1 + stub,
        End::Lost(_) | End::OnItsWay => x1 - stub,
    };
    let y2 = y(until);
    let text = sent.or(match end {
        End::Arrived(at) | End::Lost(at) => Some(at),
        End::OnItsWay => None,
    });
    html! {
        line class=(class) x1=(x1) y1=(y1) x2=(x2) y2=(y2) marker-end=(format!("url(#{id}-head)")) {
            @if let Some(at) = text {
                title { (name(story, from)) " → " (name(story, to)) ": " (story.events[at].text) }
            }
        }
        @if let End::Lost(_) = end {
            path class="cross" d=(format!("M{},{} l10,10 m0,-10 l-10,10", x2 - 5, y2 - 5)) {}
        }
    }
}

fn mark(story: &Story, at: usize, event: &StoryEvent, width: usize, diverges: bool) -> Markup {
    let told = tell(story, event);
    let label = match event.happening {
        Happening::Send { .. } | Happening::Deliver { .. } => told.text.to_owned(),
        _ => phrase(event),
    };
    let class = match (diverges, event.fault) {
        (true, _) => "event divergence",
        (false, true) => "event fault",
        (false, false) => class(event.happening),
    };
    let y = y(at);
    html! {
        g class=(class) {
            title { (at + 1) ". " (told.who) " " (label) }
            @match event.actor {
                Some(actor) => {
                    circle cx=(x(actor)) cy=(y) r="4" {}
                    text x=(x(actor) + 9) y=(y + 4) { (at + 1) " " (shortened(&label)) }
                }
                None => {
                    line class="whole" x1="0" x2=(width) y1=(y) y2=(y) {}
                    text x="8" y=(y - 5) { (at + 1) " " (label) }
                }
            }
        }
    }
}

fn class(happening: Happening) -> &'static str {
    match happening {
        Happening::Persist => "event durable",
        Happening::Accepted => "event accepted",
        Happening::Refused | Happening::Failed | Happening::Error => "event refused",
        _ => "event",
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= FITS {
        return text.to_owned();
    }
    text.chars().take(FITS - 1).chain(['…']).collect()
}

fn x(actor: usize) -> usize {
    // Left of the middle: labels stand to the right of a lifeline.
    COLUMN * actor + COLUMN / 8
}

fn y(event: usize) -> usize {
    HEAD + ROW * event
}
