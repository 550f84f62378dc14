//! The smallest evidence: observations that already cannot be explained, of which none can be spared.

use crate::system::ProtocolModel;

use super::observation::{ActivityKind, ObservationSet, ObservedRun};
use super::search::{Bounds, Found, Space};

/// Leaves out observations for as long as the rest cannot be explained. The result is minimal, not
/// necessarily smallest: no single observation can be spared. Where the search becomes too large, an
/// observation stays.
///
/// Whatever is certain of the order of the others stays certain, since orders are kept transitively.
pub(super) fn unexplained<T: ProtocolModel>(
    space: &mut Space<'_, T>,
    run: &ObservedRun,
    bounds: Bounds,
) -> ObservationSet {
    let mut kept = ObservationSet::first(run.observations().len());
    // Large pieces first: most of what was observed has nothing to do with what is wrong.
    let mut piece = kept.len().div_ceil(2);
    while piece > 0 {
        let mut positions: Vec<usize> = kept.iter().collect();
        // What was done says more than what was said about it, and stays if either would do.
        positions.sort_by_key(|&at| run.observations()[at].kind() == ActivityKind::Performed);
        for chunk in positions.chunks(piece) {
            let mut fewer = kept;
            chunk.iter().for_each(|&at| fewer.remove(at));
            if fewer != kept
                && matches!(space.explain(&run.only(fewer), bounds), Found::Nothing(..))
            {
                kept = fewer;
            }
        }
        piece = if piece == 1 { 0 } else { piece.div_ceil(2) };
    }
    kept
}
