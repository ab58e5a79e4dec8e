//! A blob's data.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::blob(data));
