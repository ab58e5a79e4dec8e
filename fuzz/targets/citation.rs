//! A text cited from a corpus.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::citation(data));
