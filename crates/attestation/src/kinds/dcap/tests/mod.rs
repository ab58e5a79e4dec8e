mod ahead;
mod chains;
mod forms;
mod levels;
pub(crate) mod mutations;
mod oracle;
mod order;
mod vectors;
mod windows;

use super::*;
use crate::{
    CollateralClaims, Refusal, assess,
    dev::{DevPlatform, DevReport, recipe::Recipe},
};

/// Intel-signed quotes with their collateral.
const VECTORS: [(&str, &[u8], &[u8]); 4] = [
    (
        "sgx_v3",
        include_bytes!("../../../../testdata/dcap/sgx_v3.quote"),
        include_bytes!("../../../../testdata/dcap/sgx_v3.collateral.json"),
    ),
    (
        "tdx_v4",
        include_bytes!("../../../../testdata/dcap/tdx_v4.quote"),
        include_bytes!("../../../../testdata/dcap/tdx_v4.collateral.json"),
    ),
    (
        "tdx_v5",
        include_bytes!("../../../../testdata/dcap/tdx_v5.quote"),
        include_bytes!("../../../../testdata/dcap/tdx_v5.collateral.json"),
    ),
    (
        "tdx_v5_15ex",
        include_bytes!("../../../../testdata/dcap/tdx_v5_15ex.quote"),
        include_bytes!("../../../../testdata/dcap/tdx_v5_15ex.collateral.json"),
    ),
];

const START: u64 = 1_700_000_000;
const END: u64 = 1_800_000_000;

pub(crate) fn platform() -> DevPlatform {
    DevPlatform::new(B256::repeat_byte(7), START..END)
}

/// Intel's root and the development platform's.
fn anchors() -> Anchors {
    Anchors::new(&[(1, vec![platform().root()])].into_iter().collect()).unwrap()
}

const SGX: DevReport = DevReport::Sgx {
    mr_enclave: B256::repeat_byte(1),
    mr_signer: B256::repeat_byte(2),
    report_data: [3; 64],
};
pub(crate) const TDX: DevReport =
    DevReport::Tdx { mr_td: [1; 48], registers: [[2; 48]; 4], report_data: [3; 64] };

/// The verdict through the public entrance, which both backends must share, and which verification
/// with the collateral's compact forms must share too.
fn verdict(evidence: &[u8], collateral: &[u8], anchors: &Anchors) -> Result<Claims, Refusal> {
    let run = |backend| crate::verify(kind::INTEL_DCAP, evidence, collateral, anchors, backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable), "backends differ");
    compare_with_ahead(evidence, collateral, anchors, &native);
    native
}

/// One statement by itself, on both backends.
fn statement(input: &[u8], anchors: &Anchors) -> Result<CollateralClaims, Refusal> {
    let run = |backend| crate::verify_collateral(kind::INTEL_DCAP, input, anchors, backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable), "backends differ");
    native
}

/// A quote over compact forms joined, on both backends.
fn with(evidence: &[u8], compact: &[u8], anchors: &Anchors) -> Result<Claims, Refusal> {
    let run = |backend| crate::verify_with(kind::INTEL_DCAP, evidence, compact, anchors, backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable), "backends differ");
    native
}

fn join(statements: &[CollateralClaims; 4]) -> Vec<u8> {
    offchain::join_compact(statements.each_ref().map(|claims| claims.compact.as_slice())).unwrap()
}

/// Where each statement holds by itself, the quote must fare the same over their compact forms:
/// the same claims but for bit 31, or the same refusal.
fn compare_with_ahead(
    evidence: &[u8],
    collateral: &[u8],
    anchors: &Anchors,
    whole: &Result<Claims, Refusal>,
) {
    // A chain in the collateral goes before the quote's, which is all that the other way has.
    let other_chain = Collateral::parse(collateral).is_ok_and(|parts| {
        let own = Quote::parse(evidence).ok().and_then(|quote| quote.pck_chain);
        parts.pck_chain.is_some_and(|chain| Some(chain.as_bytes()) != own)
    });
    let Ok(inputs) = offchain::split_collateral(collateral) else {
        // The PCK list's own chain is not read by the first way.
        let unread = Collateral::parse(collateral)
            .is_ok_and(|parts| decode::<2>(parts.pck_crl_chain.as_bytes()).is_err());
        assert!(whole.is_err() || unread, "split fails");
        return;
    };
    let statements = inputs
        .map(|input| crate::verify_collateral(kind::INTEL_DCAP, &input, anchors, Backend::Native));
    let statements = match statements {
        [Ok(root), Ok(pck), Ok(info), Ok(identity)] => [root, pck, info, identity],
        [root, _, info, identity] => {
            let others = root.and(info).and(identity);
            assert!(whole.is_err() || others.is_ok(), "{others:?}");
            return;
        }
    };
    if other_chain {
        return;
    }
    let compact = join(&statements);
    let ahead = crate::verify_with(1, evidence, &compact, anchors, Backend::Native);
    let expected = whole.clone().map(|mut claims| {
        claims.status |= crate::status::COLLATERAL_ASSUMED;
        claims
    });
    assert_eq!(ahead, expected);
    if let Ok(claims) = ahead {
        let judged = assess(1, &claims.tcb, &compact, anchors, Backend::Native).unwrap();
        assert_eq!(judged.status, claims.status);
        assert!(judged.not_before <= claims.not_before && claims.not_after <= judged.not_after);
        let digests = statements.map(|claims| claims.digest.0);
        assert_eq!(claims.collateral, keccak256(digests.as_flattened()));
    }
}

fn cook(recipe: &Recipe) -> Result<Claims, Refusal> {
    let product = recipe.product();
    verdict(&product.evidence, &product.collateral, &anchors())
}
