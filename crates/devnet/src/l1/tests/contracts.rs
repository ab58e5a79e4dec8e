//! The rollup's contracts: deposits, and every kind of configuration update.

use super::{Actor, CONTRACTS, GWEI, call, l1};
use crate::l1::{L1, L1Block};
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolEvent, SolValue, sol};
use assay_chainspec::preset::{DEV_BATCHER, DEV_OWNER, DEV_SEQUENCER, Preset};
use std::sync::Arc;

sol! {
    event TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData);
    event ConfigUpdate(uint256 indexed version, uint8 indexed updateType, bytes data);

    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes data) external payable;

    function owner() external view returns (address);
    function scalar() external view returns (uint256);
    function batcherHash() external view returns (bytes32);
    function gasLimit() external view returns (uint64);
    function basefeeScalar() external view returns (uint32);
    function blobbasefeeScalar() external view returns (uint32);
    function eip1559Denominator() external view returns (uint32);
    function eip1559Elasticity() external view returns (uint32);
    function operatorFeeScalar() external view returns (uint32);
    function operatorFeeConstant() external view returns (uint64);
    function minBaseFee() external view returns (uint64);
    function daFootprintGasScalar() external view returns (uint16);
    function unsafeBlockSigner() external view returns (address);
    function optimismPortal() external view returns (address);
    function batchInbox() external view returns (address);
    function l2ChainId() external view returns (uint256);
    function superchainConfig() external view returns (address);
    function systemConfig() external view returns (address);
    function paused() external view returns (bool);
    function guardian() external view returns (address);
    function params() external view returns (uint128 prevBaseFee, uint64 prevBoughtGas, uint64 prevBlockNum);

    function setBatcherHash(bytes32 hash) external;
    function setGasConfig(uint256 overhead, uint256 scalar) external;
    function setGasConfigEcotone(uint32 baseFee, uint32 blobBaseFee) external;
    function setGasLimit(uint64 limit) external;
    function setUnsafeBlockSigner(address signer) external;
    function setEIP1559Params(uint32 denominator, uint32 elasticity) external;
    function setOperatorFeeScalars(uint32 scalar, uint64 constantFee) external;
    function setMinBaseFee(uint64 fee) external;
    function setDAFootprintGasScalar(uint16 scalar) external;
}

fn get<C: SolCall>(l1: &L1, to: Address, getter: &C) -> C::Return {
    C::abi_decode_returns(&call(l1, to, getter.abi_encode())).unwrap()
}

fn only_log(block: &Arc<L1Block>) -> alloy_primitives::Log {
    assert!(block.receipts[0].status(), "the transaction reverted");
    assert_eq!(block.receipts[0].logs().len(), 1);
    block.receipts[0].logs()[0].clone()
}

#[test]
fn a_deposit_emits_what_rollup_nodes_derive_from() {
    let mut l1 = l1();
    let sender = Actor::dev(0);
    let to = address!("0x00000000000000000000000000000000000000aa");
    let data = Bytes::from_static(b"hello");
    let deposit = depositTransactionCall {
        to,
        value: U256::from(5),
        gasLimit: 100_000,
        isCreation: false,
        data: data.clone(),
    };
    l1.submit(&sender.call(0, CONTRACTS.portal, 7, deposit.abi_encode())).unwrap();
    let log = only_log(&l1.mine().unwrap());
    assert_eq!(log.address, CONTRACTS.portal);
    assert_eq!(log.topics()[0], keccak256("TransactionDeposited(address,address,uint256,bytes)"),);
    let event = TransactionDeposited::decode_log(&log).unwrap();
    assert_eq!((event.from, event.to, event.version), (sender.address(), to, U256::ZERO));
    let expected = (U256::from(7), U256::from(5), 100_000u64, false, data).abi_encode_packed();
    assert_eq!(event.opaqueData, expected);
}

#[test]
fn ether_sent_to_the_portal_is_a_deposit_too() {
    let mut l1 = l1();
    l1.submit(&Actor::dev(1).call(0, CONTRACTS.portal, GWEI, Bytes::new())).unwrap();
    let event = TransactionDeposited::decode_log(&only_log(&l1.mine().unwrap())).unwrap();
    assert_eq!(event.to, Actor::dev(1).address());
}

#[test]
fn the_contracts_start_with_the_rollups_configuration() {
    let l1 = l1();
    let preset = Preset::Dev.builder();
    let config = preset.system_config();
    let at = CONTRACTS.system_config;
    assert_eq!(get(&l1, at, &ownerCall {}), DEV_OWNER.address);
    assert_eq!(get(&l1, at, &batcherHashCall {}), DEV_BATCHER.address.into_word());
    assert_eq!(get(&l1, at, &unsafeBlockSignerCall {}), DEV_SEQUENCER.address);
    assert_eq!(get(&l1, at, &scalarCall {}), config.scalar);
    assert_eq!(get(&l1, at, &gasLimitCall {}), config.gas_limit);
    assert_eq!(get(&l1, at, &basefeeScalarCall {}), config.base_fee_scalar());
    assert_eq!(get(&l1, at, &blobbasefeeScalarCall {}), config.blob_base_fee_scalar());
    assert_eq!(get(&l1, at, &optimismPortalCall {}), CONTRACTS.portal);
    assert_eq!(get(&l1, at, &batchInboxCall {}), preset.batch_inbox());
    assert_eq!(get(&l1, at, &l2ChainIdCall {}), U256::from(42_330));
    assert_eq!(get(&l1, CONTRACTS.portal, &systemConfigCall {}), at);
    assert_eq!(get(&l1, CONTRACTS.portal, &superchainConfigCall {}), CONTRACTS.superchain_config);
    assert!(!get(&l1, CONTRACTS.portal, &pausedCall {}));
    assert_eq!(get(&l1, CONTRACTS.portal, &guardianCall {}), DEV_OWNER.address);
    assert_eq!(get(&l1, CONTRACTS.portal, &paramsCall {}).prevBaseFee, GWEI);
}

#[test]
fn every_kind_of_update_is_emitted() {
    let word = |value: u128| U256::from(value).abi_encode();
    let signer = address!("0x00000000000000000000000000000000000000bb");
    let batcher = B256::repeat_byte(3);
    let packed: U256 = (U256::ONE << 248) | (U256::from(22) << 32) | U256::from(11);
    let updates: Vec<(Vec<u8>, u8, Vec<u8>)> = vec![
        (setBatcherHashCall { hash: batcher }.abi_encode(), 0, batcher.to_vec()),
        (
            setGasConfigCall { overhead: U256::from(1), scalar: U256::from(2) }.abi_encode(),
            1,
            [word(1), word(2)].concat(),
        ),
        (
            setGasConfigEcotoneCall { baseFee: 11, blobBaseFee: 22 }.abi_encode(),
            1,
            [word(1), packed.abi_encode()].concat(),
        ),
        (setGasLimitCall { limit: 30_000_000 }.abi_encode(), 2, word(30_000_000)),
        (setUnsafeBlockSignerCall { signer }.abi_encode(), 3, signer.abi_encode()),
        (
            setEIP1559ParamsCall { denominator: 100, elasticity: 4 }.abi_encode(),
            4,
            word((100 << 32) | 4),
        ),
        (
            setOperatorFeeScalarsCall { scalar: 9, constantFee: 8 }.abi_encode(),
            5,
            word((9 << 64) | 8),
        ),
        (setMinBaseFeeCall { fee: 77 }.abi_encode(), 6, word(77)),
        (setDAFootprintGasScalarCall { scalar: 500 }.abi_encode(), 7, word(500)),
    ];
    let mut l1 = l1();
    let owner = Actor::new(DEV_OWNER);
    for (nonce, (input, kind, data)) in updates.into_iter().enumerate() {
        l1.submit(&owner.call(nonce as u64, CONTRACTS.system_config, 0, input)).unwrap();
        let log = only_log(&l1.mine().unwrap());
        let event = ConfigUpdate::decode_log(&log).unwrap();
        assert_eq!((event.version, event.updateType), (U256::ZERO, kind));
        assert_eq!(event.data.data, data, "update {kind}");
    }
    let at = CONTRACTS.system_config;
    assert_eq!(get(&l1, at, &eip1559DenominatorCall {}), 100);
    assert_eq!(get(&l1, at, &eip1559ElasticityCall {}), 4);
    assert_eq!(get(&l1, at, &operatorFeeScalarCall {}), 9);
    assert_eq!(get(&l1, at, &operatorFeeConstantCall {}), 8);
    assert_eq!(get(&l1, at, &minBaseFeeCall {}), 77);
    assert_eq!(get(&l1, at, &daFootprintGasScalarCall {}), 500);
    assert_eq!(get(&l1, at, &unsafeBlockSignerCall {}), signer);
    assert_eq!(get(&l1, at, &gasLimitCall {}), 30_000_000);
}

#[test]
fn nobody_but_the_owner_configures() {
    let mut l1 = l1();
    let input = setMinBaseFeeCall { fee: 1 }.abi_encode();
    l1.submit(&Actor::dev(0).call(0, CONTRACTS.system_config, 0, input)).unwrap();
    let block = l1.mine().unwrap();
    assert!(!block.receipts[0].status());
    assert!(block.receipts[0].logs().is_empty());
}
