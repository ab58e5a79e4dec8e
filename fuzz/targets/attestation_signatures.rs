//! Kinds 32 to 34: signatures and keys.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::attestation_signatures(data));
