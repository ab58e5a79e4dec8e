//! How blocks, transactions and receipts look in answers.

use alloy_consensus::{BlockHeader, Header, Sealed, transaction::Recovered};
use alloy_primitives::U256;
use alloy_rlp::Encodable;
use alloy_rpc_types_eth::{BlockTransactions, TransactionInfo};
use assay_evm::{Receipt, RecoveredBlock, Transaction};
use op_alloy_consensus::transaction::{OpDepositInfo, OpTransactionInfo};

/// A transaction in an answer.
pub(crate) type RpcTransaction = op_alloy_rpc_types::Transaction<Transaction>;
/// A header in an answer.
pub(crate) type RpcHeader = alloy_rpc_types_eth::Header;
/// A block in an answer.
pub(crate) type RpcBlock = alloy_rpc_types_eth::Block<RpcTransaction, RpcHeader>;
/// A receipt in an answer.
pub(crate) type RpcReceipt = op_alloy_rpc_types::OpTransactionReceipt;
/// A call or transaction in a request.
pub(crate) type RpcRequest = op_alloy_rpc_types::OpTransactionRequest;

/// A block's header, with the size of the whole block.
pub(crate) fn header(block: &RecoveredBlock) -> RpcHeader {
    let sealed = Sealed::new_unchecked(block.header().clone(), block.hash());
    sealed_header(sealed, block_size(block))
}

/// A header whose block has `size` bytes.
pub(crate) fn sealed_header(header: Sealed<Header>, size: usize) -> RpcHeader {
    RpcHeader::from_consensus(header, None, Some(U256::from(size)))
}

/// Bytes of the block's RLP.
pub(crate) fn block_size(block: &RecoveredBlock) -> usize {
    block.sealed_block().length()
}

/// A block with its transactions' hashes.
pub(crate) fn block_with_hashes(block: &RecoveredBlock) -> RpcBlock {
    let hashes = block.body().transactions.iter().map(Transaction::tx_hash).collect();
    assemble(block, BlockTransactions::Hashes(hashes))
}

/// A block with its transactions; `receipts` give the deposits their nonces.
pub(crate) fn block_with_transactions(block: &RecoveredBlock, receipts: &[Receipt]) -> RpcBlock {
    let full = (0..block.body().transactions.len())
        .filter_map(|index| transaction_in_block(block, index, receipts.get(index)))
        .collect();
    assemble(block, BlockTransactions::Full(full))
}

fn assemble(block: &RecoveredBlock, transactions: BlockTransactions<RpcTransaction>) -> RpcBlock {
    RpcBlock {
        header: header(block),
        uncles: Vec::new(),
        transactions,
        withdrawals: block.body().withdrawals.clone(),
    }
}

/// The transaction at `index`, with its place in the block.
pub(crate) fn transaction_in_block(
    block: &RecoveredBlock,
    index: usize,
    receipt: Option<&Receipt>,
) -> Option<RpcTransaction> {
    let transaction = block.body().transactions.get(index)?;
    let sender = *block.senders().get(index)?;
    let info = OpTransactionInfo::new(
        place(block, index),
        OpDepositInfo {
            deposit_nonce: receipt.and_then(Receipt::deposit_nonce),
            deposit_receipt_version: receipt.and_then(Receipt::deposit_receipt_version),
        },
    );
    let recovered = Recovered::new_unchecked(transaction.clone(), sender);
    Some(RpcTransaction::from_transaction(recovered, info))
}

/// A transaction that is in no block.
pub(crate) fn pending_transaction(transaction: Recovered<Transaction>) -> RpcTransaction {
    RpcTransaction::from_transaction(transaction, OpTransactionInfo::default())
}

/// Where a transaction stands. Without the block's time: op-reth's transactions do not show it.
pub(crate) fn place(block: &RecoveredBlock, index: usize) -> TransactionInfo {
    TransactionInfo {
        hash: block.body().transactions.get(index).map(Transaction::tx_hash),
        index: Some(index as u64),
        block_hash: Some(block.hash()),
        block_number: Some(block.header().number()),
        base_fee: block.header().base_fee_per_gas(),
        block_timestamp: None,
    }
}
