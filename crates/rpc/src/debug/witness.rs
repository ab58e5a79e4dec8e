//! Execution witnesses: what somebody without the state needs to run a block and check its root.

use crate::{RpcContext, RpcError};
use alloy_consensus::BlockHeader;
use alloy_eips::BlockId;
use alloy_evm::{Evm, EvmFactory};
use alloy_primitives::{Address, B256, Bytes, address, keccak256, map::B256Map};
use alloy_rpc_types_debug::ExecutionWitness;
use assay_trie::{HashedPostState, witness};
use revm::bytecode::Bytecode;
use revm::database::{State, WrapDatabaseRef, states::bundle_state::BundleRetention};

/// L2ToL1MessagePasser, whose storage root stands in the header from Isthmus on.
const MESSAGE_PASSER: Address = address!("0x4200000000000000000000000000000000000016");
/// How far back BLOCKHASH reaches.
const BLOCK_HASHES: u64 = 256;

/// Runs the block again and collects the trie nodes, code, keys and headers that it read.
pub(crate) fn of_block(ctx: &RpcContext, id: BlockId) -> Result<ExecutionWitness, RpcError> {
    let block = ctx.block(id)?;
    let header = block.header();
    let parent_id: BlockId = header.parent_hash().into();
    let parent = ctx.state(parent_id)?;
    let mut db = State::builder()
        .with_database(WrapDatabaseRef(parent.clone()))
        .with_bundle_update()
        .build();
    ctx.prepare_block(&mut db, &block)?;
    let mut evm = ctx.evm.factory().create_evm(&mut db, ctx.evm_env(header)?);
    for transaction in block.transactions_recovered() {
        evm.transact_commit(transaction)?;
    }
    drop(evm);
    db.load_cache_account(MESSAGE_PASSER).map_err(RpcError::internal)?;
    db.merge_transitions(BundleRetention::PlainState);

    let mut targets: B256Map<Vec<B256>> = B256Map::default();
    let mut keys: Vec<Bytes> = Vec::new();
    let mut codes: Vec<Bytes> = Vec::new();
    for (address, account) in &db.cache.accounts {
        let slots = targets.entry(keccak256(address)).or_default();
        let Some(account) = &account.account else { continue };
        keys.push(Bytes::copy_from_slice(address.as_slice()));
        // A block in memory gives accounts together with their code.
        codes.extend(account.info.code.as_ref().map(Bytecode::original_bytes));
        for slot in account.storage.keys() {
            let slot = slot.to_be_bytes::<32>();
            slots.push(keccak256(slot));
            keys.push(Bytes::copy_from_slice(&slot));
        }
    }
    let read = db.cache.contracts.values();
    codes.extend(read.chain(db.bundle_state.contracts.values()).map(Bytecode::original_bytes));
    codes.retain(|code| !code.is_empty());
    let lowest = (header.number().saturating_sub(BLOCK_HASHES)..header.number())
        .find(|number| db.block_hashes.get(*number).is_some())
        .unwrap_or_else(|| header.number().saturating_sub(1));
    let bundle = db.take_bundle();
    let changes = HashedPostState::from_bundle(&bundle);
    let (_, nodes) = witness(&parent, &targets, &changes).map_err(RpcError::internal)?;
    let mut nodes: Vec<Bytes> = nodes.into_values().collect();

    // The sets have no order of their own: the same block gives the same answer each time.
    for list in [&mut keys, &mut codes, &mut nodes] {
        list.sort_unstable();
        list.dedup();
    }
    let headers = (lowest..header.number())
        .map(|number| Ok(alloy_rlp::encode(ctx.header(number.into())?.inner()).into()))
        .collect::<Result<_, RpcError>>()?;
    Ok(ExecutionWitness { state: nodes, codes, keys, headers })
}
