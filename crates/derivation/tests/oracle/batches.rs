//! Batches: the same bytes both ways.

use crate::{
    chain::{config, user_transaction},
    convert,
};
use alloy_primitives::{B256, Bytes, U256};
use assay_chainspec::RollupConfig;
use assay_derivation::{Batch, SingularBatch, SpanBatchBuilder};
use kona_protocol::SingleBatch;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, proptest};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Consecutive blocks with transactions of several kinds.
pub(crate) fn blocks() -> impl Strategy<Value = Vec<SingularBatch>> {
    let block = (any::<bool>(), proptest::collection::vec(any::<u16>(), 0..4));
    (1u64..1000, 1u64..500, proptest::collection::vec(block, 1..10)).prop_map(
        |(epoch, start, blocks)| {
            let mut epoch = epoch;
            let blocks = blocks.into_iter().enumerate().map(|(index, (advance, seeds))| {
                epoch += u64::from(advance && index > 0);
                SingularBatch {
                    parent_hash: B256::from(U256::from(index) << 200),
                    epoch_number: epoch,
                    epoch_hash: B256::from(U256::from(epoch) << 200),
                    timestamp: crate::chain::GENESIS_TIME + 2 * (start + index as u64),
                    transactions: seeds.into_iter().map(transaction).collect(),
                }
            });
            blocks.collect()
        },
    )
}

/// A transaction of a kind that the seed chooses.
fn transaction(seed: u16) -> Bytes {
    use alloy_consensus::{SignableTransaction, TxEip2930, TxEip7702, TxLegacy};
    use alloy_eips::eip2718::Encodable2718;
    use op_alloy_consensus::OpTxEnvelope;
    let signature = alloy_primitives::Signature::test_signature();
    let nonce = u64::from(seed);
    let to = if seed.is_multiple_of(3) {
        alloy_primitives::TxKind::Create
    } else {
        alloy_primitives::Address::repeat_byte(seed as u8).into()
    };
    let envelope = match seed % 5 {
        0 => OpTxEnvelope::from(
            TxLegacy { chain_id: Some(901), nonce, to, gas_price: 77, ..Default::default() }
                .into_signed(signature),
        ),
        1 => {
            TxLegacy { chain_id: None, nonce, to, input: vec![1; 60].into(), ..Default::default() }
                .into_signed(signature)
                .into()
        }
        2 => TxEip2930 { chain_id: 901, nonce, to, gas_price: 5, ..Default::default() }
            .into_signed(signature)
            .into(),
        3 => TxEip7702 { chain_id: 901, nonce, max_fee_per_gas: 5, ..Default::default() }
            .into_signed(signature)
            .into(),
        _ => return user_transaction(nonce),
    };
    envelope.encoded_2718().into()
}

pub(crate) fn encode_span(config: &RollupConfig, blocks: &[SingularBatch]) -> Vec<u8> {
    let mut builder = SpanBatchBuilder::new(config);
    for block in blocks {
        builder.push(block, 1).unwrap();
    }
    let mut out = vec![1];
    builder.encode(&mut out);
    out
}

pub(crate) fn their_singular(batch: &SingularBatch) -> SingleBatch {
    SingleBatch {
        parent_hash: batch.parent_hash,
        epoch_num: batch.epoch_number,
        epoch_hash: batch.epoch_hash,
        timestamp: batch.timestamp,
        transactions: batch.transactions.clone(),
    }
}

/// Their decoder panics on some input, which counts as a refusal.
pub(crate) fn their_decode(
    data: &[u8],
    config: &kona_genesis::RollupConfig,
) -> Option<kona_protocol::Batch> {
    catch_unwind(AssertUnwindSafe(|| kona_protocol::Batch::decode(&mut &data[..], config).ok()))
        .ok()
        .flatten()
}

fn same(ours: &Batch, theirs: &kona_protocol::Batch) -> bool {
    match (ours, theirs) {
        (Batch::Singular(ours), kona_protocol::Batch::Single(theirs)) => {
            their_singular(ours) == *theirs
        }
        (Batch::Span(ours), kona_protocol::Batch::Span(theirs)) => {
            ours.parent_check == theirs.parent_check
                && ours.l1_origin_check == theirs.l1_origin_check
                && ours.blocks().len() == theirs.batches.len()
                && ours.blocks().iter().zip(&theirs.batches).all(|(ours, theirs)| {
                    ours.epoch_number == theirs.epoch_num
                        && ours.timestamp == theirs.timestamp
                        && ours.transactions == theirs.transactions
                })
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn spans_are_the_same_bytes(blocks in blocks()) {
        let config = config(7);
        let theirs = convert::rollup_config(&config);
        let data = encode_span(&config, &blocks);

        let mut span = kona_protocol::SpanBatch {
            genesis_timestamp: config.genesis.l2_time,
            chain_id: 901,
            ..Default::default()
        };
        for block in &blocks {
            span.append_singular_batch(their_singular(block), 1).unwrap();
        }
        let mut their_data = Vec::new();
        kona_protocol::Batch::Span(span).encode(&mut their_data).unwrap();
        prop_assert_eq!(&data, &their_data);

        let ours = Batch::decode(&data, &config).unwrap();
        prop_assert!(same(&ours, &their_decode(&data, &theirs).unwrap()));
    }

    #[test]
    fn singulars_are_the_same_bytes(blocks in blocks()) {
        let config = config(7);
        for block in &blocks {
            let mut data = vec![0];
            block.encode(&mut data);
            let mut their_data = Vec::new();
            kona_protocol::Batch::Single(their_singular(block)).encode(&mut their_data).unwrap();
            prop_assert_eq!(&data, &their_data);
            let ours = Batch::decode(&data, &config).unwrap();
            let theirs = their_decode(&data, &convert::rollup_config(&config)).unwrap();
            prop_assert!(same(&ours, &theirs));
        }
    }

    /// Where both read a mutated span, they read the same. Where one alone does, it is for a reason
    /// that is known: kona pads short bit lists and cuts fees to 128 bits, op-node (and so we) do
    /// neither; kona wants varints in their shortest form, op-node does not.
    #[test]
    fn mutated_spans(
        (blocks, at) in blocks().prop_flat_map(|blocks| {
            let length = encode_span(&config(7), &blocks).len();
            (Just(blocks), 1..length)
        }),
        flip in 1u8..,
    ) {
        let config = config(7);
        let their_config = convert::rollup_config(&config);
        let mut data = encode_span(&config, &blocks);
        data[at] ^= flip;
        let ours = Batch::decode(&data, &config);
        let theirs = their_decode(&data, &their_config);
        match (ours, theirs) {
            (Ok(ours), Some(kona_protocol::Batch::Span(span))) => {
                let theirs = kona_protocol::Batch::Span(span.clone());
                // Where they differ, their batch is not what the bytes say.
                let mut again = Vec::new();
                let encoded = span
                    .to_raw_span_batch()
                    .map(|raw| raw.encode(&mut again))
                    .is_ok_and(|result| result.is_ok());
                let theirs_is_exact = encoded && again == data[1..];
                prop_assert!(same(&ours, &theirs) || !theirs_is_exact, "{ours:?}\n{theirs:?}");
            }
            (Ok(_), None) => {
                // A varint in a longer form than needed ends in a zero byte.
                prop_assert!(data.windows(2).any(|pair| pair[0] >= 0x80 && pair[1] == 0)
                    || their_decode(&data, &their_config).is_none());
            }
            _ => {}
        }
    }

    #[test]
    fn mutated_singulars(
        blocks in blocks(), at in any::<u16>(), flip in 1u8..,
    ) {
        let config = config(7);
        let mut data = vec![0];
        blocks[0].encode(&mut data);
        let at = 1 + usize::from(at) % (data.len() - 1);
        data[at] ^= flip;
        let ours = Batch::decode(&data, &config).ok();
        let theirs = <SingleBatch as alloy_rlp::Decodable>::decode(&mut &data[1..]).ok();
        match (ours, theirs) {
            (Some(Batch::Singular(ours)), Some(theirs)) => {
                prop_assert_eq!(their_singular(&ours), theirs);
            }
            (None, None) => {}
            (ours, theirs) => prop_assert!(false, "{ours:?}\n{theirs:?}"),
        }
    }
}
