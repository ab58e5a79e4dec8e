//! Blocks, fees, blobs and reorgs.

use super::{Actor, CHAIN_ID, CONTRACTS, GENESIS_TIME, GWEI, config, l1, sidecar};
use crate::{
    L1Error,
    l1::{L1, L1Config, Readd, Reorg},
};
use alloy_consensus::proofs::calculate_transaction_root;
use alloy_eips::{BlockId, BlockNumberOrTag, eip4844::env_settings::EnvKzgSettings};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_rpc_types_eth::{Filter, TransactionRequest};
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};

const LATEST: BlockId = BlockId::latest();

#[test]
fn a_transfer_moves_value_and_the_header_commits_to_it() {
    let mut l1 = l1();
    let (sender, to) = (Actor::dev(0), Address::repeat_byte(0x77));
    let before = l1.balance(sender.address(), LATEST).unwrap();
    let hash = l1.submit(&sender.transfer(0, to)).unwrap();
    assert!(l1.pooled(hash).is_some());
    let block = l1.mine().unwrap();
    assert_eq!(l1.pool_len(), 0);
    assert_eq!(l1.transaction(hash).map(|(block, index)| (block.number(), index)), Some((1, 0)));
    assert_eq!(l1.balance(to, LATEST).unwrap(), U256::ONE);
    assert_eq!(l1.balance(to, BlockId::number(0)).unwrap(), U256::ZERO);
    assert_eq!(l1.nonce(sender.address(), LATEST).unwrap(), 1);
    assert!(l1.balance(sender.address(), LATEST).unwrap() < before - U256::ONE);

    let header = &block.header;
    assert_eq!(header.parent_hash, l1.genesis().hash());
    assert_eq!(header.timestamp, GENESIS_TIME + 2);
    assert_eq!(header.gas_used, 21_000);
    assert_ne!(header.state_root, l1.genesis().header.state_root);
    assert_eq!(
        header.transactions_root,
        calculate_transaction_root(&[block.transactions[0].inner().clone()]),
    );
}

#[test]
fn history_is_readable_through_the_system_contracts() {
    let mut l1 = l1();
    for _ in 0..3 {
        l1.mine().unwrap();
    }
    // EIP-2935: the parent's hash.
    let slot = U256::from(2);
    let history = alloy_eips::eip2935::HISTORY_STORAGE_ADDRESS;
    let stored = l1.storage(history, slot, LATEST).unwrap();
    assert_eq!(B256::from(stored), l1.block_by_number(2).unwrap().hash());
    // EIP-4788: the beacon root by timestamp.
    let head = &l1.head().header;
    let input: Bytes = U256::from(head.timestamp).to_be_bytes::<32>().into();
    let request = TransactionRequest::default()
        .to(alloy_eips::eip4788::BEACON_ROOTS_ADDRESS)
        .input(input.into());
    let root = l1.call(request, LATEST).unwrap();
    assert_eq!(root[..], head.parent_beacon_block_root.unwrap()[..]);
}

#[test]
fn blobs_are_mined_priced_and_given_back_with_their_proofs() {
    let mut l1 = l1();
    let sidecar = sidecar(2, 1);
    let raw = Actor::dev(0).blobs(0, sidecar.clone());
    let hash = l1.submit(&raw).unwrap();
    let block = l1.mine().unwrap();
    assert_eq!(block.header.blob_gas_used, Some(2 * 131_072));
    assert_eq!(*block.transactions[0].tx_hash(), hash);
    let slot = l1.slot_at(block.header.timestamp);
    assert_eq!(slot, 1);
    let block = l1.block_at_slot(slot).unwrap();
    let blobs = l1.blobs(block).unwrap();
    assert_eq!(blobs.len(), 2);
    let settings = EnvKzgSettings::Default.get();
    for (blob, expected) in blobs.iter().zip(sidecar.blobs()) {
        assert_eq!(&*blob.blob, expected);
        let valid = settings.verify_blob_kzg_proof(
            &c_kzg::Blob::new(blob.blob.0),
            &c_kzg::Bytes48::new(blob.commitment.0),
            &c_kzg::Bytes48::new(blob.proof.0),
        );
        assert!(valid.unwrap());
    }
    assert_eq!(
        blobs.iter().map(|blob| blob.versioned_hash).collect::<Vec<_>>(),
        sidecar.versioned_hashes().collect::<Vec<_>>(),
    );
}

#[test]
fn osaka_takes_cell_proofs_and_prague_does_not() {
    let sidecar = sidecar(1, 2);
    let cells = sidecar.clone().try_convert_into_eip7594().unwrap();
    let (blob_proofs, cell_proofs) =
        (Actor::dev(0).blobs(0, sidecar), Actor::dev(0).blobs(0, cells));
    let mut prague = l1();
    assert!(prague.submit(&cell_proofs).is_err());
    prague.submit(&blob_proofs).unwrap();
    let mut osaka = L1::new(config().osaka());
    assert!(osaka.submit(&blob_proofs).is_err());
    osaka.submit(&cell_proofs).unwrap();
    let block = osaka.mine().unwrap();
    let blobs = osaka.blobs(&block).unwrap();
    let valid = EnvKzgSettings::Default.get().verify_blob_kzg_proof(
        &c_kzg::Blob::new(blobs[0].blob.0),
        &c_kzg::Bytes48::new(blobs[0].commitment.0),
        &c_kzg::Bytes48::new(blobs[0].proof.0),
    );
    assert!(valid.unwrap());
}

#[test]
fn a_blob_that_its_proof_does_not_fit_is_refused() {
    let mut l1 = l1();
    let alloy_eips::eip7594::BlobTransactionSidecarVariant::Eip4844(mut wrong) = sidecar(1, 3)
    else {
        unreachable!()
    };
    wrong.blobs[0][65] ^= 1;
    assert!(l1.submit(&Actor::dev(0).blobs(0, wrong.into())).is_err());
}

#[test]
fn the_base_fee_follows_demand() {
    let mut l1 = l1();
    let base_fee = |l1: &L1| l1.head().header.base_fee_per_gas.unwrap();
    let first = base_fee(&l1);
    l1.mine().unwrap();
    assert_eq!(base_fee(&l1), first - first / 8, "an empty block lowers it by an eighth");
    // Init code that burns all of its gas.
    let actor = Actor::dev(0);
    for nonce in 0..2 {
        l1.submit(&actor.encode(&alloy_consensus::TxEip1559 {
            chain_id: CHAIN_ID,
            nonce,
            gas_limit: 30_000_000,
            max_fee_per_gas: 100 * GWEI,
            max_priority_fee_per_gas: GWEI,
            to: TxKind::Create,
            input: Bytes::from_static(&[0xfe]),
            ..Default::default()
        }))
        .unwrap();
    }
    let (announced, _) = l1.next_fees();
    let full = l1.mine().unwrap();
    assert_eq!(full.header.base_fee_per_gas, Some(announced));
    assert_eq!(full.header.gas_used, full.header.gas_limit);
    l1.mine().unwrap();
    assert_eq!(base_fee(&l1), announced + announced / 8, "a full block raises it by an eighth");
}

#[test]
fn the_blob_base_fee_follows_demand() {
    let mut l1 = l1();
    assert_eq!(l1.blob_base_fee(), 1);
    let actor = Actor::dev(0);
    // Nine blobs a block, six being the target: the price rises by 8 % each time.
    let sidecar = sidecar(9, 1);
    for nonce in 0..20 {
        l1.submit(&actor.blobs(nonce, sidecar.clone())).unwrap();
        l1.mine().unwrap();
    }
    let dear = l1.blob_base_fee();
    assert!(dear > 1, "{dear}");
    assert_eq!(l1.head().header.excess_blob_gas, Some(19 * 3 * 131_072));
    for _ in 0..20 {
        l1.mine().unwrap();
    }
    assert_eq!(l1.blob_base_fee(), 1);
    let history = l1.fee_history(40, BlockNumberOrTag::Latest, &[50.0]).unwrap();
    assert_eq!(history.base_fee_per_blob_gas.len(), 41);
    assert_eq!(history.base_fee_per_blob_gas[20], dear);
    assert_eq!(history.blob_gas_used_ratio[0], 1.0);
    assert_eq!(history.reward.unwrap()[0], [GWEI]);
}

#[test]
fn a_reorg_drops_blocks_and_puts_their_transactions_elsewhere() {
    let mut l1 = l1();
    let to = Address::repeat_byte(0x55);
    l1.mine().unwrap();
    let transfer = l1.submit(&Actor::dev(0).transfer(0, to)).unwrap();
    let blob = l1.submit(&Actor::dev(1).blobs(0, sidecar(1, 4))).unwrap();
    let old = l1.mine().unwrap();
    l1.mine().unwrap();
    assert_eq!(l1.transaction(transfer).unwrap().0.number(), 2);

    let made = l1.reorg(&Reorg::of_depth(2)).unwrap();
    assert_eq!(made.len(), 3);
    assert_eq!(l1.head_number(), 4);
    assert!(made[0].transactions.is_empty());
    assert_eq!(l1.transaction(transfer).unwrap().0.number(), 3);
    assert_eq!(l1.transaction(blob).unwrap().0.number(), 3);
    assert_eq!(l1.blobs(&made[1]).unwrap().len(), 1);
    assert_eq!(l1.balance(to, BlockId::number(2)).unwrap(), U256::ZERO);
    assert_eq!(l1.balance(to, LATEST).unwrap(), U256::ONE);
    // Same slots, other blocks, and the chain still links.
    let new = l1.block_by_number(2).unwrap();
    assert_ne!(new.hash(), old.hash());
    assert_eq!(new.header.timestamp, old.header.timestamp);
    for number in 1..=4 {
        let block = l1.block_by_number(number).unwrap();
        assert_eq!(block.header.parent_hash, l1.block_by_number(number - 1).unwrap().hash());
    }
    // The old block is found by its hash, but it is not canonical: it has no state.
    assert_eq!(l1.block_by_hash(old.hash()).unwrap().number(), 2);
    assert!(matches!(l1.balance(to, old.hash().into()), Err(L1Error::UnknownBlock)));
}

#[test]
fn a_reorg_can_lose_transactions() {
    let mut l1 = l1();
    let to = Address::repeat_byte(0x55);
    let lost = l1.submit(&Actor::dev(0).transfer(0, to)).unwrap();
    let kept = l1.submit(&Actor::dev(1).transfer(0, to)).unwrap();
    l1.mine().unwrap();
    let readd = Readd::Only(vec![kept]);
    l1.reorg(&Reorg { depth: 1, blocks: 2, readd, delay: 0 }).unwrap();
    assert!(l1.transaction(lost).is_none());
    assert_eq!(l1.transaction(kept).unwrap().0.number(), 1);
    assert_eq!(l1.nonce(Actor::dev(0).address(), BlockId::pending()).unwrap(), 0);
    // The sender sends it again.
    assert_eq!(l1.submit(&Actor::dev(0).transfer(0, to)).unwrap(), lost);
    l1.mine().unwrap();
    assert_eq!(l1.transaction(lost).unwrap().0.number(), 3);
}

#[test]
fn state_after_a_reorg_is_as_if_the_dropped_blocks_had_never_been() {
    let to = Address::repeat_byte(0x99);
    let mut plain = l1();
    let mut reorged = l1();
    let deposit = Actor::dev(2).call(0, CONTRACTS.portal, 5, Bytes::new());
    reorged.submit(&deposit).unwrap();
    reorged.submit(&Actor::dev(3).transfer(0, to)).unwrap();
    reorged.mine().unwrap();
    reorged.reorg(&Reorg { depth: 1, blocks: 0, readd: Readd::None, delay: 0 }).unwrap();
    assert_eq!(plain.head().hash(), reorged.head().hash());
    plain.submit(&deposit).unwrap();
    reorged.submit(&deposit).unwrap();
    let (a, b) = (plain.mine().unwrap(), reorged.mine().unwrap());
    assert_eq!(a.header.receipts_root, b.header.receipts_root);
    assert_eq!(a.header.state_root, b.header.state_root);
}

#[test]
fn finalized_blocks_stay() {
    let mut l1 = L1::new(config().lags(1, 2));
    for _ in 0..5 {
        l1.mine().unwrap();
    }
    assert_eq!((l1.safe_number(), l1.finalized_number()), (4, 3));
    assert_eq!(l1.block(BlockId::safe()).unwrap().number(), 4);
    assert_eq!(l1.block(BlockId::finalized()).unwrap().number(), 3);
    assert!(matches!(l1.reorg(&Reorg::of_depth(3)), Err(L1Error::Reorg { .. })));
    assert!(matches!(l1.reorg(&Reorg::of_depth(9)), Err(L1Error::Reorg { .. })));
    l1.reorg(&Reorg::of_depth(2)).unwrap();
    assert_eq!(l1.head_number(), 6);
}

#[test]
fn slots_can_be_missed() {
    let mut l1 = l1();
    l1.mine().unwrap();
    let block = l1.mine_at(GENESIS_TIME + 10).unwrap();
    assert_eq!((block.number(), l1.slot_at(block.header.timestamp)), (2, 5));
    assert_eq!(l1.block_at_slot(5).unwrap().number(), 2);
    assert!(l1.block_at_slot(3).is_none());
    assert!(l1.block_at_slot(6).is_none());
    assert!(l1.mine_at(GENESIS_TIME + 10).is_err());
    assert!(l1.mine_at(GENESIS_TIME + 13).is_err());
}

#[test]
fn proofs_verify_against_the_state_root() {
    let mut l1 = l1();
    l1.submit(&Actor::dev(0).call(0, CONTRACTS.portal, 5, Bytes::new())).unwrap();
    l1.mine().unwrap();
    let slot = B256::from(U256::from(1));
    let proof = l1.proof(CONTRACTS.portal, &[slot.into()], LATEST).unwrap();
    let account = TrieAccount {
        nonce: proof.nonce,
        balance: proof.balance,
        storage_root: proof.storage_hash,
        code_hash: proof.code_hash,
    };
    verify_proof(
        l1.head().header.state_root,
        Nibbles::unpack(keccak256(CONTRACTS.portal)),
        Some(alloy_rlp::encode(account)),
        &proof.account_proof,
    )
    .unwrap();
    let storage = &proof.storage_proof[0];
    assert!(!storage.value.is_zero());
    verify_proof(
        proof.storage_hash,
        Nibbles::unpack(keccak256(slot)),
        Some(alloy_rlp::encode(storage.value)),
        &storage.proof,
    )
    .unwrap();
    // An account that does not exist has a proof of that.
    let nobody = Address::repeat_byte(0xee);
    let proof = l1.proof(nobody, &[], LATEST).unwrap();
    let key = Nibbles::unpack(keccak256(nobody));
    verify_proof(l1.head().header.state_root, key, None, &proof.account_proof).unwrap();
}

#[test]
fn logs_are_found_by_address_topic_and_range() {
    let mut l1 = l1();
    l1.submit(&Actor::dev(0).call(0, CONTRACTS.portal, 5, Bytes::new())).unwrap();
    l1.mine().unwrap();
    l1.submit(&Actor::dev(1).call(0, CONTRACTS.portal, 6, Bytes::new())).unwrap();
    let second = l1.mine().unwrap();
    let all = Filter::new().address(CONTRACTS.portal).from_block(0);
    let logs = l1.logs(&all).unwrap();
    assert_eq!(logs.len(), 2);
    assert_eq!(logs[1].block_number, Some(2));
    assert_eq!(logs[1].transaction_hash, Some(*second.transactions[0].tx_hash()));
    let one = all.topic1(Actor::dev(1).address());
    assert_eq!(l1.logs(&one).unwrap().len(), 1);
    assert_eq!(l1.logs(&Filter::new().at_block_hash(second.hash())).unwrap().len(), 1);
    assert!(
        l1.logs(&Filter::new().address(CONTRACTS.system_config).from_block(0)).unwrap().is_empty()
    );
    assert!(l1.logs(&Filter::new().from_block(2).to_block(1)).is_err());
}

#[test]
fn gas_estimates_suffice() {
    let mut l1 = l1();
    let request = TransactionRequest::default()
        .from(Actor::dev(0).address())
        .to(CONTRACTS.portal)
        .value(U256::from(5));
    let gas = l1.estimate_gas(&request, LATEST).unwrap();
    assert!((50_000..200_000).contains(&gas), "{gas}");
    let tx = alloy_consensus::TxEip1559 {
        chain_id: CHAIN_ID,
        gas_limit: gas,
        max_fee_per_gas: 100 * GWEI,
        to: TxKind::Call(CONTRACTS.portal),
        value: U256::from(5),
        ..Default::default()
    };
    l1.submit(&Actor::dev(0).encode(&tx)).unwrap();
    assert!(l1.mine().unwrap().receipts[0].status());
    let plain = TransactionRequest::default().to(Address::repeat_byte(1));
    assert_eq!(l1.estimate_gas(&plain, LATEST).unwrap(), 21_000);
}

#[test]
fn the_same_actions_make_the_same_chain() {
    let run = || {
        let mut l1 = L1::new(L1Config::new(1, 1_000, 12));
        for _ in 0..4 {
            l1.mine().unwrap();
        }
        l1.reorg(&Reorg::of_depth(1)).unwrap();
        l1.head().hash()
    };
    assert_eq!(run(), run());
}
