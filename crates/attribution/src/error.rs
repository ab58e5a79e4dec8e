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
}

impl MalformedCode {
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
