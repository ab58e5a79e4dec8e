//! Every rule of headers, bodies and results: a block that holds to all of them, and one that
//! breaks exactly one.
#![allow(unused_crate_dependencies, reason = "an integration test")]

mod common;

use alloy_consensus::{Header, Sealable};
use alloy_eips::eip4895::{Withdrawal, Withdrawals};
use alloy_primitives::{B256, Bloom, Bytes, U256};
use assay_evm::{
    Block, ExtraDataError, InvalidBlock, validate_body, validate_header, validate_post_execution,
    validate_roots,
};
use common::{ROOTS, TestChain};

const FORKS: [&str; 10] = [
    "bedrock", "regolith", "canyon", "ecotone", "fjord", "granite", "holocene", "isthmus",
    "jovian", "karst",
];

/// Whether `fork` is at or after `since`.
fn since(fork: &str, since: &str) -> bool {
    let at = |name| FORKS.iter().position(|fork| *fork == name).expect("a fork");
    at(fork) >= at(since)
}

struct Case {
    chain: TestChain,
    block: Block,
}

impl Case {
    fn new(fork: &str) -> Self {
        let mut chain = TestChain::new(fork);
        chain.set_l1_block(1_000_000, 5_000, 10_000, 7, 11, 400);
        // The parent is a block, not the genesis.
        let (parent, output) = chain.build(vec![]);
        chain.advance(&parent, &output);
        let (block, _) = chain.build(vec![chain.transfer(0, 0), chain.transfer(1, 0)]);
        Self { chain, block: block.into_block() }
    }

    fn header(&self, change: impl FnOnce(&mut Header)) -> Result<(), InvalidBlock> {
        let mut header = self.block.header.clone();
        change(&mut header);
        validate_header(self.chain.spec(), &header, &self.chain.head, self.chain.head.hash())
    }

    fn body(&self, change: impl FnOnce(&mut Block)) -> Result<(), InvalidBlock> {
        let mut block = self.block.clone();
        change(&mut block);
        validate_body(self.chain.spec(), &block, &self.chain.head, false)
    }

    fn post(&self, change: impl FnOnce(&mut Header)) -> Result<(), InvalidBlock> {
        let senders =
            vec![common::DEPOSITOR, self.chain.keys[0].address(), self.chain.keys[1].address()];
        let block = assay_evm::RecoveredBlock::new_unhashed(self.block.clone(), senders);
        let output = self.chain.execute(&block).expect("the block is valid");
        let mut header = self.block.header.clone();
        change(&mut header);
        validate_post_execution(self.chain.spec(), &header, &output)
    }
}

#[test]
fn valid_blocks_pass_in_every_fork() {
    for fork in FORKS {
        let case = Case::new(fork);
        assert_eq!(case.header(|_| {}), Ok(()), "{fork}");
        assert_eq!(case.body(|_| {}), Ok(()), "{fork}");
        assert_eq!(case.post(|_| {}), Ok(()), "{fork}");
    }
}

#[test]
fn the_header_follows_its_parent() {
    for fork in FORKS {
        let case = Case::new(fork);
        let parent = &case.chain.head;
        assert_eq!(
            case.header(|header| header.parent_hash = B256::ZERO),
            Err(InvalidBlock::ParentHash { got: B256::ZERO, expected: parent.hash() })
        );
        for number in [parent.number, parent.number + 2] {
            assert_eq!(
                case.header(|header| header.number = number),
                Err(InvalidBlock::Number { got: number, expected: parent.number + 1 })
            );
        }
        assert_eq!(
            case.header(|header| header.timestamp = parent.timestamp),
            Err(InvalidBlock::Timestamp { got: parent.timestamp, parent: parent.timestamp })
        );
        let expected = case.block.header.base_fee_per_gas.expect("a base fee");
        for got in [expected - 1, expected + 1] {
            assert_eq!(
                case.header(|header| header.base_fee_per_gas = Some(got)),
                Err(InvalidBlock::BaseFee { got, expected })
            );
        }
        assert_eq!(
            case.header(|header| header.base_fee_per_gas = None),
            Err(InvalidBlock::BaseFeeMissing)
        );
    }
}

#[test]
fn fields_of_proof_of_work_stay_empty() {
    for fork in FORKS {
        let case = Case::new(fork);
        assert_eq!(
            case.header(|header| header.difficulty = U256::from(1)),
            Err(InvalidBlock::Difficulty)
        );
        assert_eq!(
            case.header(|header| header.nonce = [0, 0, 0, 0, 0, 0, 0, 1].into()),
            Err(InvalidBlock::Nonce)
        );
        assert_eq!(
            case.header(|header| header.ommers_hash = B256::ZERO),
            Err(InvalidBlock::OmmersHash(B256::ZERO))
        );
    }
}

#[test]
fn gas_is_bounded() {
    for fork in FORKS {
        let case = Case::new(fork);
        let maximum = i64::MAX as u64;
        assert_eq!(
            case.header(|header| header.gas_limit = maximum + 1),
            Err(InvalidBlock::GasLimit { got: maximum + 1, maximum })
        );
        let limit = case.block.header.gas_limit;
        assert_eq!(
            case.header(|header| header.gas_used = limit + 1),
            Err(InvalidBlock::GasUsedAboveLimit { used: limit + 1, limit })
        );
        // The gas limit comes from SystemConfig: any step from the parent's is allowed.
        assert_eq!(case.header(|header| header.gas_limit = limit * 100), Ok(()));
    }
}

#[test]
fn extra_data_has_the_forks_shape() {
    for fork in FORKS {
        let case = Case::new(fork);
        let expected = if since(fork, "jovian") {
            17
        } else if since(fork, "holocene") {
            9
        } else {
            0
        };
        let good = case.block.header.extra_data.to_vec();
        assert_eq!(good.len(), expected);
        for length in [0, 1, 8, 9, 10, 16, 17, 18, 32, 33] {
            let result = case.header(|header| header.extra_data = vec![1; length].into());
            if length != expected {
                let error = ExtraDataError::Length { got: length, expected };
                assert_eq!(result, Err(InvalidBlock::ExtraData(error)), "{fork} {length}");
            }
        }
        if expected == 0 {
            continue;
        }
        let change = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            case.header(|header| header.extra_data = bytes.into())
        };
        let error = ExtraDataError::Version { got: 7, expected: u8::from(expected == 17) };
        assert_eq!(change(0, 7), Err(InvalidBlock::ExtraData(error)));
        // The denominator is 250 and the elasticity 6: one byte each.
        let error = ExtraDataError::Parameters { denominator: 0, elasticity: 6 };
        assert_eq!(change(4, 0), Err(InvalidBlock::ExtraData(error)));
        let error = ExtraDataError::Parameters { denominator: 250, elasticity: 0 };
        assert_eq!(change(8, 0), Err(InvalidBlock::ExtraData(error)));
        assert_eq!(change(4, 9), Ok(()));
    }
}

#[test]
fn fields_appear_with_their_forks() {
    type Change = fn(&mut Header, bool);
    let fields: [(&str, &str, Change); 6] = [
        ("withdrawalsRoot", "canyon", |h, set| {
            h.withdrawals_root = set.then_some(B256::ZERO);
        }),
        ("parentBeaconBlockRoot", "ecotone", |h, set| {
            h.parent_beacon_block_root = set.then_some(B256::ZERO);
        }),
        ("excessBlobGas", "ecotone", |h, set| h.excess_blob_gas = set.then_some(0)),
        ("blobGasUsed", "ecotone", |h, set| h.blob_gas_used = set.then_some(0)),
        ("requestsHash", "isthmus", |h, set| h.requests_hash = set.then_some(B256::ZERO)),
        ("never", "karst", |_, _| {}),
    ];
    for fork in FORKS {
        let case = Case::new(fork);
        for (field, first, change) in fields.into_iter().filter(|field| field.0 != "never") {
            if since(fork, first) {
                assert_eq!(
                    case.header(|header| change(header, false)),
                    Err(InvalidBlock::FieldMissing { field }),
                    "{fork}"
                );
            } else {
                assert_eq!(
                    case.header(|header| change(header, true)),
                    Err(InvalidBlock::FieldTooEarly { field }),
                    "{fork}"
                );
            }
        }
        assert_eq!(
            case.header(|header| header.block_access_list_hash = Some(B256::ZERO)),
            Err(InvalidBlock::FieldTooEarly { field: "blockAccessListHash" })
        );
        assert_eq!(
            case.header(|header| header.slot_number = Some(0)),
            Err(InvalidBlock::FieldTooEarly { field: "slotNumber" })
        );
    }
}

#[test]
fn fields_hold_what_their_fork_says() {
    let one = B256::with_last_byte(1);
    for fork in FORKS {
        let case = Case::new(fork);
        if since(fork, "canyon") {
            let result = case.header(|header| header.withdrawals_root = Some(one));
            if since(fork, "isthmus") {
                assert_eq!(result, Ok(()), "checked against the state");
            } else {
                assert_eq!(result, Err(InvalidBlock::WithdrawalsRootNotEmpty(one)));
            }
        }
        if since(fork, "isthmus") {
            assert_eq!(
                case.header(|header| header.requests_hash = Some(one)),
                Err(InvalidBlock::RequestsHash(one))
            );
        }
        if since(fork, "ecotone") {
            assert_eq!(
                case.header(|header| header.excess_blob_gas = Some(1)),
                Err(InvalidBlock::ExcessBlobGas(1))
            );
            let limit = case.block.header.gas_limit;
            let used = limit + 1;
            assert_eq!(
                case.header(|header| header.blob_gas_used = Some(used)),
                Err(if since(fork, "jovian") {
                    InvalidBlock::DaFootprintAboveLimit { used, limit }
                } else {
                    InvalidBlock::BlobGasUsedNotZero(used)
                })
            );
        }
    }
}

#[test]
fn bodies_match_their_headers() {
    for fork in FORKS {
        let case = Case::new(fork);
        let expected = case.block.header.transactions_root;
        assert_eq!(
            case.body(|block| block.header.transactions_root = B256::ZERO),
            Err(InvalidBlock::TransactionsRoot { got: B256::ZERO, expected })
        );
        assert!(matches!(
            case.body(|block| block.body.transactions.swap(1, 2)),
            Err(InvalidBlock::TransactionsRoot { got, .. }) if got == expected
        ));
        assert_eq!(
            case.body(|block| block.body.ommers.push(Header::default())),
            Err(InvalidBlock::Ommers)
        );
        if since(fork, "canyon") {
            assert_eq!(
                case.body(|block| block.body.withdrawals = None),
                Err(InvalidBlock::FieldMissing { field: "withdrawals" })
            );
            assert_eq!(
                case.body(|block| {
                    block.body.withdrawals = Some(Withdrawals::new(vec![Withdrawal::default()]));
                }),
                Err(InvalidBlock::Withdrawals)
            );
        } else {
            assert_eq!(
                case.body(|block| block.body.withdrawals = Some(Withdrawals::default())),
                Err(InvalidBlock::FieldTooEarly { field: "withdrawals" })
            );
        }
        let post_exec = op_alloy_consensus::OpTxEnvelope::PostExec(
            op_alloy_consensus::TxPostExec::default().seal_slow(),
        );
        assert_eq!(
            case.body(|block| block.body.transactions.push(post_exec)),
            Err(InvalidBlock::TransactionType { index: 3, ty: 0x7d })
        );
    }
}

#[test]
fn jovian_activates_without_user_transactions() {
    let mut chain = TestChain::with_later("isthmus", &[("jovian", common::GENESIS_TIME + 4)]);
    for (number, activates) in [(1, false), (2, true), (3, false)] {
        let (block, _) = chain.build(vec![chain.transfer(0, 0)]);
        let result = validate_body(chain.spec(), &block.clone_block(), &chain.head, false);
        let expected = if activates {
            Err(InvalidBlock::UserTransactionAtActivation { index: 1 })
        } else {
            Ok(())
        };
        assert_eq!(result, expected, "block {number}");
        let (block, output) = chain.build(vec![]);
        assert_eq!(validate_body(chain.spec(), &block.clone_block(), &chain.head, false), Ok(()));
        assert_eq!(
            validate_header(chain.spec(), block.header(), &chain.head, chain.head.hash()),
            Ok(())
        );
        chain.advance(&block, &output);
    }
}

#[test]
fn results_match_the_header() {
    for fork in FORKS {
        let case = Case::new(fork);
        let header = &case.block.header;
        assert_eq!(
            case.post(|header| header.gas_used += 1),
            Err(InvalidBlock::GasUsed { got: header.gas_used + 1, expected: header.gas_used })
        );
        assert_eq!(
            case.post(|header| header.receipts_root = B256::ZERO),
            Err(InvalidBlock::ReceiptsRoot { got: B256::ZERO, expected: header.receipts_root })
        );
        assert_eq!(
            case.post(|header| header.logs_bloom = Bloom::repeat_byte(1)),
            Err(InvalidBlock::LogsBloom {
                got: Box::new(Bloom::repeat_byte(1)),
                expected: Box::new(header.logs_bloom)
            })
        );
        if since(fork, "jovian") {
            let expected = header.blob_gas_used.expect("Jovian's");
            // Two transactions of the least estimated size, 100 bytes.
            assert_eq!(expected, 2 * 100 * 400);
            assert_eq!(
                case.post(|header| header.blob_gas_used = Some(expected + 400)),
                Err(InvalidBlock::BlobGasUsed { got: expected + 400, expected })
            );
        }
        let roots = |state, passer| validate_roots(case.chain.spec(), header, state, passer);
        let passer = ROOTS.message_passer_root.expect("set");
        assert_eq!(roots(ROOTS.state_root, passer), Ok(()));
        assert_eq!(
            roots(B256::ZERO, passer),
            Err(InvalidBlock::StateRoot { got: ROOTS.state_root, expected: B256::ZERO })
        );
        assert_eq!(
            roots(ROOTS.state_root, B256::ZERO),
            if since(fork, "isthmus") {
                Err(InvalidBlock::WithdrawalsRoot { got: passer, expected: B256::ZERO })
            } else {
                Ok(())
            }
        );
    }
}

#[test]
fn a_base_fee_that_does_not_fit_is_no_block() {
    let case = Case::new("karst");
    let mut parent = case.chain.head.inner().clone();
    parent.base_fee_per_gas = Some(u64::MAX);
    parent.gas_used = parent.gas_limit;
    let mut header = case.block.header.clone();
    header.extra_data = Bytes::from(case.block.header.extra_data.to_vec());
    assert_eq!(
        validate_header(case.chain.spec(), &header, &parent, header.parent_hash),
        Err(InvalidBlock::BaseFeeOverflow)
    );
}
