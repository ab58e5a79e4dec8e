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
