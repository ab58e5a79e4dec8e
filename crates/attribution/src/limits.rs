//! What one call may hold at most. docs/attribution.md lists the caps.

use crate::TooLarge;

/// Most leaf hashes, proof nodes, indices, weights, chunks, spans or rows.
pub const MAX_ITEMS: usize = 65_536;
/// Most bytes of an output's tokens, four each.
pub const MAX_OUTPUT_BYTES: usize = 262_144;
/// Most bytes of all chunks together, of all sketches, or of all points.
pub const MAX_BYTES: usize = 4_194_304;
/// Most numbers in a sketch or a point. A squared distance of so many int8 fits 32 bits.
pub const MAX_DIMENSION: u32 = 65_536;

/// Refuses a size above its cap.
pub(crate) const fn capped(size: usize, limit: usize) -> Result<(), TooLarge> {
    if size > limit { Err(TooLarge { size, limit }) } else { Ok(()) }
}
