mod mutations;
mod oracle;
mod vectors;
mod windows;

use super::*;
use crate::{
    Refusal,
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

fn platform() -> DevPlatform {
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
const TDX: DevReport =
    DevReport::Tdx { mr_td: [1; 48], registers: [[2; 48]; 4], report_data: [3; 64] };

/// The verdict through the public entrance, which both backends must share.
fn verdict(evidence: &[u8], collateral: &[u8], anchors: &Anchors) -> Result<Claims, Refusal> {
    let run = |backend| crate::verify(kind::INTEL_DCAP, evidence, collateral, anchors, backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable), "backends differ");
    native
}

fn cook(recipe: &Recipe) -> Result<Claims, Refusal> {
    let product = recipe.product();
    verdict(&product.evidence, &product.collateral, &anchors())
}
