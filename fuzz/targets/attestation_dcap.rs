//! Kind 1: Intel DCAP quotes and collateral.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::attestation_dcap(data));
