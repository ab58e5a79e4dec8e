//! A singular batch.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::batch_singular(data));
