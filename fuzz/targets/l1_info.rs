//! Calldata of the L1 attributes deposit.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::l1_info(data));
