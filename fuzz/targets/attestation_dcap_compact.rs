//! Kind 1: quotes and earlier claims over compact collateral.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::attestation_dcap_compact(data));
