//! Kind 1: single statements of collateral.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::attestation_dcap_statement(data));
