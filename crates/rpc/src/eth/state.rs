//! Accounts, code, storage and proofs.

use crate::{RpcContext, RpcError, eth::proofs};
use alloy_consensus::BlockHeader;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, map::AddressHashMap};
use alloy_rpc_types_eth::{Account, AccountInfo, EIP1186AccountProofResponse};
use alloy_serde::JsonStorageKey;
use assay_chain::StateView;
use assay_trie::account_proof;
use revm::state::AccountInfo as BasicAccount;

/// Slots that one `eth_getStorageValues` may ask for.
const MAX_STORAGE_VALUES: usize = 1024;

fn account(state: &StateView, address: Address) -> Result<Option<BasicAccount>, RpcError> {
    state.account(address).map_err(RpcError::internal)
}

pub(crate) fn balance(
    ctx: &RpcContext,
    address: Address,
    id: Option<BlockId>,
) -> Result<U256, RpcError> {
    let state = ctx.state(id.unwrap_or_default())?;
    Ok(account(&state, address)?.map(|account| account.balance).unwrap_or_default())
}

/// The next nonce; at `pending`, after the pool's transactions of this sender.
pub(crate) fn nonce(
    ctx: &RpcContext,
    address: Address,
    id: Option<BlockId>,
) -> Result<U256, RpcError> {
    let id = id.unwrap_or_default();
    let state = ctx.state(id)?;
    let on_chain = account(&state, address)?.map(|account| account.nonce).unwrap_or_default();
    let next = if id == BlockId::Number(BlockNumberOrTag::Pending) {
        ctx.pool_nonce(address).map_or(on_chain, |pooled| pooled.max(on_chain))
    } else {
        on_chain
    };
    Ok(U256::from(next))
}

pub(crate) fn code(
    ctx: &RpcContext,
    address: Address,
    id: Option<BlockId>,
) -> Result<Bytes, RpcError> {
    code_at(&ctx.state(id.unwrap_or_default())?, address)
}

fn code_at(state: &StateView, address: Address) -> Result<Bytes, RpcError> {
    match account(state, address)?.map(|account| account.code_hash) {
        Some(hash) if hash != KECCAK256_EMPTY => {
            Ok(state.code(hash).map_err(RpcError::internal)?.original_bytes())
        }
        _ => Ok(Bytes::new()),
    }
}

pub(crate) fn storage(
    ctx: &RpcContext,
    address: Address,
    slot: JsonStorageKey,
    id: Option<BlockId>,
) -> Result<B256, RpcError> {
    read_slot(&ctx.state(id.unwrap_or_default())?, address, slot)
}

fn read_slot(state: &StateView, address: Address, slot: JsonStorageKey) -> Result<B256, RpcError> {
    let slot = U256::from_be_bytes(slot.as_b256().0);
    Ok(state.storage(address, slot).map_err(RpcError::internal)?.into())
}

pub(crate) fn storage_values(
    ctx: &RpcContext,
    requests: AddressHashMap<Vec<JsonStorageKey>>,
    id: Option<BlockId>,
) -> Result<AddressHashMap<Vec<B256>>, RpcError> {
    if requests.is_empty() {
        return Err(RpcError::params("empty request"));
    }
    let total: usize = requests.values().map(Vec::len).sum();
    if total > MAX_STORAGE_VALUES {
        return Err(RpcError::InvalidParams(format!(
            "total slot count {total} exceeds limit {MAX_STORAGE_VALUES}"
        )));
    }
    let state = ctx.state(id.unwrap_or_default())?;
    requests
        .into_iter()
        .map(|(address, slots)| {
            let values = slots
                .into_iter()
                .map(|slot| read_slot(&state, address, slot))
                .collect::<Result<_, _>>()?;
            Ok((address, values))
        })
        .collect()
}

pub(crate) fn account_info(
    ctx: &RpcContext,
    address: Address,
    id: BlockId,
) -> Result<AccountInfo, RpcError> {
    let state = ctx.state(id)?;
    let found = account(&state, address)?.unwrap_or_default();
    let code = code_at(&state, address)?;
    Ok(AccountInfo { balance: found.balance, nonce: found.nonce, code })
}

/// Proofs are offered for blocks this close to the head.
fn check_proof_window(ctx: &RpcContext, id: BlockId) -> Result<(), RpcError> {
    let number = ctx.header(id)?.number();
    if ctx.head().number().saturating_sub(number) > ctx.config.proof_window {
        return Err(RpcError::params("distance to target block exceeds maximum proof window"));
    }
    Ok(())
}

pub(crate) fn account_with_root(
    ctx: &RpcContext,
    address: Address,
    id: BlockId,
) -> Result<Option<Account>, RpcError> {
    check_proof_window(ctx, id)?;
    let state = ctx.state(id)?;
    let Some(found) = account(&state, address)? else { return Ok(None) };
    let proof = account_proof(&state, address, &[]).map_err(RpcError::internal)?;
    Ok(Some(Account {
        balance: found.balance,
        nonce: found.nonce,
        code_hash: found.code_hash,
        storage_root: proof.storage_root,
    }))
}

pub(crate) fn proof(
    ctx: &RpcContext,
    address: Address,
    keys: Vec<JsonStorageKey>,
    id: Option<BlockId>,
) -> Result<EIP1186AccountProofResponse, RpcError> {
    let id = id.unwrap_or_default();
    check_proof_window(ctx, id)?;
    let state = ctx.state(id)?;
    let slots: Vec<B256> = keys.iter().map(JsonStorageKey::as_b256).collect();
    let proof = account_proof(&state, address, &slots).map_err(RpcError::internal)?;
    Ok(proofs::response(proof, keys))
}

pub(crate) fn proofs(
    ctx: &RpcContext,
    targets: Vec<(Address, Vec<B256>)>,
    id: Option<BlockId>,
) -> Result<Vec<EIP1186AccountProofResponse>, RpcError> {
    let id = id.unwrap_or_default();
    check_proof_window(ctx, id)?;
    let state = ctx.state(id)?;
    targets
        .into_iter()
        .map(|(address, slots)| {
            let proof = account_proof(&state, address, &slots).map_err(RpcError::internal)?;
            let keys = slots.into_iter().map(JsonStorageKey::from).collect();
            Ok(proofs::response(proof, keys))
        })
        .collect()
}
