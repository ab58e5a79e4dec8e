use alloy_primitives::B256;
use sha2::{Digest as _, Sha256, Sha384};

/// Which implementation of the primitives checks signatures.
///
/// Both give the same verdict, byte for byte, on every input; tests hold them to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Backend {
    /// Assembly-backed: libsecp256k1, AWS-LC and blst. Only with the feature `native`, where it is the
    /// default.
    #[cfg(feature = "native")]
    #[default]
    Native,
    /// Pure Rust, for proofs: the RustCrypto, dalek and arkworks crates.
    #[cfg_attr(not(feature = "native"), default)]
    Portable,
}

impl Backend {
    /// SHA-256 of `data`.
    pub(crate) fn sha256(self, data: &[u8]) -> B256 {
        match self {
            #[cfg(feature = "native")]
            Self::Native => B256::from_slice(
                aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref(),
            ),
            Self::Portable => B256::new(Sha256::digest(data).into()),
        }
    }

    /// SHA-384 of `data`.
    pub(crate) fn sha384(self, data: &[u8]) -> [u8; 48] {
        match self {
            #[cfg(feature = "native")]
            Self::Native => {
                let mut digest = [0; 48];
                let computed = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA384, data);
                digest.copy_from_slice(computed.as_ref());
                digest
            }
            Self::Portable => Sha384::digest(data).into(),
        }
    }
}
