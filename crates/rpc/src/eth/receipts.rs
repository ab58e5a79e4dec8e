//! Receipts with the fields that an OP chain adds: what the transaction paid for L1 data, and a
//! deposit's nonce.
//!
//! Spec: <https://specs.optimism.io/protocol/exec-engine.html>, and the fork pages for each field.

use crate::{
    RpcContext, RpcError,
    eth::{l1::L1Attributes, types::RpcReceipt},
};
use alloy_consensus::{BlockHeader, Receipt as PlainReceipt, ReceiptWithBloom, Transaction as _};
use alloy_eips::Encodable2718;
use alloy_primitives::{B256, Log, TxKind};
use alloy_rpc_types_eth::{Log as RpcLog, TransactionReceipt};
use assay_chainspec::OpHardforks;
use assay_evm::{Receipt, RecoveredBlock};
use op_alloy_consensus::{OpDepositReceipt, OpReceipt};
use op_alloy_rpc_types::L1BlockInfo as L1Fields;
use op_revm::{L1BlockInfo, transaction::estimate_tx_compressed_size};

/// `eth_getTransactionReceipt`.
pub(crate) fn by_hash(ctx: &RpcContext, hash: B256) -> Result<Option<RpcReceipt>, RpcError> {
    let Some((at, block)) = ctx.locate(hash)? else { return Ok(None) };
    let receipts = ctx.receipts(block.hash())?;
    let mut walk = Walk::new(ctx, &block, &receipts);
    Ok(walk.nth(at.index as usize))
}

/// `eth_getBlockReceipts`.
pub(crate) fn of_block(
    ctx: &RpcContext,
    block: &RecoveredBlock,
) -> Result<Vec<RpcReceipt>, RpcError> {
    let receipts = ctx.receipts(block.hash())?;
    Ok(Walk::new(ctx, block, &receipts).collect())
}

/// Walks a block's receipts: each needs what came before it (gas, number of logs).
struct Walk<'a> {
    ctx: &'a RpcContext,
    block: &'a RecoveredBlock,
    receipts: &'a [Receipt],
    l1: Option<L1Attributes>,
    next: usize,
    gas_before: u64,
    logs_before: u64,
}

impl<'a> Walk<'a> {
    fn new(ctx: &'a RpcContext, block: &'a RecoveredBlock, receipts: &'a [Receipt]) -> Self {
        let l1 = L1Attributes::of_block(ctx.spec(), block);
        Self { ctx, block, receipts, l1, next: 0, gas_before: 0, logs_before: 0 }
    }
}

impl Iterator for Walk<'_> {
    type Item = RpcReceipt;

    fn next(&mut self) -> Option<RpcReceipt> {
        let index = self.next;
        let transaction = self.block.body().transactions.get(index)?;
        let from = *self.block.senders().get(index)?;
        let receipt = self.receipts.get(index)?;
        let header = self.block.header();
        let gas_used = receipt.cumulative_gas_used().saturating_sub(self.gas_before);
        let first_log = self.logs_before;
        self.next += 1;
        self.gas_before = receipt.cumulative_gas_used();
        self.logs_before += receipt.logs().len() as u64;

        let hash = transaction.tx_hash();
        let mut log_index = first_log;
        let place_log = |log: Log| {
            let placed = RpcLog {
                inner: log,
                block_hash: Some(self.block.hash()),
                block_number: Some(header.number()),
                block_timestamp: Some(header.timestamp()),
                transaction_hash: Some(hash),
                transaction_index: Some(index as u64),
                log_index: Some(log_index),
                removed: false,
            };
            log_index += 1;
            placed
        };
        let (contract_address, to) = match transaction.kind() {
            TxKind::Create => {
                let nonce = receipt.deposit_nonce().unwrap_or_else(|| transaction.nonce());
                (Some(from.create(nonce)), None)
            }
            TxKind::Call(to) => (None, Some(to)),
        };
        let mut fields = L1Fields::default();
        let mut blob_gas_used = None;
        if let Some(l1) = &self.l1 {
            let encoded = transaction.encoded_2718();
            let info = l1.info();
            fields = l1_fields(l1, &encoded);
            if self.ctx.spec().is_jovian_active_at_timestamp(header.timestamp()) {
                // From Jovian on the field holds the transaction's DA footprint.
                blob_gas_used = Some(da_footprint(info, &encoded));
            }
        }
        Some(RpcReceipt {
            inner: TransactionReceipt {
                inner: with_placed_logs(receipt.clone(), place_log),
                transaction_hash: hash,
                transaction_index: Some(index as u64),
                block_hash: Some(self.block.hash()),
                block_number: Some(header.number()),
                gas_used,
                effective_gas_price: transaction.effective_gas_price(header.base_fee_per_gas()),
                blob_gas_used,
                blob_gas_price: None,
                from,
                to,
                contract_address,
            },
            l1_block_info: fields,
            op_gas_refund: None,
        })
    }
}

fn da_footprint(info: &L1BlockInfo, encoded: &[u8]) -> u64 {
    estimate_tx_compressed_size(encoded)
        .saturating_div(1_000_000)
        .saturating_mul(info.da_footprint_gas_scalar.unwrap_or_default().into())
}

fn l1_fields(l1: &L1Attributes, encoded: &[u8]) -> L1Fields {
    let info = l1.info();
    let operator_fee = [info.operator_fee_scalar, info.operator_fee_constant]
        .into_iter()
        .flatten()
        .any(|value| !value.is_zero());
    L1Fields {
        l1_gas_price: Some(info.l1_base_fee.saturating_to()),
        l1_gas_used: Some(
            info.data_gas(encoded, l1.spec_id())
                .saturating_add(info.l1_fee_overhead.unwrap_or_default())
                .saturating_to(),
        ),
        l1_fee: Some(l1.fee(encoded).saturating_to()),
        l1_fee_scalar: l1.bedrock_scalar(),
        l1_base_fee_scalar: Some(info.l1_base_fee_scalar.saturating_to()),
        l1_blob_base_fee: info.l1_blob_base_fee.map(|fee| fee.saturating_to()),
        l1_blob_base_fee_scalar: info.l1_blob_base_fee_scalar.map(|scalar| scalar.saturating_to()),
        // Left out where the chain charges none.
        operator_fee_scalar: info
            .operator_fee_scalar
            .filter(|_| operator_fee)
            .map(|scalar| scalar.saturating_to()),
        operator_fee_constant: info
            .operator_fee_constant
            .filter(|_| operator_fee)
            .map(|constant| constant.saturating_to()),
        da_footprint_gas_scalar: info.da_footprint_gas_scalar,
    }
}

fn with_placed_logs(
    receipt: Receipt,
    mut place: impl FnMut(Log) -> RpcLog,
) -> ReceiptWithBloom<OpReceipt<RpcLog>> {
    let logs_bloom = *receipt.logs_bloom();
    let mut plain = |receipt: PlainReceipt| PlainReceipt {
        status: receipt.status,
        cumulative_gas_used: receipt.cumulative_gas_used,
        logs: receipt.logs.into_iter().map(&mut place).collect(),
    };
    let receipt = match receipt {
        Receipt::Legacy(inner) => OpReceipt::Legacy(plain(inner.receipt)),
        Receipt::Eip2930(inner) => OpReceipt::Eip2930(plain(inner.receipt)),
        Receipt::Eip1559(inner) => OpReceipt::Eip1559(plain(inner.receipt)),
        Receipt::Eip7702(inner) => OpReceipt::Eip7702(plain(inner.receipt)),
        Receipt::PostExec(inner) => OpReceipt::PostExec(plain(inner.receipt)),
        Receipt::Deposit(inner) => OpReceipt::Deposit(OpDepositReceipt {
            inner: plain(inner.receipt.inner),
            deposit_nonce: inner.receipt.deposit_nonce,
            deposit_receipt_version: inner.receipt.deposit_receipt_version,
        }),
    };
    ReceiptWithBloom { receipt, logs_bloom }
}
