//! User deposits: logs of the portal on L1, transactions on L2.
//!
//! Spec: [deriving user deposits](https://specs.optimism.io/protocol/derivation.html#deriving-user-deposits).

use crate::{DerivationError, L1Log, L1Origin, reader::Reader};
use alloy_primitives::{Address, B256, TxKind, U256, b256};
use assay_chainspec::RollupConfig;
use op_alloy_consensus::{TxDeposit, UserDepositSource};

/// `keccak256("TransactionDeposited(address,address,uint256,bytes)")`.
pub const TRANSACTION_DEPOSITED: B256 =
    b256!("b3813568d9991fc951961fcb4c784893574240a28925604d09fc577c55bb7c32");

const WHAT: &str = "deposit log";

/// All deposits that an L1 block holds, in order.
///
/// # Errors
/// [`DerivationError::Malformed`]: a log that the portal cannot have emitted.
pub fn derive_deposits(
    config: &RollupConfig,
    origin: &L1Origin,
) -> Result<Vec<TxDeposit>, DerivationError> {
    origin
        .logs
        .iter()
        .filter(|log| {
            log.log.address == config.deposit_contract_address
                && log.log.topics().first() == Some(&TRANSACTION_DEPOSITED)
        })
        .map(|log| decode_deposit(origin.info.hash, log))
        .collect()
}

/// Decodes one deposit log of the L1 block `block_hash`.
///
/// # Errors
/// [`DerivationError::Malformed`].
pub fn decode_deposit(block_hash: B256, log: &L1Log) -> Result<TxDeposit, DerivationError> {
    let mut reader = Reader::new(&log.log.data.data, WHAT);
    let [topic, from, to, version] = log.log.topics() else {
        return Err(reader.fail("it has not four topics"));
    };
    if *topic != TRANSACTION_DEPOSITED {
        return Err(reader.fail("another event"));
    }
    if !version.is_zero() {
        return Err(reader.fail("unknown version"));
    }
    let from = Reader::new(from.as_slice(), WHAT).padded_address()?;
    let to = Reader::new(to.as_slice(), WHAT).padded_address()?;

    if reader.padded_u64()? != 32 {
        return Err(reader.fail("its data does not start where it must"));
    }
    let length =
        usize::try_from(reader.padded_u64()?).map_err(|_| reader.fail("its data is too long"))?;
    if reader.rest().len() != length.checked_next_multiple_of(32).unwrap_or(usize::MAX) {
        return Err(reader.fail("its data has another length than it says"));
    }
    let data = log.log.data.data.slice_ref(reader.take(length)?);
    let mut opaque = Reader::new(&data, WHAT);
    let mint_high = opaque.array::<16>()?;
    if mint_high != [0; 16] {
        return Err(opaque.fail("it mints over 128 bits"));
    }
    let mint = u128::from_be_bytes(opaque.array()?);
    let value = U256::from_be_bytes(opaque.array::<32>()?);
    let gas_limit = u64::from_be_bytes(opaque.array()?);
    let is_creation = opaque.byte()? != 0;
    Ok(TxDeposit {
        source_hash: UserDepositSource::new(block_hash, log.index).source_hash(),
        from,
        to: recipient(is_creation, to),
        mint,
        value,
        gas_limit,
        is_system_transaction: false,
        input: data.slice_ref(opaque.rest()),
    })
}

const fn recipient(is_creation: bool, to: Address) -> TxKind {
    if is_creation { TxKind::Create } else { TxKind::Call(to) }
}

#[cfg(test)]
mod tests {
    use super::{L1Log, TRANSACTION_DEPOSITED, decode_deposit};
    use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn log(mint: u128, value: U256, gas: u64, creation: bool, input: &[u8]) -> L1Log {
        let mut opaque = Vec::new();
        opaque.extend_from_slice(&U256::from(mint).to_be_bytes::<32>());
        opaque.extend_from_slice(&value.to_be_bytes::<32>());
        opaque.extend_from_slice(&gas.to_be_bytes());
        opaque.push(u8::from(creation));
        opaque.extend_from_slice(input);
        let mut data = Vec::new();
        data.extend_from_slice(&U256::from(32).to_be_bytes::<32>());
        data.extend_from_slice(&U256::from(opaque.len()).to_be_bytes::<32>());
        data.extend_from_slice(&opaque);
        data.resize(data.len().next_multiple_of(32), 0);
        let topics = vec![
            TRANSACTION_DEPOSITED,
            Address::repeat_byte(1).into_word(),
            Address::repeat_byte(2).into_word(),
            B256::ZERO,
        ];
        L1Log { index: 3, log: Log::new_unchecked(Address::ZERO, topics, data.into()) }
    }

    #[test]
    fn a_creation_has_no_recipient() {
        let deposit = decode_deposit(B256::ZERO, &log(1, U256::from(2), 3, true, b"code")).unwrap();
        assert_eq!(deposit.to, TxKind::Create);
        assert_eq!(&deposit.input[..], b"code");
    }

    #[test]
    fn refuses_what_the_portal_does_not_emit() {
        let good = log(1, U256::from(2), 3, false, b"input");
        let spoil = |change: &dyn Fn(&mut Vec<B256>, &mut Vec<u8>)| {
            let mut topics = good.log.topics().to_vec();
            let mut data = good.log.data.data.to_vec();
            change(&mut topics, &mut data);
            let log = Log::new_unchecked(Address::ZERO, topics, data.into());
            decode_deposit(B256::ZERO, &L1Log { index: 0, log })
        };
        assert!(spoil(&|_, _| ()).is_ok());
        assert!(spoil(&|topics, _| topics.truncate(3)).is_err());
        assert!(spoil(&|topics, _| topics[3] = B256::with_last_byte(1)).is_err(), "version");
        assert!(spoil(&|topics, _| topics[1] = B256::repeat_byte(1)).is_err(), "dirty address");
        assert!(spoil(&|_, data| data[31] = 64).is_err(), "offset");
        assert!(spoil(&|_, data| data[63] = 200).is_err(), "length");
        assert!(spoil(&|_, data| data.extend([0; 32])).is_err(), "more than it says");
        assert!(spoil(&|_, data| data.truncate(data.len() - 1)).is_err(), "not padded");
        assert!(spoil(&|_, data| data[64] = 1).is_err(), "mint");
    }

    proptest! {
        #[test]
        fn round_trips(
            mint in any::<u128>(),
            value in any::<[u8; 32]>(),
            gas in any::<u64>(),
            input in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let value = U256::from_be_bytes(value);
            let deposit =
                decode_deposit(B256::ZERO, &log(mint, value, gas, false, &input)).unwrap();
            prop_assert_eq!(deposit.mint, mint);
            prop_assert_eq!(deposit.value, value);
            prop_assert_eq!(deposit.gas_limit, gas);
            prop_assert_eq!(deposit.from, Address::repeat_byte(1));
            prop_assert_eq!(deposit.to, TxKind::Call(Address::repeat_byte(2)));
            prop_assert_eq!(deposit.input, Bytes::from(input));
        }

        #[test]
        fn arbitrary_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut log = log(0, U256::ZERO, 0, false, &[]);
            log.log.data.data = data.into();
            let _ = decode_deposit(B256::ZERO, &log);
        }
    }
}
