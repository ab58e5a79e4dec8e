use super::{
    Preset, builder::DEV_BALANCE, genesis_json, predeploys::IMPLEMENTATION_SLOT, rollup_json,
};
use crate::{
    BlockId, ChainSpec, OpHardfork, PRECOMPILE_ADDRESSES, RULES_SLOT, RollupConfig,
    predeploys::{COLLATERAL, PREDEPLOYS},
};
use alloy_primitives::{Address, B256, Bytes, U256, address, b256};
use std::{fs, path::PathBuf};

const L2_MESSENGER: Address = address!("0x4200000000000000000000000000000000000007");

fn committed(file: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../genesis")).join(file)
}

/// `ASSAY_REGENERATE=1 cargo test -p assay-chainspec committed_files` writes them anew.
#[test]
fn committed_files_are_what_the_presets_build() {
    for preset in Preset::ALL {
        let chain = preset.builder().build().unwrap();
        for (file, built) in [
            (format!("{}.genesis.json", preset.name()), genesis_json(chain.spec.genesis())),
            (format!("{}.rollup.json", preset.name()), rollup_json(&chain.rollup)),
        ] {
            let (path, built) = (committed(&file), built.unwrap());
            if std::env::var_os("ASSAY_REGENERATE").is_some() {
                fs::write(&path, &built).unwrap();
            }
            assert!(fs::read_to_string(&path).unwrap() == built, "{file} is not what is built");
        }
    }
}

#[test]
fn a_written_genesis_reads_back_as_the_same_chain() {
    for preset in Preset::ALL {
        let chain = preset.builder().build().unwrap();
        let read = ChainSpec::from_json(&genesis_json(chain.spec.genesis()).unwrap()).unwrap();
        assert_eq!(read.genesis_hash(), chain.spec.genesis_hash());
        assert_eq!(read.genesis(), chain.spec.genesis());
    }
}

#[test]
fn rollup_json_round_trips_and_matches_its_genesis() {
    let l1 = BlockId { number: 7, hash: B256::repeat_byte(7) };
    for preset in Preset::ALL {
        let chain =
            preset.builder().l1_genesis(l1).operator_fee(5, 6).min_base_fee(9).build().unwrap();
        let read = RollupConfig::from_json(&rollup_json(&chain.rollup).unwrap()).unwrap();
        assert_eq!(read, chain.rollup);
        read.check_against(&chain.spec).unwrap();
    }
}

#[test]
fn isthmus_rollup_json_has_only_keys_that_older_rollup_nodes_know() {
    let chain = Preset::DevIsthmus.builder().build().unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&rollup_json(&chain.rollup).unwrap()).unwrap();
    let known = [
        "genesis",
        "block_time",
        "max_sequencer_drift",
        "seq_window_size",
        "channel_timeout",
        "l1_chain_id",
        "l2_chain_id",
        "regolith_time",
        "canyon_time",
        "delta_time",
        "ecotone_time",
        "fjord_time",
        "granite_time",
        "holocene_time",
        "isthmus_time",
        "batch_inbox_address",
        "deposit_contract_address",
        "l1_system_config_address",
        "protocol_versions_address",
        "chain_op_config",
    ];
    for key in json.as_object().unwrap().keys() {
        assert!(known.contains(&key.as_str()), "{key}");
    }
    let system = json["genesis"]["system_config"].as_object().unwrap();
    let known =
        ["batcherAddr", "overhead", "scalar", "gasLimit", "eip1559Params", "operatorFeeParams"];
    for key in system.keys() {
        assert!(known.contains(&key.as_str()), "{key}");
    }
}

#[test]
fn presets_differ_in_what_their_names_say() {
    let dev = Preset::Dev.builder().build().unwrap().spec;
    assert!(dev.is_agate_active_at_timestamp(dev.genesis_header().timestamp));
    assert_eq!(dev.genesis_header().extra_data.len(), 17);
    assert!(
        dev.genesis().alloc[&PRECOMPILE_ADDRESSES[0]].storage.as_ref().unwrap()[&RULES_SLOT]
            != B256::ZERO
    );
    let isthmus = Preset::DevIsthmus.builder().build().unwrap().spec;
    assert!(isthmus.assay().is_none());
    assert_eq!(isthmus.genesis_header().extra_data.len(), 9);
    assert!(!isthmus.genesis().alloc.contains_key(&PRECOMPILE_ADDRESSES[0]));
    for preset in Preset::ALL {
        assert_eq!(preset.name().parse::<Preset>().unwrap(), preset);
    }
    assert!("mainnet".parse::<Preset>().is_err());
}

#[test]
fn predeploys_are_behind_proxies_that_nobody_owns() {
    let genesis = Preset::Dev.builder().genesis().unwrap();
    assert_eq!(PREDEPLOYS[0].address, COLLATERAL);
    for predeploy in &PREDEPLOYS {
        let front = &genesis.alloc[&predeploy.address];
        assert_eq!(front.code, genesis.alloc[&L2_MESSENGER].code, "OP's proxy");
        let slots: Vec<_> = front.storage.iter().flatten().collect();
        let implementation = predeploy.implementation;
        assert_eq!(slots, [(&IMPLEMENTATION_SLOT, &implementation.into_word())]);
        assert!(genesis.alloc[&implementation].code.is_some(), "{}", predeploy.name);
    }
    let plain = Preset::Dev.builder().assay(None).genesis().unwrap();
    assert!(PREDEPLOYS.iter().all(|predeploy| {
        !plain.alloc.contains_key(&predeploy.address)
            && !plain.alloc.contains_key(&predeploy.implementation)
    }));
}

#[test]
fn the_trust_anchors_change_the_hash() {
    let plain = Preset::Dev.builder().build().unwrap().spec.genesis_hash();
    let trusting = Preset::Dev.builder().trust(1, Bytes::from_static(b"root")).build().unwrap();
    assert_ne!(plain, trusting.spec.genesis_hash());
    assert_eq!(trusting.spec.assay_rules().unwrap().trust[&1].len(), 1);
}

#[test]
fn forks_out_of_range_are_refused() {
    for fork in [OpHardfork::Bedrock, OpHardfork::Canyon, OpHardfork::Interop] {
        assert!(Preset::Dev.builder().last_fork(fork).build().is_err(), "{fork}");
    }
    for fork in [
        OpHardfork::Ecotone,
        OpHardfork::Fjord,
        OpHardfork::Granite,
        OpHardfork::Holocene,
        OpHardfork::Isthmus,
        OpHardfork::Jovian,
        OpHardfork::Karst,
    ] {
        Preset::Dev.builder().assay(None).last_fork(fork).build().unwrap();
    }
}

#[test]
fn the_batch_inbox_shows_the_chain_id() {
    let inbox = |id| Preset::Dev.builder().chain_id(id).batch_inbox();
    assert_eq!(inbox(42_330), address!("0xff00000000000000000000000000000000042330"));
    assert_eq!(inbox(u64::MAX), address!("0xff00000000000000000018446744073709551615"));
}

#[test]
fn dev_accounts_have_what_they_are_said_to_have() {
    assert_eq!(DEV_BALANCE, U256::from(10_000) * U256::from(10).pow(U256::from(18)));
}

/// Ethereum mainnet's Permit2, which the artifact is the template of.
#[test]
fn permit2_code_is_that_of_its_chain() {
    let genesis = Preset::Dev.builder().chain_id(1).genesis().unwrap();
    let permit2 = address!("0x000000000022D473030F116dDEE9F6B43aC78BA3");
    let code = genesis.alloc[&permit2].code.as_ref().unwrap();
    let separator = b256!("0x866a5aba21966af95d6c7ab78eb2b2fc913915c28be3b9aa07cc04ff903e3f28");
    assert!(code.windows(32).any(|window| window == separator));
}
