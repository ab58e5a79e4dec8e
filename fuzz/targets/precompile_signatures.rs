//! Calldata of `ISignatures`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::precompile_signatures(data));
