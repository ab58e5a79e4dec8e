//! Kind 5: a CPU with its GPUs.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::attestation_composite(data));
