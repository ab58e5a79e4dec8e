//! Kind 2: AWS Nitro attestation documents.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::attestation_nitro(data));
