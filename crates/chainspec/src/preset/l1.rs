//! The rollup's contracts on a development L1: OP's OptimismPortal and our SystemConfig.

use super::{
    PresetBuilder, artifacts,
    predeploys::{Alloc, DEFAULT_L2_SENDER, Storage, contract, proxy, slot},
};
use crate::SystemConfig;
use alloy_primitives::{Address, B256, U256, address, keccak256};

/// Addresses of the rollup's contracts on L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L1Contracts {
    /// OptimismPortal, behind a proxy: emits deposits.
    pub portal: Address,
    /// SystemConfig.
    pub system_config: Address,
    /// SuperchainConfig, which the portal asks whether it is paused.
    pub superchain_config: Address,
    /// L1CrossDomainMessenger. No preset deploys one.
    pub cross_domain_messenger: Address,
    /// L1StandardBridge. No preset deploys one.
    pub standard_bridge: Address,
    /// L1ERC721Bridge. No preset deploys one.
    pub erc721_bridge: Address,
}

impl L1Contracts {
    /// The development L1's.
    pub const DEV: Self = Self {
        portal: address!("0xA55a100000000000000000000000000000000001"),
        system_config: address!("0xA55a100000000000000000000000000000000002"),
        superchain_config: address!("0xA55a100000000000000000000000000000000003"),
        cross_domain_messenger: address!("0xA55a100000000000000000000000000000000004"),
        standard_bridge: address!("0xA55a100000000000000000000000000000000005"),
        erc721_bridge: address!("0xA55a100000000000000000000000000000000006"),
    };
}

/// Where the development L1 keeps the portal's implementation.
const PORTAL_IMPLEMENTATION: Address = address!("0xA55a100000000000000000000000000000001001");
/// Where OP's portal starts its base fee: one gwei.
const PORTAL_BASE_FEE: u64 = 1_000_000_000;

/// An OP slot that is named by a hash less one.
fn named(name: &str) -> B256 {
    B256::from(U256::from_be_bytes(keccak256(name).0).wrapping_sub(U256::ONE))
}

/// The contracts' accounts, with the storage that their deployment leaves.
pub(super) fn accounts(builder: &PresetBuilder) -> Alloc {
    let contracts = builder.l1_contracts;
    let portal = Storage::from([
        (slot(0), slot(1)),
        // ResourceParams: base fee (128 bits), bought gas and block number, both zero.
        (slot(1), slot(PORTAL_BASE_FEE)),
        (slot(50), DEFAULT_L2_SENDER.into_word()),
        // After a spacer of one byte.
        (slot(53), B256::from(U256::from_be_bytes(contracts.superchain_config.into_word().0) << 8)),
        (slot(55), contracts.system_config.into_word()),
    ]);
    let superchain = Storage::from([
        (slot(0), slot(1)),
        (named("superchainConfig.guardian"), builder.owner.into_word()),
    ]);
    Alloc::from([
        (contracts.portal, proxy(PORTAL_IMPLEMENTATION, builder.owner, portal)),
        (
            PORTAL_IMPLEMENTATION,
            contract(artifacts::code("OptimismPortal"), Storage::from([(slot(0), slot(1))])),
        ),
        (contracts.superchain_config, contract(artifacts::code("SuperchainConfig"), superchain)),
        (
            contracts.system_config,
            contract(artifacts::code("SystemConfig"), system_config_storage(builder)),
        ),
    ])
}

/// SystemConfig's storage; its layout is checked where it is built.
fn system_config_storage(builder: &PresetBuilder) -> Storage {
    let config: SystemConfig = builder.system_config();
    let contracts = builder.l1_contracts;
    let [d0, d1, d2, d3, e0, e1, e2, e3] = config.eip1559_params.0;
    let word = |value: u64, shift: usize| U256::from(value) << shift;
    let fees = word(config.gas_limit, 0)
        | word(config.base_fee_scalar().into(), 64)
        | word(config.blob_base_fee_scalar().into(), 96)
        | word(u32::from_be_bytes([d0, d1, d2, d3]).into(), 128)
        | word(u32::from_be_bytes([e0, e1, e2, e3]).into(), 160)
        | word(config.operator_fee_scalar().into(), 192);
    let jovian = word(config.operator_fee_constant(), 0)
        | word(config.min_base_fee, 64)
        | word(config.da_footprint_gas_scalar.into(), 128);
    Storage::from([
        (slot(0), builder.owner.into_word()),
        (slot(1), config.overhead.into()),
        (slot(2), config.scalar.into()),
        (slot(3), config.batcher_address.into_word()),
        (slot(4), fees.into()),
        (slot(5), jovian.into()),
        (slot(6), slot(builder.chain_id)),
        (slot(7), contracts.superchain_config.into_word()),
        (keccak256("systemconfig.unsafeblocksigner"), builder.unsafe_block_signer.into_word()),
        (
            named("systemconfig.l1crossdomainmessenger"),
            contracts.cross_domain_messenger.into_word(),
        ),
        (named("systemconfig.l1erc721bridge"), contracts.erc721_bridge.into_word()),
        (named("systemconfig.l1standardbridge"), contracts.standard_bridge.into_word()),
        (named("systemconfig.optimismportal"), contracts.portal.into_word()),
        (named("systemconfig.batchinbox"), builder.batch_inbox().into_word()),
    ])
    .into_iter()
    .filter(|(_, value)| !value.is_zero())
    .collect()
}
