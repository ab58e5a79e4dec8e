//! What one L1 transaction carries.

use crate::BatcherError;
use alloy_eips::eip4844::Blob;
use alloy_primitives::Bytes;
use assay_derivation::{Frame, encode_blob_into, encode_frames};

/// Kind of an L1 transaction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TxKind {
    /// EIP-4844.
    #[default]
    Blobs,
    /// EIP-1559 with calldata.
    Calldata,
}

/// Names a transaction between channel manager and transaction manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxId(pub(crate) u64);

/// Frames of one channel for one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxData {
    /// Its name.
    pub id: TxId,
    /// Kind of transaction.
    pub kind: TxKind,
    /// The frames: one per blob, or all in the calldata.
    pub frames: Vec<Frame>,
}

/// The bytes of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    Calldata(Bytes),
    Blobs(Vec<Blob>),
}

impl TxData {
    pub(crate) fn payload(&self) -> Result<Payload, BatcherError> {
        match self.kind {
            TxKind::Calldata => Ok(Payload::Calldata(encode_frames(&self.frames).into())),
            TxKind::Blobs => {
                let mut blobs = vec![Blob::ZERO; self.frames.len()];
                for (frame, blob) in self.frames.iter().zip(&mut blobs) {
                    encode_blob_into(&encode_frames(std::slice::from_ref(frame)), blob)
                        .map_err(|error| BatcherError::Critical(error.to_string()))?;
                }
                Ok(Payload::Blobs(blobs))
            }
        }
    }
}

impl Payload {
    pub(crate) const fn kind(&self) -> TxKind {
        match self {
            Self::Calldata(_) => TxKind::Calldata,
            Self::Blobs(_) => TxKind::Blobs,
        }
    }

    pub(crate) fn blobs(&self) -> usize {
        match self {
            Self::Calldata(_) => 0,
            Self::Blobs(blobs) => blobs.len(),
        }
    }
}
