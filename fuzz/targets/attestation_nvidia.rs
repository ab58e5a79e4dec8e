//! Kind 4: NVIDIA's tokens.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::attestation_nvidia(data));
