//! Choices about leases, which only coordinators that share a store have.

use crate::workflow::builder::{Place, WorkflowError};

use super::{Claiming, Fencing, LeaseKnobs, Life};

/// Without a coordinator that stands by there is nothing to choose about leases. `life` is what the
/// protocol calls the life of what is written.
pub(crate) fn check_lease(
    standby: bool,
    lease: &LeaseKnobs,
    life: &'static str,
) -> Result<(), WorkflowError> {
    let about_leases = [
        ("claim", lease.claim != Claiming::default()),
        ("fencing", lease.fencing != Fencing::default()),
        (life, lease.life != Life::default()),
    ];
    for (knob, is_turned) in about_leases {
        if is_turned && !standby {
            return Err(WorkflowError::new(
                Place::Knob(knob),
                format!("`{knob}` has no meaning without a standby coordinator"),
            )
            .help("add `standby = true`, or remove it"));
        }
    }
    Ok(())
}
