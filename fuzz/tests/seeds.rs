//! Every target on every seed, without a fuzzer; and on each seed cut short.

use std::{fs, path::Path};

#[test]
fn seeds_hold() {
    let targets: [(&str, fn(&[u8])); 25] = [
        ("attestation_composite", assay_fuzz::attestation_composite),
        ("attestation_dcap", assay_fuzz::attestation_dcap),
        ("attestation_dcap_compact", assay_fuzz::attestation_dcap_compact),
        ("attestation_dcap_statement", assay_fuzz::attestation_dcap_statement),
        ("attestation_nitro", assay_fuzz::attestation_nitro),
        ("attestation_nvidia", assay_fuzz::attestation_nvidia),
        ("attestation_proofs", assay_fuzz::attestation_proofs),
        ("attestation_signatures", assay_fuzz::attestation_signatures),
        ("attestation_snp", assay_fuzz::attestation_snp),
        ("batch_singular", assay_fuzz::batch_singular),
        ("batch_span", assay_fuzz::batch_span),
        ("blob", assay_fuzz::blob),
        ("channel", assay_fuzz::channel),
        ("citation", assay_fuzz::citation),
        ("config_log", assay_fuzz::config_log),
        ("deposit_log", assay_fuzz::deposit_log),
        ("frames", assay_fuzz::frames),
        ("genesis", assay_fuzz::genesis),
        ("l1_info", assay_fuzz::l1_info),
        ("payload", assay_fuzz::payload),
        ("precompile_attestation", assay_fuzz::precompile_attestation),
        ("precompile_attribution", assay_fuzz::precompile_attribution),
        ("precompile_signatures", assay_fuzz::precompile_signatures),
        ("rollup_config", assay_fuzz::rollup_config),
        ("transactions", assay_fuzz::transactions),
    ];
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    assert_eq!(fs::read_dir(&seeds).unwrap().count(), targets.len());
    for (name, target) in targets {
        for seed in fs::read_dir(seeds.join(name)).unwrap() {
            let bytes = fs::read(seed.unwrap().path()).unwrap();
            target(&bytes);
            // At most a hundred places.
            for length in (0..bytes.len()).step_by(bytes.len() / 100 + 1) {
                target(&bytes[..length]);
            }
        }
    }
}
