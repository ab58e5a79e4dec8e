//! The L1 attributes deposit: the first transaction of every L2 block.
//!
//! Spec: [L1 attributes](https://specs.optimism.io/protocol/deposits.html#l1-attributes-deposited-transaction),
//! [Ecotone](https://specs.optimism.io/protocol/ecotone/l1-attributes.html),
//! [Isthmus](https://specs.optimism.io/protocol/isthmus/l1-attributes.html),
//! [Jovian](https://specs.optimism.io/protocol/jovian/l1-attributes.html).

use crate::{DerivationError, L1Origin, SystemConfig, reader::Reader};
use alloy_consensus::Block;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address};
use assay_chainspec::{BlobParams, BlobSchedule, BlockId, OpHardfork, OpHardforks, RollupConfig};
use op_alloy_consensus::{L1InfoDepositSource, OpTxEnvelope, TxDeposit};

/// The L1Block predeploy, which receives the attributes.
pub(crate) const L1_BLOCK: Address = address!("4200000000000000000000000000000000000015");
/// Who sends the attributes.
const DEPOSITOR: Address = address!("deaddeaddeaddeaddeaddeaddeaddeaddead0001");
/// Gas of the deposit from Regolith on.
const REGOLITH_GAS: u64 = 1_000_000;
/// Gas of the deposit before Regolith, outside of the block's limit.
const BEDROCK_GAS: u64 = 150_000_000;
/// What a DA footprint scalar of zero stands for.
pub(crate) const DEFAULT_DA_FOOTPRINT_GAS_SCALAR: u16 = 400;

const BEDROCK_SELECTOR: [u8; 4] = [0x01, 0x5d, 0x8e, 0xb9];
const ECOTONE_SELECTOR: [u8; 4] = [0x44, 0x0a, 0x5e, 0x20];
const ISTHMUS_SELECTOR: [u8; 4] = [0x09, 0x89, 0x99, 0xbe];
const JOVIAN_SELECTOR: [u8; 4] = [0x3d, 0xb6, 0xbe, 0x2b];
const WHAT: &str = "L1 attributes";

/// The layouts of the attributes' calldata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum L1InfoFormat {
    /// ABI-encoded, 260 bytes.
    Bedrock,
    /// Packed, 164 bytes.
    Ecotone,
    /// With the operator fee, 176 bytes.
    Isthmus,
    /// With the DA footprint scalar, 178 bytes.
    Jovian,
}

impl L1InfoFormat {
    /// The layout of the L2 block at `timestamp`. A fork's activation block still uses the one
    /// before: the contract is upgraded later in that same block.
    pub fn at(config: &RollupConfig, timestamp: u64) -> Self {
        let in_use = |fork| {
            config.op_fork_activation(fork).active_at_timestamp(timestamp)
                && !config.is_activation_block(fork, timestamp)
        };
        if in_use(OpHardfork::Jovian) {
            Self::Jovian
        } else if in_use(OpHardfork::Isthmus) {
            Self::Isthmus
        } else if in_use(OpHardfork::Ecotone) {
            Self::Ecotone
        } else {
            Self::Bedrock
        }
    }
}

/// The attributes' calldata. Fields that a format lacks are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L1InfoTransaction {
    /// The layout.
    pub format: L1InfoFormat,
    /// The L1 origin.
    pub l1_block: BlockId,
    /// The L1 origin's timestamp, in unix seconds.
    pub l1_timestamp: u64,
    /// Base fee of the L1 origin, in wei per gas.
    pub base_fee: U256,
    /// Blob base fee of the L1 origin, in wei per blob gas.
    pub blob_base_fee: U256,
    /// The L2 block's place in its epoch.
    pub sequence_number: u64,
    /// Whose batches count.
    pub batcher_address: Address,
    /// L1 fee overhead, before Ecotone.
    pub overhead: U256,
    /// L1 fee scalar before Ecotone.
    pub scalar: U256,
    /// Base fee scalar from Ecotone on.
    pub base_fee_scalar: u32,
    /// Blob base fee scalar from Ecotone on.
    pub blob_base_fee_scalar: u32,
    /// Operator fee scalar from Isthmus on.
    pub operator_fee_scalar: u32,
    /// Operator fee constant from Isthmus on, in wei.
    pub operator_fee_constant: u64,
    /// Gas per estimated compressed byte in the DA footprint, from Jovian on.
    pub da_footprint_gas_scalar: u16,
}

impl L1InfoTransaction {
    /// The attributes of the L2 block at `timestamp` with this origin.
    pub fn new(
        config: &RollupConfig,
        blobs: &BlobSchedule,
        system_config: &SystemConfig,
        origin: &L1Origin,
        sequence_number: u64,
        timestamp: u64,
    ) -> Self {
        let scalar = match system_config.da_footprint_gas_scalar {
            0 => DEFAULT_DA_FOOTPRINT_GAS_SCALAR,
            scalar => scalar,
        };
        Self {
            format: L1InfoFormat::at(config, timestamp),
            l1_block: origin.info.id(),
            l1_timestamp: origin.info.timestamp,
            base_fee: U256::from(origin.base_fee),
            blob_base_fee: U256::from(blob_base_fee(config, blobs, origin)),
            sequence_number,
            batcher_address: system_config.batcher_address,
            overhead: system_config.overhead,
            scalar: system_config.scalar,
            base_fee_scalar: system_config.base_fee_scalar(),
            blob_base_fee_scalar: system_config.blob_base_fee_scalar(),
            operator_fee_scalar: system_config.operator_fee_scalar(),
            operator_fee_constant: system_config.operator_fee_constant(),
            da_footprint_gas_scalar: scalar,
        }
    }

    /// Reads the first transaction of a block.
    ///
    /// # Errors
    /// [`DerivationError::Malformed`].
    pub fn from_block(block: &Block<OpTxEnvelope>) -> Result<Self, DerivationError> {
        let deposit = block.body.transactions.first().and_then(|transaction| match transaction {
            OpTxEnvelope::Deposit(deposit) => Some(deposit),
            _ => None,
        });
        let fail = || DerivationError::malformed(WHAT, "a block does not start with a deposit");
        Self::decode(&deposit.ok_or_else(fail)?.input)
    }

    /// Decodes the calldata.
    ///
    /// # Errors
    /// [`DerivationError::Malformed`]: an unknown selector, a wrong length, or padding that is set.
    pub fn decode(calldata: &[u8]) -> Result<Self, DerivationError> {
        let mut reader = Reader::new(calldata, WHAT);
        let info = match reader.array()? {
            BEDROCK_SELECTOR => Self::decode_bedrock(&mut reader)?,
            ECOTONE_SELECTOR => Self::decode_packed(&mut reader, L1InfoFormat::Ecotone)?,
            ISTHMUS_SELECTOR => Self::decode_packed(&mut reader, L1InfoFormat::Isthmus)?,
            JOVIAN_SELECTOR => Self::decode_packed(&mut reader, L1InfoFormat::Jovian)?,
            _ => return Err(reader.fail("unknown selector")),
        };
        if reader.is_empty() { Ok(info) } else { Err(reader.fail("trailing bytes")) }
    }

    fn decode_bedrock(reader: &mut Reader<'_>) -> Result<Self, DerivationError> {
        let number = reader.padded_u64()?;
        let l1_timestamp = reader.padded_u64()?;
        let base_fee = U256::from_be_bytes(reader.array::<32>()?);
        let hash = B256::new(reader.array()?);
        Ok(Self {
            format: L1InfoFormat::Bedrock,
            l1_block: BlockId { hash, number },
            l1_timestamp,
            base_fee,
            blob_base_fee: U256::ZERO,
            sequence_number: reader.padded_u64()?,
            batcher_address: reader.padded_address()?,
            overhead: U256::from_be_bytes(reader.array::<32>()?),
            scalar: U256::from_be_bytes(reader.array::<32>()?),
            base_fee_scalar: 0,
            blob_base_fee_scalar: 0,
            operator_fee_scalar: 0,
            operator_fee_constant: 0,
            da_footprint_gas_scalar: 0,
        })
    }

    fn decode_packed(
        reader: &mut Reader<'_>,
        format: L1InfoFormat,
    ) -> Result<Self, DerivationError> {
        let base_fee_scalar = u32::from_be_bytes(reader.array()?);
        let blob_base_fee_scalar = u32::from_be_bytes(reader.array()?);
        let sequence_number = u64::from_be_bytes(reader.array()?);
        let l1_timestamp = u64::from_be_bytes(reader.array()?);
        let number = u64::from_be_bytes(reader.array()?);
        let base_fee = U256::from_be_bytes(reader.array::<32>()?);
        let blob_base_fee = U256::from_be_bytes(reader.array::<32>()?);
        let hash = B256::new(reader.array()?);
        let batcher_address = reader.padded_address()?;
        let (mut operator_fee_scalar, mut operator_fee_constant) = (0, 0);
        let mut da_footprint_gas_scalar = 0;
        if format >= L1InfoFormat::Isthmus {
            operator_fee_scalar = u32::from_be_bytes(reader.array()?);
            operator_fee_constant = u64::from_be_bytes(reader.array()?);
        }
        if format >= L1InfoFormat::Jovian {
            da_footprint_gas_scalar = u16::from_be_bytes(reader.array()?);
        }
        Ok(Self {
            format,
            l1_block: BlockId { hash, number },
            l1_timestamp,
            base_fee,
            blob_base_fee,
            sequence_number,
            batcher_address,
            overhead: U256::ZERO,
            scalar: U256::ZERO,
            base_fee_scalar,
            blob_base_fee_scalar,
            operator_fee_scalar,
            operator_fee_constant,
            da_footprint_gas_scalar,
        })
    }

    /// The calldata.
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(260);
        let batcher = self.batcher_address.into_word();
        if self.format == L1InfoFormat::Bedrock {
            out.extend_from_slice(&BEDROCK_SELECTOR);
            for word in [
                B256::from(U256::from(self.l1_block.number)),
                B256::from(U256::from(self.l1_timestamp)),
                B256::from(self.base_fee),
                self.l1_block.hash,
                B256::from(U256::from(self.sequence_number)),
                batcher,
                B256::from(self.overhead),
                B256::from(self.scalar),
            ] {
                out.extend_from_slice(word.as_slice());
            }
            return out.into();
        }
        out.extend_from_slice(match self.format {
            L1InfoFormat::Jovian => &JOVIAN_SELECTOR,
            L1InfoFormat::Isthmus => &ISTHMUS_SELECTOR,
            _ => &ECOTONE_SELECTOR,
        });
        out.extend_from_slice(&self.base_fee_scalar.to_be_bytes());
        out.extend_from_slice(&self.blob_base_fee_scalar.to_be_bytes());
        out.extend_from_slice(&self.sequence_number.to_be_bytes());
        out.extend_from_slice(&self.l1_timestamp.to_be_bytes());
        out.extend_from_slice(&self.l1_block.number.to_be_bytes());
        out.extend_from_slice(&self.base_fee.to_be_bytes::<32>());
        out.extend_from_slice(&self.blob_base_fee.to_be_bytes::<32>());
        out.extend_from_slice(self.l1_block.hash.as_slice());
        out.extend_from_slice(batcher.as_slice());
        if self.format >= L1InfoFormat::Isthmus {
            out.extend_from_slice(&self.operator_fee_scalar.to_be_bytes());
            out.extend_from_slice(&self.operator_fee_constant.to_be_bytes());
        }
        if self.format >= L1InfoFormat::Jovian {
            out.extend_from_slice(&self.da_footprint_gas_scalar.to_be_bytes());
        }
        out.into()
    }

    /// The deposit that carries the attributes in the L2 block at `timestamp`.
    pub fn deposit(&self, config: &RollupConfig, timestamp: u64) -> TxDeposit {
        let regolith = config.is_regolith_active_at_timestamp(timestamp);
        TxDeposit {
            source_hash: L1InfoDepositSource::new(self.l1_block.hash, self.sequence_number)
                .source_hash(),
            from: DEPOSITOR,
            to: TxKind::Call(L1_BLOCK),
            mint: 0,
            value: U256::ZERO,
            gas_limit: if regolith { REGOLITH_GAS } else { BEDROCK_GAS },
            is_system_transaction: !regolith,
            input: self.encode(),
        }
    }
}

/// The blob base fee that L2 is told; chains whose L1 got Prague before they knew of it go on with
/// Cancun's parameters until the fix activates.
///
/// Spec: [Pectra blob schedule](https://specs.optimism.io/protocol/pectra-blob-schedule/derivation.html).
fn blob_base_fee(config: &RollupConfig, blobs: &BlobSchedule, origin: &L1Origin) -> u128 {
    let time = origin.info.timestamp;
    match (config.pectra_blob_schedule_time, origin.excess_blob_gas) {
        (Some(fix), Some(excess)) if time < fix => BlobParams::cancun().calc_blob_fee(excess),
        (_, excess) => blobs.base_fee(time, excess),
    }
}

#[cfg(test)]
mod tests {
    use super::{L1InfoFormat, L1InfoTransaction};
    use alloy_primitives::{Address, B256, U256};
    use assay_chainspec::{BlockId, RollupConfig};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn sample(format: L1InfoFormat) -> L1InfoTransaction {
        let bedrock = format == L1InfoFormat::Bedrock;
        let from = |least: L1InfoFormat, value: u64| if format >= least { value } else { 0 };
        L1InfoTransaction {
            format,
            l1_block: BlockId { hash: B256::repeat_byte(7), number: 99 },
            l1_timestamp: 1_700_000_000,
            base_fee: U256::from(13),
            blob_base_fee: U256::from(from(L1InfoFormat::Ecotone, 5)),
            sequence_number: 4,
            batcher_address: Address::repeat_byte(9),
            overhead: U256::from(if bedrock { 188 } else { 0 }),
            scalar: U256::from(if bedrock { 684_000 } else { 0 }),
            base_fee_scalar: from(L1InfoFormat::Ecotone, 1368) as u32,
            blob_base_fee_scalar: from(L1InfoFormat::Ecotone, 810_949) as u32,
            operator_fee_scalar: from(L1InfoFormat::Isthmus, 3) as u32,
            operator_fee_constant: from(L1InfoFormat::Isthmus, 8),
            da_footprint_gas_scalar: from(L1InfoFormat::Jovian, 400) as u16,
        }
    }

    #[test]
    fn each_format_round_trips_at_its_length() {
        for (format, length) in [
            (L1InfoFormat::Bedrock, 260),
            (L1InfoFormat::Ecotone, 164),
            (L1InfoFormat::Isthmus, 176),
            (L1InfoFormat::Jovian, 178),
        ] {
            let info = sample(format);
            let calldata = info.encode();
            assert_eq!(calldata.len(), length, "{format:?}");
            assert_eq!(L1InfoTransaction::decode(&calldata), Ok(info));
            assert!(L1InfoTransaction::decode(&calldata[..length - 1]).is_err());
            assert!(L1InfoTransaction::decode(&[&calldata[..], &[0]].concat()).is_err());
        }
    }

    #[test]
    fn activation_blocks_keep_the_older_format() {
        let mut config = RollupConfig { block_time: 2, ..RollupConfig::default() };
        config.genesis.l2_time = 100;
        config.regolith_time = Some(0);
        config.ecotone_time = Some(110);
        config.isthmus_time = Some(120);
        config.jovian_time = Some(131);
        for (timestamp, format) in [
            (108, L1InfoFormat::Bedrock),
            (110, L1InfoFormat::Bedrock),
            (112, L1InfoFormat::Ecotone),
            (120, L1InfoFormat::Ecotone),
            (122, L1InfoFormat::Isthmus),
            (132, L1InfoFormat::Isthmus),
            (134, L1InfoFormat::Jovian),
        ] {
            assert_eq!(L1InfoFormat::at(&config, timestamp), format, "{timestamp}");
        }
        config.jovian_time = Some(0);
        assert_eq!(L1InfoFormat::at(&config, 102), L1InfoFormat::Jovian, "from genesis on");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(
            mut data in proptest::collection::vec(any::<u8>(), 0..300), format in 0usize..4,
        ) {
            let _ = L1InfoTransaction::decode(&data);
            if data.len() >= 4 {
                let selector = sample([
                    L1InfoFormat::Bedrock,
                    L1InfoFormat::Ecotone,
                    L1InfoFormat::Isthmus,
                    L1InfoFormat::Jovian,
                ][format]).encode();
                data[..4].copy_from_slice(&selector[..4]);
                if let Ok(info) = L1InfoTransaction::decode(&data) {
                    prop_assert_eq!(&info.encode()[..], &data[..]);
                }
            }
        }
    }
}
