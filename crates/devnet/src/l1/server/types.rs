//! Blocks, transactions and receipts as RPC shows them.

use crate::l1::chain::{L1, L1Block, rpc_logs};
use alloy_consensus::{ReceiptEnvelope, ReceiptWithBloom, Transaction as _, TxEnvelope, TxReceipt};
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::U256;
use alloy_rpc_types_eth::{
    Block, BlockTransactions, Header, Log, Receipt, Transaction, TransactionReceipt,
};

/// A block with its transactions, or with their hashes alone.
pub(super) fn block(block: &L1Block, full: bool) -> Block {
    let transactions = if full {
        BlockTransactions::Full(
            (0..block.transactions.len()).map(|index| transaction(block, index)).collect(),
        )
    } else {
        BlockTransactions::Hashes(block.transactions.iter().map(|tx| *tx.tx_hash()).collect())
    };
    let mut header = Header::from_sealed(block.header.clone());
    header.total_difficulty = Some(U256::ZERO);
    header.size = Some(U256::from(size(block)));
    Block::new(header, transactions).with_withdrawals(Some(Withdrawals::default()))
}

/// The block's RLP encoding's length.
fn size(block: &L1Block) -> usize {
    let body = alloy_consensus::BlockBody {
        transactions: block.transactions.iter().map(|tx| tx.inner().clone()).collect(),
        ommers: Vec::new(),
        withdrawals: Some(Withdrawals::default()),
    };
    alloy_rlp::Encodable::length(&alloy_consensus::Block::<TxEnvelope>::new(
        block.header.inner().clone(),
        body,
    ))
}

/// A transaction in its block.
pub(super) fn transaction(block: &L1Block, index: usize) -> Transaction {
    let transaction = &block.transactions[index];
    Transaction {
        inner: transaction.clone(),
        block_hash: Some(block.hash()),
        block_number: Some(block.number()),
        transaction_index: Some(index as u64),
        effective_gas_price: Some(transaction.effective_gas_price(block.header.base_fee_per_gas)),
        block_timestamp: Some(block.header.timestamp),
    }
}

/// All receipts of a block.
pub(super) fn receipts(l1: &L1, block: &L1Block) -> Vec<TransactionReceipt> {
    let mut logs = rpc_logs(block).peekable();
    let mut before = 0;
    let blob_gas_price =
        l1.config().blob_params().calc_blob_fee(block.header.excess_blob_gas.unwrap_or_default());
    let receipts = block.transactions.iter().zip(&block.receipts).enumerate();
    receipts
        .map(|(index, (transaction, receipt))| {
            let gas_used = receipt.cumulative_gas_used() - before;
            before = receipt.cumulative_gas_used();
            let mut own = Vec::with_capacity(receipt.logs().len());
            while let Some(log) = logs.next_if(|log| log.transaction_index == Some(index as u64)) {
                own.push(log);
            }
            let contract =
                transaction.is_create().then(|| transaction.signer().create(transaction.nonce()));
            TransactionReceipt {
                inner: envelope(receipt, own),
                transaction_hash: *transaction.tx_hash(),
                transaction_index: Some(index as u64),
                block_hash: Some(block.hash()),
                block_number: Some(block.number()),
                gas_used,
                effective_gas_price: transaction.effective_gas_price(block.header.base_fee_per_gas),
                blob_gas_used: transaction.blob_gas_used(),
                blob_gas_price: transaction.blob_gas_used().map(|_| blob_gas_price),
                from: transaction.signer(),
                to: transaction.to(),
                contract_address: contract,
            }
        })
        .collect()
}

fn envelope(receipt: &ReceiptEnvelope, logs: Vec<Log>) -> ReceiptEnvelope<Log> {
    let inner = ReceiptWithBloom {
        receipt: Receipt {
            status: receipt.status_or_post_state(),
            cumulative_gas_used: receipt.cumulative_gas_used(),
            logs,
        },
        logs_bloom: receipt.bloom(),
    };
    match receipt {
        ReceiptEnvelope::Legacy(_) => ReceiptEnvelope::Legacy(inner),
        ReceiptEnvelope::Eip2930(_) => ReceiptEnvelope::Eip2930(inner),
        ReceiptEnvelope::Eip1559(_) => ReceiptEnvelope::Eip1559(inner),
        ReceiptEnvelope::Eip4844(_) => ReceiptEnvelope::Eip4844(inner),
        ReceiptEnvelope::Eip7702(_) => ReceiptEnvelope::Eip7702(inner),
    }
}
