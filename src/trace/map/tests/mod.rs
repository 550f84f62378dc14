//! What mappings read from spans, as specifications.

mod files;
mod orders;
mod presets;
mod runs;
mod spans;
