//! The genesis block: its header and state root, as op-geth and op-reth compute them.

use crate::{ChainSpecError, OpHardforks, spec::ChainSpec};
use alloy_consensus::{
    Header,
    constants::{EMPTY_OMMER_ROOT_HASH, EMPTY_WITHDRAWALS},
    proofs::storage_root_unhashed,
};
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_genesis::Genesis;
use alloy_hardforks::EthereumHardforks;
use alloy_primitives::{Address, B256, U256, address};
use alloy_trie::{EMPTY_ROOT_HASH, root::state_root_ref_unhashed};

/// L2ToL1MessagePasser, whose storage root is the withdrawals root from Isthmus on.
const MESSAGE_PASSER: Address = address!("0x4200000000000000000000000000000000000016");

/// The state root of a genesis allocation.
pub fn genesis_state_root(genesis: &Genesis) -> B256 {
    state_root_ref_unhashed(&genesis.alloc)
}

/// The genesis block's header. `spec` gives the forks; the genesis allocation the roots.
pub fn genesis_header(genesis: &Genesis, spec: &ChainSpec) -> Result<Header, ChainSpecError> {
    let time = genesis.timestamp;
    let gas_limit = genesis.gas_limit;
    let london = spec.is_london_active_at_block(0);
    let withdrawals_root = if spec.is_isthmus_active_at_timestamp(time) {
        let storage =
            genesis.alloc.get(&MESSAGE_PASSER).and_then(|account| account.storage.as_ref());
        Some(storage.map_or(EMPTY_ROOT_HASH, |slots| {
            storage_root_unhashed(
                slots
                    .iter()
                    .filter(|(_, value)| !value.is_zero())
                    .map(|(slot, value)| (*slot, U256::from_be_bytes(value.0))),
            )
        }))
    } else if spec.is_canyon_active_at_timestamp(time) {
        Some(EMPTY_WITHDRAWALS)
    } else {
        None
    };
    let cancun = spec.is_ecotone_active_at_timestamp(time);
    let base_fee_per_gas = match genesis.base_fee_per_gas {
        Some(fee) => Some(u64::try_from(fee).map_err(|_| ChainSpecError::Value {
            what: "genesis.json",
            key: "baseFeePerGas".into(),
            value: fee.to_string(),
            reason: "must fit 64 bits",
        })?),
        None => london.then_some(alloy_eips::eip1559::INITIAL_BASE_FEE),
    };
    Ok(Header {
        parent_hash: genesis.parent_hash.unwrap_or_default(),
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        beneficiary: genesis.coinbase,
        state_root: genesis_state_root(genesis),
        transactions_root: EMPTY_ROOT_HASH,
        receipts_root: EMPTY_ROOT_HASH,
        logs_bloom: Default::default(),
        difficulty: genesis.difficulty,
        number: genesis.number.unwrap_or_default(),
        gas_limit,
        gas_used: 0,
        timestamp: time,
        extra_data: genesis.extra_data.clone(),
        mix_hash: genesis.mix_hash,
        nonce: genesis.nonce.to_be_bytes().into(),
        base_fee_per_gas,
        withdrawals_root,
        blob_gas_used: cancun.then(|| genesis.blob_gas_used.unwrap_or_default()),
        excess_blob_gas: cancun.then(|| genesis.excess_blob_gas.unwrap_or_default()),
        parent_beacon_block_root: cancun.then_some(B256::ZERO),
        requests_hash: spec.is_isthmus_active_at_timestamp(time).then_some(EMPTY_REQUESTS_HASH),
        ..Default::default()
    })
}
