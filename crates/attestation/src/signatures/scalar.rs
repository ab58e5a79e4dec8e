//! Comparisons of big-endian numbers of equal length.

/// Whether `number` is below `bound`. Public data: variable time is fine.
pub(super) fn below(number: &[u8], bound: &[u8]) -> bool {
    number < bound
}

pub(super) fn is_zero(number: &[u8]) -> bool {
    number.iter().all(|byte| *byte == 0)
}
