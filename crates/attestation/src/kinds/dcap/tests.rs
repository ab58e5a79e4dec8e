use super::*;
use crate::{Refusal, check_time};

pub(super) const VECTORS: [(&str, &[u8], &[u8]); 4] = [
    (
        "sgx_v3",
        include_bytes!("../../../testdata/dcap/sgx_v3.quote"),
        include_bytes!("../../../testdata/dcap/sgx_v3.collateral.json"),
    ),
    (
        "tdx_v4",
        include_bytes!("../../../testdata/dcap/tdx_v4.quote"),
        include_bytes!("../../../testdata/dcap/tdx_v4.collateral.json"),
    ),
    (
        "tdx_v5",
        include_bytes!("../../../testdata/dcap/tdx_v5.quote"),
        include_bytes!("../../../testdata/dcap/tdx_v5.collateral.json"),
    ),
    (
        "tdx_v5_15ex",
        include_bytes!("../../../testdata/dcap/tdx_v5_15ex.quote"),
        include_bytes!("../../../testdata/dcap/tdx_v5_15ex.collateral.json"),
    ),
];

#[test]
fn intel_vectors() {
    for (name, quote, collateral) in VECTORS {
        let anchors = Anchors::default();
        let claims = verify(quote, collateral, &anchors, Backend::Native);
        println!("{name} {claims:#?}");
        assert_eq!(claims, verify(quote, collateral, &anchors, Backend::Portable));
        claims.unwrap();
    }
}
