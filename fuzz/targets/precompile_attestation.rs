//! Calldata of `IAttestation`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::precompile_attestation(data));
