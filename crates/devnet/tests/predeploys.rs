//! Our L2 predeploys against op-revm: what L1Block stores is what the protocol reads, and what
//! GasPriceOracle computes is what it charges.

use alloy_evm::{EthEvmFactory, Evm, EvmEnv, EvmFactory};
use alloy_primitives::{Address, B256, Bytes, U256, address, hex, keccak256};
use alloy_sol_types::{SolCall, sol};
use assay_chainspec::{
    OpHardfork,
    preset::{Preset, PresetBuilder},
};
use op_revm::{L1BlockInfo, OpSpecId};
use revm::{
    bytecode::Bytecode,
    context::{TxEnv, result::ExecutionResult},
    database::{CacheDB, EmptyDB},
    primitives::TxKind,
    state::AccountInfo,
};

sol! {
    function getL1Fee(bytes data) external view returns (uint256);
    function getL1FeeUpperBound(uint256 size) external view returns (uint256);
    function getOperatorFee(uint256 gas) external view returns (uint256);
    function getL1GasUsed(bytes data) external view returns (uint256);
    function isEcotone() external view returns (bool);
    function isFjord() external view returns (bool);
    function isIsthmus() external view returns (bool);
    function isJovian() external view returns (bool);
    function withdraw() external returns (uint256);
    function RECIPIENT() external view returns (address);
    function gasPayingToken() external view returns (address, uint8);
    function messageNonce() external view returns (uint256);
    function otherBridge() external view returns (address);
    function name() external view returns (string);
    function getDomainSeparator() external view returns (bytes32);
    function DOMAIN_SEPARATOR() external view returns (bytes32);
    function daFootprintGasScalar() external view returns (uint16);
}

const L1_BLOCK: Address = address!("0x4200000000000000000000000000000000000015");
const ORACLE: Address = address!("0x420000000000000000000000000000000000000F");
const DEPOSITOR: Address = address!("0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001");
const SEQUENCER_VAULT: Address = address!("0x4200000000000000000000000000000000000011");
const OPERATOR_VAULT: Address = address!("0x420000000000000000000000000000000000001b");

/// The L2 genesis state, called in a plain EVM.
struct Chain(CacheDB<EmptyDB>);

impl Chain {
    fn new(builder: &PresetBuilder) -> Self {
        let mut db = CacheDB::new(EmptyDB::default());
        for (address, account) in builder.genesis().unwrap().alloc {
            let code = Bytecode::new_raw(account.code.unwrap_or_default());
            db.insert_account_info(
                address,
                AccountInfo::new(
                    account.balance,
                    account.nonce.unwrap_or_default(),
                    code.hash_slow(),
                    code,
                ),
            );
            for (slot, value) in account.storage.unwrap_or_default() {
                db.insert_account_storage(address, slot.into(), value.into()).unwrap();
            }
        }
        Self(db)
    }

    fn send(&mut self, from: Address, to: Address, data: impl Into<Bytes>) -> Option<Bytes> {
        let mut env: EvmEnv = EvmEnv::default();
        env.cfg_env.disable_nonce_check = true;
        env.cfg_env.disable_base_fee = true;
        env.cfg_env.disable_balance_check = true;
        env.block_env.gas_limit = 1_000_000_000;
        env.cfg_env.chain_id = 42_330;
        env.cfg_env.tx_gas_limit_cap = Some(u64::MAX);
        let transaction = TxEnv {
            caller: from,
            kind: TxKind::Call(to),
            data: data.into(),
            gas_limit: 900_000_000,
            chain_id: Some(42_330),
            ..Default::default()
        };
        let mut evm = EthEvmFactory::default().create_evm(&mut self.0, env);
        match evm.transact_commit(transaction).unwrap() {
            ExecutionResult::Success { output, .. } => Some(output.into_data()),
            _ => None,
        }
    }

    fn get<C: SolCall>(&mut self, to: Address, call: &C) -> C::Return {
        let output = self.send(Address::ZERO, to, call.abi_encode()).unwrap();
        C::abi_decode_returns(&output).unwrap()
    }
}

/// L1 attributes, Jovian's.
fn attributes() -> Vec<u8> {
    let mut data = hex!("3db6be2b").to_vec();
    data.extend_from_slice(&1368u32.to_be_bytes());
    data.extend_from_slice(&810_949u32.to_be_bytes());
    data.extend_from_slice(&3u64.to_be_bytes());
    data.extend_from_slice(&1_750_000_000u64.to_be_bytes());
    data.extend_from_slice(&77u64.to_be_bytes());
    data.extend_from_slice(&U256::from(9_000_000_000u64).to_be_bytes::<32>());
    data.extend_from_slice(&U256::from(1_234_567u64).to_be_bytes::<32>());
    data.extend_from_slice(&[0xaa; 32]);
    data.extend_from_slice(&[0xbb; 32]);
    data.extend_from_slice(&5_000u32.to_be_bytes());
    data.extend_from_slice(&600u64.to_be_bytes());
    data.extend_from_slice(&450u16.to_be_bytes());
    data
}

#[test]
fn l1_block_stores_what_the_protocol_reads() {
    let mut chain = Chain::new(&Preset::Dev.builder());
    let data = attributes();
    assert!(chain.send(Address::repeat_byte(1), L1_BLOCK, data.clone()).is_none());
    chain.send(DEPOSITOR, L1_BLOCK, data.clone()).unwrap();
    let info = L1BlockInfo::try_fetch(&mut chain.0, U256::ZERO, OpSpecId::JOVIAN).unwrap();
    assert_eq!(info.l1_base_fee, U256::from(9_000_000_000u64));
    assert_eq!(info.l1_base_fee_scalar, U256::from(1368));
    assert_eq!(info.l1_blob_base_fee, Some(U256::from(1_234_567u64)));
    assert_eq!(info.l1_blob_base_fee_scalar, Some(U256::from(810_949)));
    assert_eq!(info.operator_fee_scalar, Some(U256::from(5_000)));
    assert_eq!(info.operator_fee_constant, Some(U256::from(600)));
    assert_eq!(info.da_footprint_gas_scalar, Some(450));
    assert_eq!(chain.get(L1_BLOCK, &daFootprintGasScalarCall {}), 450);

    // Isthmus' and Ecotone's attributes leave out what they do not know.
    let isthmus = [&hex!("098999be"), &data[4..176]].concat();
    chain.send(DEPOSITOR, L1_BLOCK, isthmus).unwrap();
    let info = L1BlockInfo::try_fetch(&mut chain.0, U256::ZERO, OpSpecId::JOVIAN).unwrap();
    assert_eq!(info.operator_fee_scalar, Some(U256::from(5_000)));
    assert_eq!(info.operator_fee_constant, Some(U256::from(600)));
    let ecotone = [&hex!("440a5e20"), &data[4..164]].concat();
    chain.send(DEPOSITOR, L1_BLOCK, ecotone).unwrap();
    let info = L1BlockInfo::try_fetch(&mut chain.0, U256::ZERO, OpSpecId::ECOTONE).unwrap();
    assert_eq!(info.l1_base_fee_scalar, U256::from(1368));
}

#[test]
fn the_oracle_computes_what_the_protocol_charges() {
    let mut chain = Chain::new(&Preset::Dev.builder());
    chain.send(DEPOSITOR, L1_BLOCK, attributes()).unwrap();
    // Data of every shape: empty, short, compressible, not compressible, long.
    let noise: Vec<u8> = (0..60u64).flat_map(|i| keccak256(i.to_be_bytes()).0).collect();
    let mixed: Vec<u8> =
        (0..40u8).flat_map(|i| [vec![i; 37], vec![0; 300], vec![i, 2, 3]].concat()).collect();
    let inputs: Vec<Vec<u8>> = vec![
        vec![],
        vec![7; 12],
        vec![7; 13],
        vec![0; 20_000],
        noise.clone(),
        mixed.clone(),
        [noise, mixed].concat(),
    ];
    for data in inputs {
        let info = L1BlockInfo::try_fetch(&mut chain.0, U256::ZERO, OpSpecId::JOVIAN).unwrap();
        // The oracle adds the 68 bytes of a signature to FastLZ's size, which the protocol sees in
        // the transaction. A byte of FastLZ's size costs 836,500 millionths.
        let charged = |size: u64| {
            let scaled = U256::from(1368 * 16) * info.l1_base_fee
                + U256::from(810_949) * info.l1_blob_base_fee.unwrap();
            let estimate = (size as i64 * 836_500 - 42_585_600).max(100_000_000);
            U256::from(estimate) * scaled / U256::from(1_000_000_000_000u64)
        };
        let size = fastlz_size(&data);
        let fee = chain.get(ORACLE, &getL1FeeCall { data: data.clone().into() });
        assert_eq!(fee, charged(size + 68), "{} bytes", data.len());
        if !data.is_empty() {
            let unsigned = info.clone().calculate_tx_l1_cost(&data, OpSpecId::JOVIAN);
            assert_eq!(unsigned, charged(size), "{} bytes", data.len());
        }
        let bound = data.len() as u64 + 68;
        let size = U256::from(data.len());
        assert_eq!(
            chain.get(ORACLE, &getL1FeeUpperBoundCall { size }),
            charged(bound + bound / 255 + 16),
        );
    }
    let info = L1BlockInfo::try_fetch(&mut chain.0, U256::ZERO, OpSpecId::JOVIAN).unwrap();
    let gas = U256::from(123_456);
    assert_eq!(
        chain.get(ORACLE, &getOperatorFeeCall { gas }),
        info.operator_fee_charge(&[1], gas, OpSpecId::JOVIAN),
    );
    assert_eq!(chain.get(ORACLE, &getOperatorFeeCall { gas: U256::MAX }), U256::MAX);
}

/// FastLZ's size as op-revm has it, from the estimate where that is not at its least.
fn fastlz_size(data: &[u8]) -> u64 {
    // Padding with what cannot be compressed would change the size: ask for the estimate of the
    // data itself, whose inverse is exact.
    let estimate = op_revm::transaction::estimate_tx_compressed_size(data);
    if estimate > 100_000_000 { (estimate + 42_585_600) / 836_500 } else { 0 }
}

#[test]
fn the_oracles_flags_are_the_forks() {
    for (fork, expected) in [
        (OpHardfork::Ecotone, [true, false, false, false]),
        (OpHardfork::Granite, [true, true, false, false]),
        (OpHardfork::Isthmus, [true, true, true, false]),
        (OpHardfork::Jovian, [true, true, true, true]),
        (OpHardfork::Karst, [true, true, true, true]),
    ] {
        let mut chain = Chain::new(&Preset::DevIsthmus.builder().last_fork(fork));
        let flags = [
            chain.get(ORACLE, &isEcotoneCall {}),
            chain.get(ORACLE, &isFjordCall {}),
            chain.get(ORACLE, &isIsthmusCall {}),
            chain.get(ORACLE, &isJovianCall {}),
        ];
        assert_eq!(flags, expected, "{fork}");
    }
}

#[test]
fn isthmus_operator_fee_is_divided() {
    let mut chain = Chain::new(&Preset::DevIsthmus.builder());
    let data = attributes();
    chain.send(DEPOSITOR, L1_BLOCK, [&hex!("098999be"), &data[4..176]].concat()).unwrap();
    let fee = chain.get(ORACLE, &getOperatorFeeCall { gas: U256::from(1_000_000) });
    assert_eq!(fee, U256::from(5_000 + 600));
}

#[test]
fn the_vaults_pay_their_recipients() {
    let recipient = Address::repeat_byte(0x77);
    let mut chain = Chain::new(&Preset::Dev.builder().fee_recipient(recipient));
    for vault in [OPERATOR_VAULT, SEQUENCER_VAULT] {
        let mut info = chain.0.load_account(vault).unwrap().info.clone();
        info.balance = U256::from(10);
        chain.0.insert_account_info(vault, info);
        assert_eq!(chain.get(vault, &withdrawCall {}), U256::from(10));
    }
    assert_eq!(chain.0.load_account(recipient).unwrap().info.balance, U256::from(10));
    let base_fee_vault = chain.get(OPERATOR_VAULT, &RECIPIENTCall {});
    assert_eq!(base_fee_vault, address!("0x4200000000000000000000000000000000000019"));
    assert_eq!(chain.0.load_account(base_fee_vault).unwrap().info.balance, U256::from(10));
}

#[test]
fn ops_own_predeploys_work_from_genesis() {
    let mut chain = Chain::new(&Preset::Dev.builder());
    let messenger = address!("0x4200000000000000000000000000000000000007");
    let bridge = address!("0x4200000000000000000000000000000000000010");
    let weth = address!("0x4200000000000000000000000000000000000006");
    let eas = address!("0x4200000000000000000000000000000000000021");
    let permit2 = address!("0x000000000022D473030F116dDEE9F6B43aC78BA3");
    assert_eq!(chain.get(messenger, &messageNonceCall {}), U256::ONE << 240);
    assert_ne!(chain.get(bridge, &otherBridgeCall {}), Address::ZERO);
    assert_eq!(chain.get(weth, &nameCall {}), "Wrapped Ether");
    let domain = |type_text: &str, fields: &[B256], at: Address| {
        let mut words = vec![keccak256(type_text)];
        words.extend_from_slice(fields);
        words.push(U256::from(42_330).into());
        words.push(at.into_word());
        keccak256(words.concat())
    };
    assert_eq!(
        chain.get(eas, &getDomainSeparatorCall {}),
        domain(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
            &[keccak256("EAS"), keccak256("1.3.0")],
            eas,
        ),
    );
    assert_eq!(
        chain.get(permit2, &DOMAIN_SEPARATORCall {}),
        domain(
            "EIP712Domain(string name,uint256 chainId,address verifyingContract)",
            &[keccak256("Permit2")],
            permit2,
        ),
    );
}
