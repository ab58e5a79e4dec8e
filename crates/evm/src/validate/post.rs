//! A header against what execution gave.

use crate::{BlockOutput, InvalidBlock, Receipt};
use alloy_consensus::{Header, TxReceipt, proofs::calculate_receipt_root};
use alloy_op_hardforks::OpHardforks;
use alloy_primitives::{B256, Bloom};
use assay_chainspec::ChainSpec;

/// Checks the header's gas used, DA footprint, receipts root and logs bloom.
///
/// # Errors
/// The rule that is broken; the first, in the order of this function.
pub fn validate_post_execution(
    spec: &ChainSpec,
    header: &Header,
    output: &BlockOutput,
) -> Result<(), InvalidBlock> {
    if header.gas_used != output.gas_used {
        return Err(InvalidBlock::GasUsed { got: header.gas_used, expected: output.gas_used });
    }
    if spec.is_jovian_active_at_timestamp(header.timestamp) {
        let got = header.blob_gas_used.unwrap_or_default();
        if got != output.blob_gas_used {
            return Err(InvalidBlock::BlobGasUsed { got, expected: output.blob_gas_used });
        }
    }
    let (root, bloom) = rayon::join(
        || receipts_root(spec, header.timestamp, &output.receipts),
        || logs_bloom(&output.receipts),
    );
    if header.receipts_root != root {
        return Err(InvalidBlock::ReceiptsRoot { got: header.receipts_root, expected: root });
    }
    if header.logs_bloom != bloom {
        return Err(InvalidBlock::LogsBloom {
            got: Box::new(header.logs_bloom),
            expected: Box::new(bloom),
        });
    }
    Ok(())
}

/// Checks the roots of the state after the block. `message_passer_root` is the storage root of
/// L2ToL1MessagePasser, which the header's withdrawals root is from Isthmus on.
///
/// # Errors
/// The rule that is broken.
pub fn validate_roots(
    spec: &ChainSpec,
    header: &Header,
    state_root: B256,
    message_passer_root: B256,
) -> Result<(), InvalidBlock> {
    if header.state_root != state_root {
        return Err(InvalidBlock::StateRoot { got: header.state_root, expected: state_root });
    }
    if spec.is_isthmus_active_at_timestamp(header.timestamp) {
        let got = header
            .withdrawals_root
            .ok_or(InvalidBlock::FieldMissing { field: "withdrawalsRoot" })?;
        if got != message_passer_root {
            return Err(InvalidBlock::WithdrawalsRoot { got, expected: message_passer_root });
        }
    }
    Ok(())
}

/// The receipts root. Between Regolith and Canyon it leaves the deposit nonce out, as the clients
/// of that time did.
/// <https://specs.optimism.io/protocol/deposits.html#deposit-receipt>
pub fn receipts_root(spec: &ChainSpec, timestamp: u64, receipts: &[Receipt]) -> B256 {
    if spec.is_regolith_active_at_timestamp(timestamp)
        && !spec.is_canyon_active_at_timestamp(timestamp)
    {
        let stripped: Vec<_> = receipts
            .iter()
            .cloned()
            .map(|mut receipt| {
                if let Receipt::Deposit(deposit) = &mut receipt {
                    deposit.receipt.deposit_nonce = None;
                }
                receipt
            })
            .collect();
        return calculate_receipt_root(&stripped);
    }
    calculate_receipt_root(receipts)
}

/// The bloom of all of a block's logs.
pub fn logs_bloom(receipts: &[Receipt]) -> Bloom {
    receipts.iter().fold(Bloom::ZERO, |bloom, receipt| bloom | receipt.bloom())
}
