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
        assert_eq!(claims, verify(quote, collateral, &anchors, Backend::Portable));
        println!(
            "{name} {:?}",
            claims.map(|claims| (claims.status, claims.not_before, claims.not_after))
        );
    }
}

#[test]
fn dev_quotes() {
    use crate::dev::{DevPlatform, DevReport};
    let platform = DevPlatform::new(B256::repeat_byte(7), 1_700_000_000..1_800_000_000);
    let extra = [(1, vec![platform.root()])].into_iter().collect();
    let anchors = Anchors::new(&extra).unwrap();
    for report in [
        DevReport::Sgx {
            mr_enclave: B256::repeat_byte(1),
            mr_signer: B256::repeat_byte(2),
            report_data: [3; 64],
        },
        DevReport::Tdx { mr_td: [1; 48], registers: [[2; 48]; 4], report_data: [3; 64] },
    ] {
        let made = platform.attest(&report);
        let claims = verify(&made.evidence, &made.collateral, &anchors, Backend::Native).unwrap();
        assert_eq!((claims.not_before, claims.not_after), (1_700_000_000, 1_800_000_000));
        assert_eq!(claims.status, 0);
        assert_eq!(
            verify(&made.evidence, &made.collateral, &Anchors::default(), Backend::Native),
            Err(Code::UnknownRoot)
        );
    }
}
