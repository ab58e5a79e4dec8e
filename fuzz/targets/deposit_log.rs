//! A log of the portal.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::deposit_log(data));
