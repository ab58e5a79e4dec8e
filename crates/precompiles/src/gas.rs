//! The gas schedule. docs/gas.md has the measurements that these prices come from.
//!
//! Every price is gas per unit of work, charged before the work, the same whether the call succeeds
//! or is refused. The rule: no input runs slower per gas than ecrecover (3,000 gas) on the same
//! machine, with a quarter to spare.

use assay_attestation::{Refusal, Work};

/// Any call: dispatch.
pub const BASE: u64 = 100;
/// Each word of calldata: checking that it is canonical, and hashing it for the verdict cache.
/// Measured: 0.075 µs a word (keccak256 of 32 bytes, one pass).
pub const CALLDATA_WORD: u64 = 12;
/// Each byte of evidence: parsing and hashing.
pub const EVIDENCE_BYTE: u64 = 1;
/// Each byte of collateral: JSON, DER and hashing.
pub const COLLATERAL_BYTE: u64 = 1;
/// One X.509 certificate parsed and checked.
pub const CERTIFICATE: u64 = 1_500;
/// One ECDSA verification on secp256k1.
pub const SECP256K1: u64 = 6_000;
/// One ECDSA verification on P-256: EIP-7951's price.
pub const P256: u64 = 6_900;
/// One Ed25519 verification.
pub const ED25519: u64 = 9_000;
/// One BLS12-381 verification: two points decompressed and checked, a hash to G2, two pairings.
pub const BLS12_381: u64 = 180_000;
/// One node of a Merkle log: keccak256 of 65 bytes and a step of the walk.
pub const LOG_NODE: u64 = 60;
/// One part of a split: a 512-bit division, and its share of the selection.
pub const APPORTION_ITEM: u64 = 18;

/// Gas of a call's dispatch and calldata. `None`: more than 64 bits hold.
pub fn call(calldata_bytes: usize) -> Option<u64> {
    let words = u64::try_from(calldata_bytes).ok()?.div_ceil(32);
    BASE.checked_add(CALLDATA_WORD.checked_mul(words)?)
}

/// Gas of verifying evidence, besides [`call`].
pub fn evidence(work: &Work) -> Option<u64> {
    [
        (EVIDENCE_BYTE, work.evidence_bytes),
        (COLLATERAL_BYTE, work.collateral_bytes),
        (CERTIFICATE, work.certificates.into()),
        (SECP256K1, work.secp256k1.into()),
        (P256, work.p256.into()),
        (ED25519, work.ed25519.into()),
        (BLS12_381, work.bls12_381.into()),
    ]
    .into_iter()
    .try_fold(0u64, |sum, (price, count)| sum.checked_add(price.checked_mul(count)?))
}

/// What a call of `IAttestation.verify` with these arguments uses: for estimates and displays.
///
/// # Errors
/// The refusal that such a call gets for its kind or sizes alone.
pub fn verify_call(kind: u8, evidence: &[u8], collateral: &[u8]) -> Result<Option<u64>, Refusal> {
    let work = assay_attestation::work(kind, evidence, collateral)?;
    let padded = |bytes: &[u8]| bytes.len().div_ceil(32).checked_mul(32)?.checked_add(32);
    let calldata = || {
        // The selector, four head words, two tails.
        padded(evidence)?.checked_add(padded(collateral)?)?.checked_add(4 + 4 * 32)
    };
    Ok(calldata().and_then(call).and_then(|call| call.checked_add(self::evidence(&work)?)))
}

/// One signature of a scheme.
pub(crate) const fn signature(scheme: assay_attestation::signatures::Scheme) -> u64 {
    use assay_attestation::signatures::Scheme;
    match scheme {
        Scheme::Secp256k1 => SECP256K1,
        Scheme::P256 => P256,
        Scheme::Ed25519 => ED25519,
        Scheme::Bls12381 => BLS12_381,
    }
}

/// `count` nodes or parts at a price each.
pub(crate) fn items(price: u64, count: usize) -> Option<u64> {
    price.checked_mul(u64::try_from(count).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_these_prices() {
        let document = include_str!("../../../docs/gas.md");
        for (name, price) in [
            ("BASE", BASE),
            ("CALLDATA_WORD", CALLDATA_WORD),
            ("EVIDENCE_BYTE", EVIDENCE_BYTE),
            ("COLLATERAL_BYTE", COLLATERAL_BYTE),
            ("CERTIFICATE", CERTIFICATE),
            ("SECP256K1", SECP256K1),
            ("P256", P256),
            ("ED25519", ED25519),
            ("BLS12_381", BLS12_381),
            ("LOG_NODE", LOG_NODE),
            ("APPORTION_ITEM", APPORTION_ITEM),
        ] {
            let row = format!("| `{name}` | ");
            let found = document
                .lines()
                .find_map(|line| line.strip_prefix(row.as_str()))
                .and_then(|rest| rest.split(' ').next())
                .map(|price| price.replace(',', ""));
            assert_eq!(found.as_deref(), Some(price.to_string().as_str()), "{name} in docs/gas.md");
        }
    }
}
