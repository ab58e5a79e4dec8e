//! A body against its header.

use crate::{Block, InvalidBlock};
use alloy_consensus::{Header, proofs::calculate_transaction_root};
use alloy_eips::Typed2718;
use alloy_op_hardforks::OpHardforks;
use assay_chainspec::ChainSpec;

/// Checks every rule of a body that does not need execution. A block that came out of
/// [`decode_payload`](crate::decode_payload) has its transactions root from its transactions: pass
/// `root_known` to leave that rule out.
///
/// # Errors
/// The rule that is broken; the first, in the order of this function.
pub fn validate_body(
    spec: &ChainSpec,
    block: &Block,
    parent: &Header,
    root_known: bool,
) -> Result<(), InvalidBlock> {
    let header = &block.header;
    if !block.body.ommers.is_empty() {
        return Err(InvalidBlock::Ommers);
    }
    match (&block.body.withdrawals, spec.is_canyon_active_at_timestamp(header.timestamp)) {
        (None, true) => return Err(InvalidBlock::FieldMissing { field: "withdrawals" }),
        (Some(_), false) => return Err(InvalidBlock::FieldTooEarly { field: "withdrawals" }),
        (Some(withdrawals), true) if !withdrawals.is_empty() => {
            return Err(InvalidBlock::Withdrawals);
        }
        _ => {}
    }
    // Jovian's first block after genesis has deposits only: the contract that prices the rest is
    // upgraded in it.
    let jovian_activates = spec.is_jovian_active_at_timestamp(header.timestamp)
        && !spec.is_jovian_active_at_timestamp(parent.timestamp);
    for (index, transaction) in block.body.transactions.iter().enumerate() {
        if transaction.is_post_exec() {
            return Err(InvalidBlock::TransactionType { index, ty: transaction.ty() });
        }
        if jovian_activates && !transaction.is_deposit() {
            return Err(InvalidBlock::UserTransactionAtActivation { index });
        }
    }
    if !root_known {
        let expected = calculate_transaction_root(&block.body.transactions);
        if header.transactions_root != expected {
            return Err(InvalidBlock::TransactionsRoot { got: header.transactions_root, expected });
        }
    }
    Ok(())
}
