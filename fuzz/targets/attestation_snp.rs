//! Kind 3: SEV-SNP reports, their certificates and revocation lists.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| assay_fuzz::attestation_snp(data));
