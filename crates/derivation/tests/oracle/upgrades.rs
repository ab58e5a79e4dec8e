//! Upgrade bundles: kona's own deposits, written in our format and read again.

use assay_chainspec::{OpHardfork, RollupConfig};
use assay_derivation::UpgradeBundle;
use kona_hardforks::{Ecotone, Fjord, Isthmus};
use op_alloy_consensus_v1::TxDeposit as TheirDeposit;
use serde_json::{Value, json};

const ECOTONE: [&str; 6] = [
    "Ecotone: L1 Block Deployment",
    "Ecotone: Gas Price Oracle Deployment",
    "Ecotone: L1 Block Proxy Update",
    "Ecotone: Gas Price Oracle Proxy Update",
    "Ecotone: Gas Price Oracle Set Ecotone",
    "Ecotone: beacon block roots contract deployment",
];
const FJORD: [&str; 3] = [
    "Fjord: Gas Price Oracle Deployment",
    "Fjord: Gas Price Oracle Proxy Update",
    "Fjord: Gas Price Oracle Set Fjord",
];
const ISTHMUS: [&str; 8] = [
    "Isthmus: L1 Block Deployment",
    "Isthmus: Gas Price Oracle Deployment",
    "Isthmus: Operator Fee Vault Deployment",
    "Isthmus: L1 Block Proxy Update",
    "Isthmus: Gas Price Oracle Proxy Update",
    "Isthmus: Operator Fee Vault Proxy Update",
    "Isthmus: Gas Price Oracle Set Isthmus",
    "Isthmus: EIP-2935 Contract Deployment",
];

fn file(intents: &[&str], deposits: impl Iterator<Item = TheirDeposit>) -> Value {
    let transactions: Vec<_> = deposits
        .zip(intents)
        .map(|(deposit, intent)| {
            json!({
                "intent": intent,
                "from": deposit.from,
                "to": deposit.to.to(),
                "data": deposit.input,
                "gasLimit": deposit.gas_limit,
            })
        })
        .collect();
    assert_eq!(transactions.len(), intents.len());
    json!({ "transactions": transactions })
}

/// The deposits of Ecotone, Fjord and Isthmus, through a bundle file.
pub(crate) fn bundle() -> UpgradeBundle {
    let file = json!({
        "ecotone": file(&ECOTONE, Ecotone::deposits()),
        "fjord": file(&FJORD, Fjord::deposits()),
        "isthmus": file(&ISTHMUS, Isthmus::deposits()),
    });
    UpgradeBundle::from_json(&file.to_string()).unwrap()
}

#[test]
fn deposits_are_the_same() {
    let mut config = RollupConfig { block_time: 2, ..RollupConfig::default() };
    config.genesis.l2_time = 100;
    config.ecotone_time = Some(110);
    config.fjord_time = Some(120);
    config.isthmus_time = Some(130);
    let bundle = bundle();
    bundle.check(&config).unwrap();
    let forks = [
        (OpHardfork::Ecotone, 110, Ecotone::deposits().collect::<Vec<_>>()),
        (OpHardfork::Fjord, 120, Fjord::deposits().collect()),
        (OpHardfork::Isthmus, 130, Isthmus::deposits().collect()),
    ];
    for (fork, time, theirs) in forks {
        let ours: Vec<_> = bundle.deposits_at(&config, time).collect();
        assert_eq!(ours.len(), theirs.len(), "{fork}");
        for (ours, theirs) in ours.into_iter().zip(&theirs) {
            assert_eq!(ours.source_hash, theirs.source_hash, "{fork}");
            assert_eq!((ours.from, ours.to), (theirs.from, theirs.to), "{fork}");
            assert_eq!((ours.gas_limit, &ours.input), (theirs.gas_limit, &theirs.input));
            assert_eq!((ours.mint, ours.value), (theirs.mint, theirs.value), "{fork}");
            assert!(!ours.is_system_transaction);
        }
        assert_eq!(bundle.gas(fork), theirs.iter().map(|each| each.gas_limit).sum::<u64>());
    }
}
