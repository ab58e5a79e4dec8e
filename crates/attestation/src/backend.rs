use alloy_primitives::B256;
use sha2::{Digest as _, Sha256};

/// Which implementation of the primitives checks signatures.
///
/// Both give the same verdict, byte for byte, on every input; tests hold them to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Backend {
    /// Assembly-backed: libsecp256k1 and AWS-LC.
    #[default]
    Native,
    /// Pure Rust, for proofs: the RustCrypto and dalek crates.
    Portable,
}

impl Backend {
    /// SHA-256 of `data`.
    pub(crate) fn sha256(self, data: &[u8]) -> B256 {
        match self {
            Self::Native => B256::from_slice(
                aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref(),
            ),
            Self::Portable => B256::new(Sha256::digest(data).into()),
        }
    }
}
