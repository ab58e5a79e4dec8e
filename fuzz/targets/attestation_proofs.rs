//! Kinds 16 to 18: Groth16 proofs, SP1's and RISC Zero's.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::attestation_proofs(data));
