use alloc::vec::Vec;
use alloy_primitives::{B256, U256, keccak256};

/// What a verifier learnt from a piece of evidence, in the shape of `IAttestation.Claims`.
///
/// Nothing here depends on the present time: [`check_time`](crate::check_time) compares it last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The kind that was verified, one of [`kind`](crate::kind).
    pub kind: u8,
    /// 1 key signature, 2 zero-knowledge proof, 3 TEE, 4 TEE with attested GPU.
    pub assurance: u8,
    /// The registers that identify the code, laid out per kind in docs/attestation.md.
    pub measurement: Vec<u8>,
    /// `keccak256(abi.encode(kind, measurement))`.
    pub identity: B256,
    /// keccak256 of the hardware id, zero where the kind has none.
    pub platform: B256,
    /// What the evidence commits to: report data, public inputs, digest.
    pub bound: Vec<u8>,
    /// keccak256 of signed bytes alone, whatever surrounds them: with kind and identity, the replay key.
    pub id: B256,
    /// The roots relied on: keccak256 of each root's DER.
    pub anchors: Vec<B256>,
    /// Digest of the collateral relied on, zero where the kind needs none.
    pub collateral: B256,
    /// Unix seconds, 0 where the evidence carries no time.
    pub issued_at: u64,
    /// Unix seconds: the latest start of every statement used.
    pub not_before: u64,
    /// Unix seconds, exclusive: the earliest end of every statement used.
    pub not_after: u64,
    /// Bit set of [`status`], 0 = up to date.
    pub status: u32,
    /// What a later judgement by newer collateral needs.
    pub tcb: Vec<u8>,
}

/// What a verifier learnt from one statement of a vendor's collateral, in the shape of
/// `IAttestation.CollateralClaims`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollateralClaims {
    /// What the statement is about, whoever issues it anew: where a store keeps it.
    pub key: B256,
    /// `keccak256(abi.encode(uint8 kind, bytes32 anchor, bytes compact))`.
    pub digest: B256,
    /// Of two statements with the same key, the greater replaces the other.
    pub version: u64,
    /// Unix seconds: the latest start of every statement used.
    pub not_before: u64,
    /// Unix seconds, exclusive: the earliest end of every statement used.
    pub not_after: u64,
    /// What verification needs of the statement, in the canonical form of docs/attestation.md.
    pub compact: Vec<u8>,
}

/// What other collateral says about an earlier [`Claims::tcb`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Bit set of [`status`], always with [`COLLATERAL_ASSUMED`](status::COLLATERAL_ASSUMED).
    pub status: u32,
    /// Unix seconds: the latest start of every statement used.
    pub not_before: u64,
    /// Unix seconds, exclusive: the earliest end of every statement used.
    pub not_after: u64,
}

/// Bits of [`Claims::status`] and [`Assessment::status`].
pub mod status {
    /// The platform needs software hardening (`SWHardeningNeeded`).
    pub const SW_HARDENING_NEEDED: u32 = 1;
    /// The platform needs configuration (`ConfigurationNeeded`).
    pub const CONFIGURATION_NEEDED: u32 = 1 << 1;
    /// The platform's TCB is out of date (`OutOfDate`).
    pub const OUT_OF_DATE: u32 = 1 << 2;
    /// The TD should be relaunched (`TDRelaunchAdvised`): it started under an older TCB.
    pub const RELAUNCH_ADVISED: u32 = 1 << 3;
    /// The vendor's verifier warns of something that it does not refuse.
    pub const VENDOR_WARNING: u32 = 1 << 4;
    /// An anchor is left to the caller's policy.
    pub const ANCHOR_LEFT_TO_POLICY: u32 = 1 << 30;
    /// The collateral's signatures were not checked.
    pub const COLLATERAL_ASSUMED: u32 = 1 << 31;
}

/// `keccak256(abi.encode(uint8 kind, bytes32 anchor, bytes compact))`: what a store of collateral
/// holds of a statement, and what [`CollateralClaims::digest`] is.
pub fn collateral_digest(kind: u8, anchor: B256, compact: &[u8]) -> B256 {
    let padded = compact.len().next_multiple_of(32);
    let mut encoded = Vec::with_capacity(128 + padded);
    encoded.extend_from_slice(&U256::from(kind).to_be_bytes::<32>());
    encoded.extend_from_slice(anchor.as_slice());
    encoded.extend_from_slice(&U256::from(96).to_be_bytes::<32>());
    encoded.extend_from_slice(&U256::from(compact.len()).to_be_bytes::<32>());
    encoded.extend_from_slice(compact);
    encoded.resize(128 + padded, 0);
    keccak256(encoded)
}

/// Claims that hold at all times, about no hardware and under no anchor; the id is left to the kind.
pub(crate) fn timeless(kind: u8, assurance: u8, measurement: &[u8], bound: &[u8]) -> Claims {
    Claims {
        kind,
        assurance,
        measurement: measurement.to_vec(),
        identity: identity(kind, measurement),
        platform: B256::ZERO,
        bound: bound.to_vec(),
        id: B256::ZERO,
        anchors: Vec::new(),
        collateral: B256::ZERO,
        issued_at: 0,
        not_before: 0,
        not_after: u64::MAX,
        status: 0,
        tcb: Vec::new(),
    }
}

/// `keccak256(abi.encode(uint8 kind, bytes measurement))`.
pub(crate) fn identity(kind: u8, measurement: &[u8]) -> B256 {
    let padded = measurement.len().next_multiple_of(32);
    let mut encoded = Vec::with_capacity(96 + padded);
    encoded.extend_from_slice(&U256::from(kind).to_be_bytes::<32>());
    encoded.extend_from_slice(&U256::from(64).to_be_bytes::<32>());
    encoded.extend_from_slice(&U256::from(measurement.len()).to_be_bytes::<32>());
    encoded.extend_from_slice(measurement);
    encoded.resize(96 + padded, 0);
    keccak256(encoded)
}

#[cfg(test)]
mod tests {
    use super::{collateral_digest, identity};
    use alloy_primitives::{B256, Bytes, U256, keccak256};
    use alloy_sol_types::SolValue;

    #[test]
    fn hashes_are_over_what_solidity_encodes() {
        for length in [0, 1, 31, 32, 33, 65, 154, 400] {
            let measurement = Bytes::from(vec![7; length]);
            let encoded = (U256::from(33), measurement.clone()).abi_encode_params();
            assert_eq!(identity(33, &measurement), keccak256(encoded));
            let anchor = B256::repeat_byte(9);
            let encoded = (U256::from(1), anchor, measurement.clone()).abi_encode_params();
            assert_eq!(collateral_digest(1, anchor, &measurement), keccak256(encoded));
        }
    }
}
