//! A batch of either kind.
//!
//! Spec: [batch format](https://specs.optimism.io/protocol/derivation.html#batch-format).

use crate::{CheckContext, DerivationError, SingularBatch, SpanBatch, Validity};
use alloy_rlp::Encodable;
use assay_chainspec::RollupConfig;

const SINGULAR: u8 = 0;
const SPAN: u8 = 1;

/// A batch as a channel holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Batch {
    /// One block.
    Singular(SingularBatch),
    /// A range of blocks.
    Span(SpanBatch),
}

impl Batch {
    /// Decodes the payload of a channel's RLP string: a type byte and the batch.
    ///
    /// # Errors
    /// [`DerivationError::Malformed`].
    pub fn decode(data: &[u8], config: &RollupConfig) -> Result<Self, DerivationError> {
        match data.split_first() {
            Some((&SINGULAR, rest)) => SingularBatch::decode(rest).map(Self::Singular),
            Some((&SPAN, rest)) => SpanBatch::decode(rest, config).map(Self::Span),
            Some(_) => Err(DerivationError::malformed("batch", "unknown type")),
            None => Err(DerivationError::malformed("batch", "it is empty")),
        }
    }

    /// Whether the batch can be applied, by all rules at once.
    pub fn check(&self, context: &CheckContext<'_>) -> Validity {
        match self {
            Self::Singular(batch) => batch.check(context),
            Self::Span(batch) => batch.check(context),
        }
    }
}

/// Appends a singular batch as a channel holds it.
pub(crate) fn append_singular(batch: &SingularBatch, out: &mut Vec<u8>) {
    append(SINGULAR, |payload| batch.encode(payload), out);
}

/// Appends a span batch as a channel holds it; `encode` appends its encoding without type byte.
pub(crate) fn append_span(encode: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    append(SPAN, encode, out);
}

fn append(kind: u8, encode: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    let mut payload = vec![kind];
    encode(&mut payload);
    payload[..].encode(out);
}
