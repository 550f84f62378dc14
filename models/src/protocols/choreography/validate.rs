//! The requirements of a choreography: steps as a saga has them, which read nothing.

use crate::process::nodes::INITIATOR;
use crate::system::{ProtocolDefinition, names};
use crate::workflow::{Exceptions, Requirements, Work};

use super::knobs::ChoreographyKnobs;
use super::properties::BUILT_IN;

impl Requirements for ChoreographyKnobs {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn nodes(&self) -> Vec<String> {
        vec![INITIATOR.to_owned()]
    }

    fn reserved_names(&self) -> Vec<&'static str> {
        names(BUILT_IN)
    }

    fn exceptions(&self) -> Exceptions<'_> {
        Exceptions::at(&self.services)
    }

    fn works(&self) -> &'static [Work] {
        &[Work::Change, Work::Undo]
    }
}
