//! Why an input is not one: the closed table of codes in docs/attribution.md.

/// A code of `IAttribution.Malformed(uint16)`. Frozen: a code never changes its meaning, and new
/// ones come only with a fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum MalformedCode {
    /// The frontier has not one node for each set bit of the log's size.
    FrontierLength = 1,
    /// The log's size does not fit 64 bits.
    SizeOverflow = 2,
    /// There are not as many leaf hashes as indices.
    LeafCount = 3,
    /// No index is given: there is nothing to prove.
    NoIndices = 4,
    /// The indices are not strictly ascending.
    IndexOrder = 5,
    /// An index is not below the log's size.
    IndexRange = 6,
    /// The proof ends before the root is reached.
    ProofTooShort = 7,
    /// The proof has nodes left when the root is reached.
    ProofTooLong = 8,
    /// The older log is larger than the newer one.
    SizesReversed = 9,
    /// The weights' sum is zero while there is something to split.
    NoWeight = 10,
    /// The weights' sum does not fit 256 bits.
    WeightOverflow = 11,
    /// The calldata is not the canonical ABI encoding of the function's arguments.
    Abi = 12,
    /// A byte string of tokens or labels is not a whole number of four bytes.
    TokenBytes = 13,
    /// The least length of a span is zero.
    MinLength = 14,
    /// The spans are not strictly ascending.
    SpanOrder = 15,
    /// A span names a chunk that is not there.
    SpanChunk = 16,
    /// A span is shorter than the least length.
    SpanLength = 17,
    /// A span ends beyond the output.
    SpanOutput = 18,
    /// A span ends beyond its chunk.
    SpanEnd = 19,
    /// The output's tokens are not the chunk's.
    SpanMismatch = 20,
    /// The dimension is zero or greater than 65,536.
    Dimension = 21,
    /// The sketches or points are not a whole number of rows of the dimension.
    RowBytes = 22,
    /// The output's sketch or the query has not the dimension's length.
    VectorLength = 23,
    /// k is zero.
    NoNeighbours = 24,
    /// There is no point.
    NoPoints = 25,
    /// There are not as many labels as points.
    LabelCount = 26,
}

impl MalformedCode {
    /// Every code, in order.
    pub const ALL: [Self; 26] = [
        Self::FrontierLength,
        Self::SizeOverflow,
        Self::LeafCount,
        Self::NoIndices,
        Self::IndexOrder,
        Self::IndexRange,
        Self::ProofTooShort,
        Self::ProofTooLong,
        Self::SizesReversed,
        Self::NoWeight,
        Self::WeightOverflow,
        Self::Abi,
        Self::TokenBytes,
        Self::MinLength,
        Self::SpanOrder,
        Self::SpanChunk,
        Self::SpanLength,
        Self::SpanOutput,
        Self::SpanEnd,
        Self::SpanMismatch,
        Self::Dimension,
        Self::RowBytes,
        Self::VectorLength,
        Self::NoNeighbours,
        Self::NoPoints,
        Self::LabelCount,
    ];

    /// The code in return data.
    pub const fn code(self) -> u16 {
        self as u16
    }
}

/// The input is malformed. The caller reverts with the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("malformed input: {0:?}")]
pub struct Malformed(pub MalformedCode);

impl From<MalformedCode> for Malformed {
    fn from(code: MalformedCode) -> Self {
        Self(code)
    }
}

/// The input has more than one call may hold. The caller reverts with both numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{size} is more than {limit}")]
pub struct TooLarge {
    /// What the input has: items or bytes.
    pub size: usize,
    /// The cap that it exceeds, in the same unit.
    pub limit: usize,
}

/// Why an input is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// It is malformed.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It is too large.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

impl From<MalformedCode> for Refusal {
    fn from(code: MalformedCode) -> Self {
        Self::Malformed(code.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_lists_every_code() {
        let document = include_str!("../../../docs/attribution.md");
        let table: Vec<u16> = document
            .lines()
            .skip_while(|line| *line != "| code | meaning |")
            .skip(2)
            .map_while(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
            .collect();
        assert_eq!(table, MalformedCode::ALL.map(MalformedCode::code));
        assert_eq!(table, (1..=26).collect::<Vec<u16>>());
    }

    #[test]
    fn the_document_lists_every_cap() {
        let document = include_str!("../../../docs/attribution.md");
        for (what, cap) in [
            ("items of a list", crate::MAX_ITEMS),
            ("bytes of an output", crate::MAX_OUTPUT_BYTES),
            ("bytes of all chunks, sketches or points", crate::MAX_BYTES),
            ("dimension", crate::MAX_DIMENSION as usize),
        ] {
            let row = document.lines().find_map(|line| line.strip_prefix(&format!("| {what} | ")));
            let number = row.map(|rest| rest.replace([',', ' ', '|'], ""));
            assert_eq!(number, Some(cap.to_string()), "{what}");
        }
    }
}
