//! The gas schedule. docs/gas.md has the measurements that these prices come from.
//!
//! Every price is gas per unit of work, charged before the work, the same whether the call succeeds
//! or is refused. The rule: no input runs slower per gas than ecrecover (3,000 gas) on the same
//! machine, with a quarter to spare.

use assay_attestation::{Refusal, Work};
use assay_attribution::Rows;

/// Any call: dispatch.
pub const BASE: u64 = 100;
/// Each word of calldata: checking that it is canonical, and hashing it for the verdict cache.
/// Measured: 0.018 µs a word where the processor has SHA-256, up to 0.06 where it has not.
pub const CALLDATA_WORD: u64 = 6;
/// Each 32 bytes of evidence: parsing and hashing.
pub const EVIDENCE_WORD: u64 = 16;
/// Each 32 bytes of collateral, whole or compact: JSON, DER and hashing. Measured: 0.07 µs.
pub const COLLATERAL_WORD: u64 = 10;
/// One X.509 certificate parsed and checked. Measured: 4.5 µs, PEM included.
pub const CERTIFICATE: u64 = 800;
/// One ECDSA verification on secp256k1. Measured: 32.8 µs, of ecrecover's 37.2.
pub const SECP256K1: u64 = 3_700;
/// One ECDSA verification on P-256. Measured: 48.2 µs, of ecrecover's 37.2.
pub const P256: u64 = 5_500;
/// One ECDSA verification on P-384.
pub const P384: u64 = 21_000;
/// One RSASSA-PSS verification of 4,096 bits, its key read.
pub const RSA4096: u64 = 8_000;
/// One Ed25519 verification. Measured: 36.5 µs, of ecrecover's 37.2.
pub const ED25519: u64 = 4_300;
/// One BLS12-381 verification: two points decompressed and checked, a hash to G2, two pairings.
pub const BLS12_381: u64 = 150_000;
/// One Groth16 proof under a key made ready ahead: points checked, three pairings. Measured: 34
/// ecrecovers.
pub const GROTH16: u64 = 155_000;
/// One Groth16 verifying key that comes with its proof: points checked, one more pairing. Measured:
/// 23 ecrecovers.
pub const GROTH16_KEY: u64 = 95_000;
/// One public input of a Groth16 proof: a multiplication in G1, and its point checked. Measured: 0.8
/// ecrecovers.
pub const GROTH16_INPUT: u64 = 4_000;
/// One node of a Merkle log: keccak256 of 65 bytes and a step of the walk, measured 0.29 µs.
pub const LOG_NODE: u64 = 28;
/// One part of a split: a 512-bit division, and its share of the selection, measured 0.09 µs.
pub const APPORTION_ITEM: u64 = 12;
/// Hashing one datum (a chunk, a sketch, a point) into a leaf, besides its bytes.
pub const LEAF: u64 = 6;
/// Each permutation of keccak256 that this takes, measured 0.28 µs: of b bytes,
/// floor((b + 1) / 136) + 1.
pub const LEAF_BLOCK: u64 = 36;
/// One token of an output that spans may cover.
pub const OUTPUT_TOKEN: u64 = 1;
/// One span: reading it, sorting at most 65,536 of them, and its share of the cover, measured
/// 0.06 µs.
pub const SPAN: u64 = 8;
/// Each 64 bytes that spans cite: comparing them, measured 0.003 µs.
pub const SPAN_BLOCK: u64 = 1;
/// Each 32 multiplications of int8 with their additions, in an inner product (measured 0.003 µs)
/// or a distance (0.006 µs).
pub const PRODUCT_WORD: u64 = 1;
/// One row of sketches or points: its vector's start and end, and its value encoded, measured
/// 0.03 µs.
pub const ROW: u64 = 4;
/// One point among at most 65,536: sorting them, and the division of its share, measured 0.03 µs.
pub const SHAPLEY_POINT: u64 = 6;

/// Gas of a call's dispatch and calldata. `None`: more than 64 bits hold.
pub fn call(calldata_bytes: usize) -> Option<u64> {
    let words = u64::try_from(calldata_bytes).ok()?.div_ceil(32);
    BASE.checked_add(CALLDATA_WORD.checked_mul(words)?)
}

/// Gas of verifying evidence, besides [`call`].
pub fn evidence(work: &Work) -> Option<u64> {
    [
        (EVIDENCE_WORD, work.evidence_bytes.div_ceil(32)),
        (COLLATERAL_WORD, work.collateral_bytes.div_ceil(32)),
        (CERTIFICATE, work.certificates.into()),
        (SECP256K1, work.secp256k1.into()),
        (P256, work.p256.into()),
        (P384, work.p384.into()),
        (RSA4096, work.rsa4096.into()),
        (ED25519, work.ed25519.into()),
        (BLS12_381, work.bls12_381.into()),
        (GROTH16, work.groth16.into()),
        (GROTH16_KEY, work.groth16_keys.into()),
        (GROTH16_INPUT, work.groth16_inputs.into()),
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
    Ok(evidence_call(&work, &[evidence, collateral]))
}

/// As [`verify_call`], of `IAttestation.verifyCollateral`.
///
/// # Errors
/// As there.
pub fn verify_collateral_call(kind: u8, collateral: &[u8]) -> Result<Option<u64>, Refusal> {
    let work = assay_attestation::work_collateral(kind, collateral)?;
    Ok(evidence_call(&work, &[collateral]))
}

/// As [`verify_call`], of `IAttestation.verifyWith`.
///
/// # Errors
/// As there.
pub fn verify_with_call(kind: u8, evidence: &[u8], compact: &[u8]) -> Result<Option<u64>, Refusal> {
    let work = assay_attestation::work_with(kind, evidence, compact)?;
    Ok(evidence_call(&work, &[evidence, compact]))
}

/// As [`verify_call`], of `IAttestation.assess`.
///
/// # Errors
/// As there.
pub fn assess_call(kind: u8, tcb: &[u8], compact: &[u8]) -> Result<Option<u64>, Refusal> {
    let work = assay_attestation::work_assess(kind, tcb, compact)?;
    Ok(evidence_call(&work, &[tcb, compact]))
}

/// A call with a kind, these byte strings and a time.
fn evidence_call(work: &Work, inputs: &[&[u8]]) -> Option<u64> {
    // The selector and the head; then each string's length and its bytes in whole words.
    let head = 4 + 32 * (2 + inputs.len());
    let calldata = inputs.iter().try_fold(head, |sum, input| {
        sum.checked_add(32)?.checked_add(input.len().div_ceil(32).checked_mul(32)?)
    })?;
    call(calldata)?.checked_add(evidence(work)?)
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

/// Gas of checking and weighing spans, besides [`compared`].
pub(crate) fn spans(output_bytes: usize, chunks: &[&[u8]], spans: usize) -> Option<u64> {
    let leaves = chunks.iter().try_fold(0u64, |sum, chunk| sum.checked_add(leaf(chunk.len())?))?;
    items(OUTPUT_TOKEN, output_bytes.div_ceil(4))?
        .checked_add(items(SPAN, spans)?)?
        .checked_add(leaves)
}

/// Gas of comparing the bytes that spans cite.
pub(crate) fn compared(bytes: u64) -> Option<u64> {
    SPAN_BLOCK.checked_mul(bytes.div_ceil(64))
}

/// Gas of inner products with all rows.
pub(crate) fn influence(rows: &Rows<'_>) -> Option<u64> {
    let words = items(PRODUCT_WORD, rows.dimension().div_ceil(32))?;
    let row = words.checked_add(ROW)?.checked_add(leaf(rows.dimension())?)?;
    items(row, rows.count())
}

/// Gas of the values of all points: labels are four bytes more in each leaf.
pub(crate) fn shapley(points: &Rows<'_>) -> Option<u64> {
    let words = items(PRODUCT_WORD, points.dimension().div_ceil(32))?;
    let leaf = leaf(points.dimension().checked_add(4)?)?;
    let row = words.checked_add(ROW)?.checked_add(SHAPLEY_POINT)?.checked_add(leaf)?;
    items(row, points.count())
}

/// Gas of the leaf hash of a datum of so many bytes: there is one before them, and padding after.
fn leaf(bytes: usize) -> Option<u64> {
    LEAF.checked_add(items(LEAF_BLOCK, bytes.checked_add(1)? / 136 + 1)?)
}

/// `count` nodes or parts at a price each.
pub(crate) fn items(price: u64, count: usize) -> Option<u64> {
    price.checked_mul(u64::try_from(count).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn awss_document_costs_less_than_its_aim() {
        let document = include_bytes!("../../attestation/testdata/nitro/production.cose");
        let gas = verify_call(assay_attestation::kind::AWS_NITRO, document, &[]);
        assert!(gas.unwrap().unwrap() < 120_000);
    }

    #[test]
    fn the_document_has_these_prices() {
        let document = include_str!("../../../docs/gas.md");
        for (name, price) in [
            ("BASE", BASE),
            ("CALLDATA_WORD", CALLDATA_WORD),
            ("EVIDENCE_WORD", EVIDENCE_WORD),
            ("COLLATERAL_WORD", COLLATERAL_WORD),
            ("CERTIFICATE", CERTIFICATE),
            ("SECP256K1", SECP256K1),
            ("P256", P256),
            ("P384", P384),
            ("RSA4096", RSA4096),
            ("ED25519", ED25519),
            ("BLS12_381", BLS12_381),
            ("GROTH16", GROTH16),
            ("GROTH16_KEY", GROTH16_KEY),
            ("GROTH16_INPUT", GROTH16_INPUT),
            ("LOG_NODE", LOG_NODE),
            ("APPORTION_ITEM", APPORTION_ITEM),
            ("LEAF", LEAF),
            ("LEAF_BLOCK", LEAF_BLOCK),
            ("OUTPUT_TOKEN", OUTPUT_TOKEN),
            ("SPAN", SPAN),
            ("SPAN_BLOCK", SPAN_BLOCK),
            ("PRODUCT_WORD", PRODUCT_WORD),
            ("ROW", ROW),
            ("SHAPLEY_POINT", SHAPLEY_POINT),
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
