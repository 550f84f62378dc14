//! A story as a small sequence diagram, for web pages that show one state at a time.

use std::fmt::Write;

use super::{Happening, Story};

const COLUMN: usize = 190;
const ROW: usize = 26;
const TOP: usize = 46;

/// Draws the story: a column per actor, a row per event, time going down.
#[must_use]
pub fn draw(story: &Story) -> String {
    let width = COLUMN * story.actors.len().max(1);
    let height = TOP + ROW * (story.events.len() + 1);
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\">\
         <defs><marker id=\"arrow\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"3\" \
         orient=\"auto\"><path d=\"M0,0 L7,3 L0,6 z\"/></marker></defs>"
    );
    for (at, actor) in story.actors.iter().enumerate() {
        let x = middle(at);
        let _ = write!(
            svg,
            "<text x=\"{x}\" y=\"18\" text-anchor=\"middle\" font-weight=\"bold\">{}</text>\
             <line x1=\"{x}\" y1=\"26\" x2=\"{x}\" y2=\"{height}\" stroke=\"#bbb\"/>",
            escape(&actor.name)
        );
    }
    for (at, event) in story.events.iter().enumerate() {
        let y = TOP + ROW * at;
        let colour = if event.happening.is_fault() { "#b00020" } else { "#222" };
        let own = event.actor.map_or(width / 2, middle);
        let from = match event.happening {
            Happening::Deliver { from } => {
                let x = middle(from);
                let _ = write!(
                    svg,
                    "<line x1=\"{x}\" y1=\"{y}\" x2=\"{own}\" y2=\"{y}\" stroke=\"{colour}\" \
                     marker-end=\"url(#arrow)\"/>"
                );
                (x + own) / 2
            }
            _ => {
                let _ = write!(svg, "<circle cx=\"{own}\" cy=\"{y}\" r=\"3\" fill=\"{colour}\"/>");
                own
            }
        };
        let _ = write!(
            svg,
            "<text x=\"{from}\" y=\"{}\" text-anchor=\"middle\" fill=\"{colour}\">{}</text>",
            y - 5,
            escape(&event.text)
        );
    }
    svg.push_str("</svg>");
    svg
}

fn middle(column: usize) -> usize {
    COLUMN * column + COLUMN / 2
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
