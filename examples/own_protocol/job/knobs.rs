//! The choice that an implementer of jobs has to make. Its default is right.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All choices of a job: the table `[job]` of a spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct JobKnobs {
    /// Whether workers know what they have done.
    pub keys: Keys,
}

/// Whether workers know what they have done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Keys {
    /// They record it in the transaction of the change.
    #[default]
    Kept,
    /// They do whatever they are asked for: wrong, since whoever hears no answer asks again.
    None,
}
