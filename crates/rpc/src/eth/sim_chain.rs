//! The numbers and times of simulated blocks: gaps filled, order checked.

use crate::{
    RpcError,
    eth::{simulate::coded, types::RpcRequest},
};
use alloy_consensus::BlockHeader;
use alloy_primitives::U256;
use alloy_rpc_types_eth::{BlockOverrides, simulate::SimBlock};
use assay_evm::SealedHeader;

/// Seconds between blocks whose time is not given: what op-reth takes on a chain it does not know.
const BLOCK_SECONDS: u64 = 12;

/// Gives every block its number and time, and puts empty blocks where numbers are skipped.
pub(crate) fn complete(
    blocks: Vec<SimBlock<RpcRequest>>,
    parent: &SealedHeader,
    most: u64,
) -> Result<Vec<SimBlock<RpcRequest>>, RpcError> {
    let base = parent.number();
    let mut number = base;
    let mut time = parent.timestamp();
    let mut all = Vec::with_capacity(blocks.len());
    for mut block in blocks {
        let overrides = block.block_overrides.get_or_insert_default();
        let target = match overrides.number {
            Some(number) => u64::try_from(number).unwrap_or(u64::MAX),
            None => number.saturating_add(1),
        };
        if target <= number {
            return Err(coded(
                -38020,
                format!("block numbers must be in order: {target} <= {number}"),
            ));
        }
        if target - base > most {
            return Err(coded(-38026, "too many blocks"));
        }
        for filler in number + 1..target {
            time = next_time(time)?;
            all.push(SimBlock {
                block_overrides: Some(BlockOverrides {
                    number: Some(U256::from(filler)),
                    time: Some(time),
                    ..Default::default()
                }),
                ..Default::default()
            });
        }
        number = target;
        time = match overrides.time {
            Some(given) if given <= time => return Err(out_of_order(given, time)),
            Some(given) => given,
            None => next_time(time)?,
        };
        overrides.number = Some(U256::from(number));
        overrides.time = Some(time);
        all.push(block);
    }
    Ok(all)
}

fn next_time(time: u64) -> Result<u64, RpcError> {
    time.checked_add(BLOCK_SECONDS).ok_or_else(|| out_of_order(time, time))
}

fn out_of_order(given: u64, parent: u64) -> RpcError {
    coded(-38021, format!("block timestamps must be in order: {given} <= {parent}"))
}

#[cfg(test)]
mod tests {
    use super::complete;
    use crate::RpcError;
    use alloy_consensus::{Header, Sealable};
    use alloy_primitives::U256;
    use alloy_rpc_types_eth::{BlockOverrides, simulate::SimBlock};
    use proptest::prelude::{any, proptest};

    fn at(number: Option<u64>, time: Option<u64>) -> SimBlock<crate::eth::types::RpcRequest> {
        SimBlock {
            block_overrides: Some(BlockOverrides {
                number: number.map(U256::from),
                time,
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn parent() -> assay_evm::SealedHeader {
        Header { number: 5, timestamp: 100, ..Default::default() }.seal_slow()
    }

    #[test]
    fn skipped_numbers_become_empty_blocks() {
        let blocks =
            complete(vec![at(Some(8), None), at(None, Some(200))], &parent(), 256).unwrap();
        let seen: Vec<(u64, u64)> = blocks
            .iter()
            .map(|block| {
                let overrides = block.block_overrides.as_ref().unwrap();
                (overrides.number.unwrap().to(), overrides.time.unwrap())
            })
            .collect();
        assert_eq!(seen, [(6, 112), (7, 124), (8, 136), (9, 200)]);
    }

    #[test]
    fn disorder_and_excess_are_refused_with_their_codes() {
        let code = |blocks| match complete(blocks, &parent(), 256) {
            Err(RpcError::Coded { code, .. }) => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code(vec![at(Some(5), None)]), -38020);
        assert_eq!(code(vec![at(None, Some(100))]), -38021);
        assert_eq!(code(vec![at(Some(262), None)]), -38026);
        assert_eq!(code(vec![at(None, Some(u64::MAX)), at(None, None)]), -38021);
    }

    proptest! {
        #[test]
        fn any_overrides_keep_order_or_are_refused(
            wishes in proptest::collection::vec((any::<Option<u8>>(), any::<Option<u64>>()), 0..8)
        ) {
            let blocks = wishes.iter().map(|(number, time)| at(number.map(u64::from), *time)).collect();
            if let Ok(blocks) = complete(blocks, &parent(), 64) {
                let mut last = (U256::from(5), 100);
                for block in blocks {
                    let overrides = block.block_overrides.unwrap();
                    let next = (overrides.number.unwrap(), overrides.time.unwrap());
                    assert!(next.0 == last.0 + U256::from(1) && next.1 > last.1);
                    last = next;
                }
            }
        }
    }
}
