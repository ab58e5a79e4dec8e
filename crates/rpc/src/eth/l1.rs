//! What a block's first transaction says about L1: the L1 attributes deposit.
//!
//! Spec: <https://specs.optimism.io/protocol/deposits.html#l1-attributes-deposited-transaction>

use alloy_consensus::{BlockHeader, Transaction as _};
use alloy_primitives::U256;
use assay_chainspec::{ChainSpec, OpHardforks};
use assay_evm::RecoveredBlock;
use op_revm::{L1BlockInfo, OpSpecId};

const BEDROCK: [u8; 4] = [0x01, 0x5d, 0x8e, 0xb9];
const ECOTONE: [u8; 4] = [0x44, 0x0a, 0x5e, 0x20];
const ISTHMUS: [u8; 4] = [0x09, 0x89, 0x99, 0xbe];
const JOVIAN: [u8; 4] = [0x3d, 0xb6, 0xbe, 0x2b];

/// L1 fee parameters in force for one block.
#[derive(Debug, Clone)]
pub(crate) struct L1Attributes {
    info: L1BlockInfo,
    spec_id: OpSpecId,
    ecotone: bool,
}

impl L1Attributes {
    /// Read from the block's first transaction; `None` where that is no L1 attributes deposit
    /// (genesis, and chains made for tests).
    pub(crate) fn of_block(spec: &ChainSpec, block: &RecoveredBlock) -> Option<Self> {
        let first = block.body().transactions.first()?;
        if !first.is_deposit() {
            return None;
        }
        let time = block.header().timestamp();
        Some(Self {
            info: parse(first.input())?,
            spec_id: alloy_op_evm::spec_by_timestamp_after_bedrock(spec, time),
            ecotone: spec.is_ecotone_active_at_timestamp(time),
        })
    }

    pub(crate) const fn info(&self) -> &L1BlockInfo {
        &self.info
    }

    pub(crate) const fn spec_id(&self) -> OpSpecId {
        self.spec_id
    }

    /// What this transaction pays for its data, in wei.
    pub(crate) fn fee(&self, encoded: &[u8]) -> U256 {
        let mut info = self.info.clone();
        info.clear_tx_l1_cost();
        info.calculate_tx_l1_cost(encoded, self.spec_id)
    }

    /// The fee scalar of before Ecotone, as a fraction.
    pub(crate) fn bedrock_scalar(&self) -> Option<f64> {
        (!self.ecotone).then(|| f64::from(self.info.l1_base_fee_scalar) / 1_000_000.0)
    }
}

/// Reads the calldata of an L1 attributes deposit.
fn parse(input: &[u8]) -> Option<L1BlockInfo> {
    let (selector, data) = input.split_first_chunk::<4>()?;
    match *selector {
        BEDROCK => bedrock(data),
        ECOTONE => packed(data),
        ISTHMUS => isthmus(data),
        JOVIAN => {
            let mut info = isthmus(data)?;
            info.da_footprint_gas_scalar = Some(u16::from_be_bytes(at(data, 172)?));
            Some(info)
        }
        _ => None,
    }
}

fn at<const N: usize>(data: &[u8], offset: usize) -> Option<[u8; N]> {
    data.get(offset..)?.first_chunk::<N>().copied()
}

fn word(data: &[u8], offset: usize) -> Option<U256> {
    at::<32>(data, offset).map(U256::from_be_bytes)
}

/// setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256), ABI-encoded.
fn bedrock(data: &[u8]) -> Option<L1BlockInfo> {
    Some(L1BlockInfo {
        l1_base_fee: word(data, 64)?,
        l1_fee_overhead: Some(word(data, 192)?),
        l1_base_fee_scalar: word(data, 224)?,
        ..Default::default()
    })
}

/// setL1BlockValuesEcotone, packed: base fee scalar u32, blob base fee scalar u32, sequence
/// number u64, time u64, number u64, base fee u256, blob base fee u256, hash, batcher hash.
fn packed(data: &[u8]) -> Option<L1BlockInfo> {
    at::<160>(data, 0)?;
    Some(L1BlockInfo {
        l1_base_fee_scalar: U256::from(u32::from_be_bytes(at(data, 0)?)),
        l1_blob_base_fee_scalar: Some(U256::from(u32::from_be_bytes(at(data, 4)?))),
        l1_base_fee: word(data, 32)?,
        l1_blob_base_fee: Some(word(data, 64)?),
        ..Default::default()
    })
}

/// Ecotone's layout, then operator fee scalar u32 and constant u64.
fn isthmus(data: &[u8]) -> Option<L1BlockInfo> {
    let mut info = packed(data)?;
    info.operator_fee_scalar = Some(U256::from(u32::from_be_bytes(at(data, 160)?)));
    info.operator_fee_constant = Some(U256::from(u64::from_be_bytes(at(data, 164)?)));
    Some(info)
}

#[cfg(test)]
mod tests {
    use super::{JOVIAN, parse};
    use alloy_primitives::U256;
    use proptest::prelude::{any, proptest};

    #[test]
    fn jovian_attributes_are_read_field_by_field() {
        let mut input = JOVIAN.to_vec();
        input.extend(1_368u32.to_be_bytes());
        input.extend(810_949u32.to_be_bytes());
        input.extend([0; 24]);
        input.extend(U256::from(700_000_000).to_be_bytes::<32>());
        input.extend(U256::from(1).to_be_bytes::<32>());
        input.extend([7; 64]);
        input.extend(5u32.to_be_bytes());
        input.extend(6u64.to_be_bytes());
        input.extend(400u16.to_be_bytes());
        assert_eq!(input.len(), 178);
        let info = parse(&input).unwrap();
        assert_eq!(info.l1_base_fee_scalar, U256::from(1_368));
        assert_eq!(info.l1_blob_base_fee_scalar, Some(U256::from(810_949)));
        assert_eq!(info.l1_base_fee, U256::from(700_000_000));
        assert_eq!(info.l1_blob_base_fee, Some(U256::from(1)));
        assert_eq!(info.operator_fee_scalar, Some(U256::from(5)));
        assert_eq!(info.operator_fee_constant, Some(U256::from(6)));
        assert_eq!(info.da_footprint_gas_scalar, Some(400));
        assert!(parse(&input[..177]).is_none());
    }

    proptest! {
        #[test]
        fn any_calldata_is_read_without_panic(selector in 0usize..4, tail in any::<Vec<u8>>()) {
            let selectors = [super::BEDROCK, super::ECOTONE, super::ISTHMUS, JOVIAN];
            let mut input = selectors[selector].to_vec();
            input.extend(tail);
            let _ = parse(&input);
        }
    }
}
