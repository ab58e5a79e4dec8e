//! EIP-2718 transactions.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::transactions(data));
