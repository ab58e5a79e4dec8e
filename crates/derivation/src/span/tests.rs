use super::{SpanBatch, SpanBatchBuilder};
use crate::{SingularBatch, tests::transactions};
use alloy_primitives::{B256, Bytes, U256};
use assay_chainspec::RollupConfig;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, proptest};

fn config() -> RollupConfig {
    let mut config = RollupConfig { block_time: 2, l2_chain_id: 901, ..RollupConfig::default() };
    config.genesis.l2_time = 1000;
    config
}

fn blocks() -> impl Strategy<Value = Vec<SingularBatch>> {
    let block = (any::<bool>(), proptest::collection::vec(transactions::any_kind(901), 0..4));
    (1u64..1000, 0u64..500, proptest::collection::vec(block, 1..12)).prop_map(
        |(epoch, start, blocks)| {
            let mut epoch = epoch;
            let blocks = blocks.into_iter().enumerate().map(|(index, (advance, transactions))| {
                epoch += u64::from(advance);
                SingularBatch {
                    parent_hash: B256::repeat_byte(index as u8),
                    epoch_number: epoch,
                    epoch_hash: B256::from(U256::from(epoch)),
                    timestamp: 1000 + 2 * (start + index as u64),
                    transactions,
                }
            });
            blocks.collect()
        },
    )
}

fn encode(blocks: &[SingularBatch]) -> Vec<u8> {
    let mut builder = SpanBatchBuilder::new(&config());
    for block in blocks {
        builder.push(block, 1).unwrap();
    }
    let mut out = Vec::new();
    builder.encode(&mut out);
    assert!(out.len() <= builder.encoded_length());
    out
}

#[test]
fn a_span_holds_only_consecutive_blocks() {
    let mut builder = SpanBatchBuilder::new(&config());
    let block = |timestamp, epoch_number| SingularBatch {
        timestamp,
        epoch_number,
        ..SingularBatch::default()
    };
    assert!(builder.push(&block(998, 5), 0).is_err(), "before genesis");
    builder.push(&block(1002, 5), 0).unwrap();
    assert!(builder.push(&block(1006, 5), 0).is_err(), "a gap");
    assert!(builder.push(&block(1004, 4), 0).is_err(), "an older origin");
    assert!(builder.push(&block(1004, 7), 0).is_err(), "an origin left out");
    builder.push(&block(1004, 6), 0).unwrap();
    assert_eq!(builder.block_count(), 2);
}

#[test]
fn refuses_foreign_and_broken_transactions() {
    let mut builder = SpanBatchBuilder::new(&config());
    let mut push = |transaction: Bytes| {
        let transactions = vec![transaction];
        builder.push(&SingularBatch { timestamp: 1002, transactions, ..Default::default() }, 0)
    };
    assert!(push(Bytes::new()).is_err());
    assert!(push(Bytes::from_static(&[0x7e, 0xc0])).is_err(), "a deposit");
    assert!(push(Bytes::from_static(&[0x03, 0xc0])).is_err(), "a blob transaction");
    assert!(push(transactions::dynamic_fee(902, 1)).is_err(), "another chain's");
    assert!(push(transactions::dynamic_fee(901, 1)).is_ok());
    assert_eq!(builder.transaction_count(), 1);
}

#[test]
fn counts_beyond_the_data_do_not_allocate() {
    let mut data = vec![0, 0];
    data.extend([0; 40]);
    crate::reader::put_uvarint(&mut data, 10_000_000);
    assert!(SpanBatch::decode(&data, &config()).is_err());
    let mut too_many = vec![0, 0];
    too_many.extend([0; 40]);
    crate::reader::put_uvarint(&mut too_many, 10_000_001);
    assert!(SpanBatch::decode(&too_many, &config()).is_err());
}

proptest! {
    #[test]
    fn round_trips(blocks in blocks()) {
        let span = SpanBatch::decode(&encode(&blocks), &config()).unwrap();
        prop_assert_eq!(span.blocks().len(), blocks.len());
        for (decoded, block) in span.blocks().iter().zip(&blocks) {
            prop_assert_eq!(decoded.epoch_number, block.epoch_number);
            prop_assert_eq!(decoded.timestamp, block.timestamp);
            prop_assert_eq!(&decoded.transactions, &block.transactions);
        }
        prop_assert!(span.parent_matches(blocks[0].parent_hash));
        prop_assert!(span.origin_matches(blocks.last().unwrap().epoch_hash));
    }

    #[test]
    fn mutated_spans_never_panic(
        (data, at) in blocks().prop_flat_map(|blocks| {
            let data = encode(&blocks);
            let length = data.len();
            (Just(data), 0..length)
        }),
        flip in 1u8..,
        truncate in any::<bool>(),
    ) {
        let mut data = data;
        data[at] ^= flip;
        if truncate {
            data.truncate(at);
        }
        if let Ok(span) = SpanBatch::decode(&data, &config()) {
            prop_assert!(!span.blocks().is_empty());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = SpanBatch::decode(&data, &config());
    }
}
