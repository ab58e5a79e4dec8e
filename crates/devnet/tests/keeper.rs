//! The keeper against a running network: what it puts, what it leaves, what is refused.

use alloy_primitives::{Bytes, TxKind, U256, keccak256};
use assay_attestation::{
    dev::{DevPlatform, DevReport, DevSnp, DevSnpReport},
    kind,
};
use assay_chainspec::preset::DEV_ACCOUNTS;
use assay_client::{Account, Rpc};
use assay_devnet::network::{Network, NetworkConfig};
use assay_keeper::{Keeper, KeeperError, Round, Source};
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn a_folders_statements_are_put_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = NetworkConfig::new(directory.path().join("chain"));
    let validity = config.genesis_time - 60..config.genesis_time + 86_400;
    let intel = DevPlatform::new(keccak256("intel"), validity.clone());
    let amd = DevSnp::new(keccak256("amd"), validity.clone());
    let stranger = DevPlatform::new(keccak256("stranger"), validity);
    config.trust.insert(kind::INTEL_DCAP, vec![intel.root()]);
    config.trust.insert(kind::AMD_SEV_SNP, vec![amd.root()]);
    let network = Network::start(config).await.unwrap();

    let folder = directory.path().join("collateral");
    fs::create_dir(&folder).unwrap();
    let tdx = DevReport::Tdx { mr_td: [7; 48], registers: [[1; 48]; 4], report_data: [0; 64] };
    let report = DevSnpReport {
        measurement: [5; 48],
        host_data: [0; 32],
        report_data: [0; 64],
        chip_id: [8; 64],
    };
    fs::write(folder.join("intel.json"), intel.attest(&tdx).collateral).unwrap();
    fs::write(folder.join("stranger.json"), stranger.attest(&tdx).collateral).unwrap();

    let rpc = Rpc::new(&format!("http://{}", network.node().http_address().unwrap())).unwrap();
    let account = Account::new(rpc.clone(), DEV_ACCOUNTS[1].key).await.unwrap();
    let missing = Source::Folder(directory.path().join("nowhere"));
    let mut keeper = Keeper::new(account, vec![Source::Folder(folder.clone())]);
    let first = keeper.round().await.unwrap();
    assert_eq!(first, Round { fetched: 8, refused: 4, held: 0, put: 4 });
    // Another program sends from the same account in between.
    let mut elsewhere = Account::new(rpc, DEV_ACCOUNTS[1].key).await.unwrap();
    let to = TxKind::Call(DEV_ACCOUNTS[2].address);
    let sent = elsewhere.send(to, U256::ONE, Bytes::new()).await.unwrap();
    elsewhere.confirm("a transfer", &sent).await.unwrap();
    fs::write(folder.join("genoa.crl"), amd.attest(&report).collateral).unwrap();
    let second = keeper.round().await.unwrap();
    assert_eq!(second, Round { fetched: 9, refused: 4, held: 4, put: 1 });
    let third = keeper.round().await.unwrap();
    assert_eq!(third, Round { fetched: 9, refused: 4, held: 5, put: 0 });

    let account =
        Account::new(Rpc::new(&network.l1().url()).unwrap(), DEV_ACCOUNTS[1].key).await.unwrap();
    let failed = Keeper::new(account, vec![missing]).round().await;
    assert!(matches!(failed, Err(KeeperError::File { .. })), "{failed:?}");
    network.stop().await.unwrap();
}
