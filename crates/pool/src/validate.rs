//! Checks on admission, against the state after the head.

use crate::{
    InvalidTransaction, PoolConfig, PoolError,
    transaction::{AccountState, Admitted, fees},
};
use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_eips::{Encodable2718, Typed2718};
use alloy_primitives::{Address, Bytes, U256};
use assay_evm::Transaction;
use op_alloy_consensus::OpTxType;
use op_revm::{L1BlockInfo, OpSpecId};
use revm::{
    context_interface::cfg::gas::calculate_initial_tx_gas,
    primitives::{eip3860::MAX_INITCODE_SIZE, hardfork::SpecId},
};

/// What the checks depend on besides the sender's account.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) chain_id: u64,
    pub(crate) spec: OpSpecId,
    /// The block's.
    pub(crate) gas_limit: u64,
    /// EIP-7825's.
    pub(crate) gas_cap: Option<u64>,
    /// What L1 data and the operator cost.
    pub(crate) l1: L1BlockInfo,
}

/// The sender's account, as far as the checks ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) state: AccountState,
    /// Has code that is no delegation.
    pub(crate) contract: bool,
}

/// Checks that need no state.
pub(crate) fn stateless(
    transaction: &Transaction,
    size: usize,
    rules: &Rules,
    config: &PoolConfig,
) -> Result<(), PoolError> {
    let eth = rules.spec.into_eth_spec();
    let ty = transaction.ty();
    let known = match transaction.tx_type() {
        OpTxType::Legacy | OpTxType::Eip2930 | OpTxType::Eip1559 => true,
        OpTxType::Eip7702 => eth.is_enabled_in(SpecId::PRAGUE),
        OpTxType::Deposit | OpTxType::PostExec => false,
    };
    if !known {
        return Err(InvalidTransaction::Type(ty).into());
    }
    if size > config.max_transaction_bytes {
        let limit = config.max_transaction_bytes;
        return Err(InvalidTransaction::Oversized { size, limit }.into());
    }
    match transaction.chain_id() {
        Some(id) if id == rules.chain_id => {}
        // Before EIP-155.
        None if transaction.is_legacy() => {}
        _ => return Err(InvalidTransaction::ChainId.into()),
    }
    let input = transaction.input();
    if eth.is_enabled_in(SpecId::SHANGHAI)
        && transaction.is_create()
        && input.len() > MAX_INITCODE_SIZE
    {
        let (size, limit) = (input.len(), MAX_INITCODE_SIZE);
        return Err(InvalidTransaction::InitCode { size, limit }.into());
    }
    let limit = transaction.gas_limit();
    if limit > rules.gas_limit {
        return Err(InvalidTransaction::BlockGas { limit, maximum: rules.gas_limit }.into());
    }
    if let Some(cap) = rules.gas_cap
        && limit > cap
    {
        return Err(InvalidTransaction::GasCap { limit, cap }.into());
    }
    let (fee, tip) = fees(transaction);
    if tip > fee {
        return Err(InvalidTransaction::TipAboveFeeCap.into());
    }
    if tip < config.min_priority_fee {
        return Err(PoolError::Underpriced);
    }
    let authorizations = transaction.authorization_list().map_or(0, <[_]>::len);
    if transaction.is_eip7702() && authorizations == 0 {
        return Err(InvalidTransaction::NoAuthorizations.into());
    }
    let (accounts, slots) = transaction.access_list().map_or((0, 0), |list| {
        (list.len(), list.iter().map(|item| item.storage_keys.len()).sum::<usize>())
    });
    let gas = calculate_initial_tx_gas(
        eth,
        input,
        transaction.is_create(),
        accounts as u64,
        slots as u64,
        authorizations as u64,
    );
    let needed = gas.initial_total_gas.max(gas.floor_gas);
    if limit < needed {
        return Err(InvalidTransaction::IntrinsicGas { limit, needed }.into());
    }
    if transaction.nonce() == u64::MAX {
        return Err(InvalidTransaction::NonceMax.into());
    }
    Ok(())
}

/// Checks a transaction against its sender's account.
pub(crate) fn stateful(
    transaction: Recovered<Transaction>,
    encoded: Bytes,
    sender: Sender,
    rules: &Rules,
) -> Result<Admitted, PoolError> {
    if sender.contract {
        return Err(InvalidTransaction::SenderNotEoa.into());
    }
    let (tx, state) = (transaction.nonce(), sender.state.nonce);
    if tx < state {
        return Err(InvalidTransaction::NonceTooLow { tx, state }.into());
    }
    let cost = cost(&transaction, &encoded, rules);
    let balance = sender.state.balance;
    if balance < cost {
        return Err(InvalidTransaction::Funds { balance, cost }.into());
    }
    let authorities = authorities(&transaction, rules.chain_id);
    Ok(Admitted { transaction, encoded, cost, account: sender.state, authorities })
}

/// Value, gas at the highest fee, L1 fee and operator fee. Saturates: nobody has 2^256 wei.
fn cost(transaction: &Transaction, encoded: &[u8], rules: &Rules) -> U256 {
    let limit = U256::from(transaction.gas_limit());
    // tx_cost keeps its last result: every transaction needs its own.
    let mut l1 = rules.l1.clone();
    U256::from(transaction.max_fee_per_gas())
        .saturating_mul(limit)
        .saturating_add(transaction.value())
        .saturating_add(l1.tx_cost(encoded, limit, rules.spec))
}

/// Whom the transaction delegates. An authorization that will be skipped (another chain's, a bad
/// signature) reserves nobody.
fn authorities(transaction: &Transaction, chain_id: u64) -> Box<[Address]> {
    transaction
        .authorization_list()
        .unwrap_or_default()
        .iter()
        .filter(|authorization| {
            authorization.chain_id.is_zero() || authorization.chain_id == U256::from(chain_id)
        })
        .filter_map(|authorization| authorization.recover_authority().ok())
        .collect()
}

/// The encoding whose size and L1 fee count.
pub(crate) fn encode(transaction: &Transaction) -> Bytes {
    transaction.encoded_2718().into()
}

#[cfg(test)]
#[path = "validate_tests.rs"]
mod tests;
