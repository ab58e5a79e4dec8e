//! From an Engine API payload to a block.

use crate::{Block, PayloadError, SealedBlock, Transaction};
use alloy_consensus::BlockBody;
use alloy_eips::{Decodable2718, Typed2718};
use alloy_primitives::Bytes;
use op_alloy_consensus::OpTxType;
use op_alloy_rpc_types_engine::{OpExecutionPayload, OpExecutionPayloadSidecar};
use rayon::prelude::*;

/// Fewer transactions than this are not worth the way to other threads.
const PARALLEL_FROM: usize = 64;

/// Decodes a payload (V1 to V4) with what newPayload gives beside it, and checks that it hashes to
/// the hash that it states. The rules of the block are
/// [`validate_header`](crate::validate_header)'s and [`validate_body`](crate::validate_body)'s.
///
/// # Errors
/// What keeps the payload from being a block. Each of them makes the payload INVALID.
pub fn decode_payload(
    payload: OpExecutionPayload,
    sidecar: &OpExecutionPayloadSidecar,
) -> Result<SealedBlock, PayloadError> {
    let stated = payload.block_hash();
    let encoded = payload.transactions().clone();
    let (block, transactions) = rayon::join(
        // Computes the transactions root from the encoded transactions.
        || payload.into_block_with_sidecar_raw(sidecar),
        || decode_transactions(&encoded),
    );
    let block = block.map_err(PayloadError::Fields)?;
    let computed = block.header.hash_slow();
    if computed != stated {
        return Err(PayloadError::BlockHash { stated, computed });
    }
    let body = BlockBody {
        transactions: transactions?,
        ommers: Vec::new(),
        withdrawals: block.body.withdrawals,
    };
    Ok(SealedBlock::new_unchecked(Block { header: block.header, body }, computed))
}

/// Decodes EIP-2718 transactions, in parallel where there are many. Refuses type 0x7D, and blob
/// transactions, which are no OP type at all.
///
/// # Errors
/// The first transaction that does not decode exactly.
pub fn decode_transactions(encoded: &[Bytes]) -> Result<Vec<Transaction>, PayloadError> {
    let decode = |(index, bytes): (usize, &Bytes)| {
        let ty = bytes.first().copied();
        if ty == Some(OpTxType::PostExec as u8) {
            return Err(PayloadError::TransactionType { index, ty: OpTxType::PostExec as u8 });
        }
        let transaction = Transaction::decode_2718_exact(bytes)
            .map_err(|source| PayloadError::Transaction { index, source })?;
        debug_assert_ne!(transaction.ty(), OpTxType::PostExec as u8);
        Ok(transaction)
    };
    if encoded.len() < PARALLEL_FROM {
        encoded.iter().enumerate().map(decode).collect()
    } else {
        // Results stay in order, so the error is the first one's only up to the race: find it.
        let results: Vec<_> = encoded.par_iter().enumerate().map(decode).collect();
        results.into_iter().collect()
    }
}
