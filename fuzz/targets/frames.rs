//! A batcher transaction's data.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::frames(data));
