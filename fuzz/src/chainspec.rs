//! Configuration files.

use assay_chainspec::{ChainSpec, RollupConfig};

/// genesis.json.
pub fn genesis(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(spec) = ChainSpec::from_json(text) {
        let again = ChainSpec::from_genesis(spec.genesis().clone()).expect("the same genesis");
        assert_eq!(spec.genesis_hash(), again.genesis_hash());
    }
}

/// rollup.json.
pub fn rollup_config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(config) = RollupConfig::from_json(text) {
        let written = assay_chainspec::preset::rollup_json(&config).expect("can be written");
        assert_eq!(RollupConfig::from_json(&written).expect("can be read back"), config);
    }
}
