//! Against RFC 6962 word for word, and against tampering.

use super::*;
use crate::LogBuilder;
use proptest::prelude::*;

/// RFC 6962 section 2.1 word for word: split at the greatest power of two below n.
fn reference_root(leaves: &[B256]) -> B256 {
    match leaves {
        [] => keccak256([]),
        [leaf] => *leaf,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            node_hash(reference_root(&leaves[..split]), reference_root(&leaves[split..]))
        }
    }
}

/// RFC 6962 section 2.1.2: PROOF(m, D[n]) with every node named.
fn reference_consistency(old: usize, leaves: &[B256]) -> Vec<B256> {
    fn sub(old: usize, leaves: &[B256], whole: bool) -> Vec<B256> {
        if old == leaves.len() {
            return if whole { vec![] } else { vec![reference_root(leaves)] };
        }
        let split = leaves.len().next_power_of_two() / 2;
        let (mut proof, sibling) = if old <= split {
            (sub(old, &leaves[..split], whole), reference_root(&leaves[split..]))
        } else {
            (sub(old - split, &leaves[split..], false), reference_root(&leaves[..split]))
        };
        proof.push(sibling);
        proof
    }
    if old == 0 || old == leaves.len() {
        return vec![reference_root(leaves)];
    }
    let mut proof = sub(old, leaves, true);
    if old.is_power_of_two() {
        proof.insert(0, reference_root(&leaves[..old]));
    }
    proof
}

fn leaves(count: usize) -> Vec<B256> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

#[test]
fn empty_log() {
    assert_eq!(root(&[]), keccak256([]));
    assert_eq!(head(&[]), Frontier::default().head());
    let empty = head(&[]);
    assert_eq!(verify_consistency(empty, 0, empty, 0, &[empty_root()]), Ok(true));
}

#[test]
fn every_size_root_and_consistency_to_70() {
    let all = leaves(70);
    for new in 0..=all.len() {
        let now = &all[..new];
        assert_eq!(root(now), reference_root(now), "root of {new}");
        let builder = LogBuilder::new(now.to_vec());
        for old in 0..=new {
            let proof = reference_consistency(old, now);
            assert_eq!(builder.consistency_proof(old), Some(proof.clone()), "{old} to {new}");
            let verdict =
                verify_consistency(head(&all[..old]), old as u64, head(now), new as u64, &proof);
            assert_eq!(verdict, Ok(true), "{old} to {new}");
        }
    }
}

proptest! {
    #[test]
    fn append_equals_whole(first in 0usize..200, second in 0usize..200) {
        let all = leaves(first + second);
        let old = append(Frontier::default(), &all[..first]).unwrap();
        prop_assert_eq!(old.head(), head(&all[..first]));
        let new = append(old, &all[first..]).unwrap();
        prop_assert_eq!(new.head(), head(&all));
        prop_assert_eq!(new.nodes.len(), (all.len() as u64).count_ones() as usize);
    }

    #[test]
    fn inclusion_holds_and_every_change_breaks_it(
        count in 1usize..150,
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
        flip in any::<prop::sample::Index>(),
    ) {
        let all = leaves(count);
        let mut indices: Vec<u64> =
            picks.iter().map(|pick| pick.index(count) as u64).collect();
        indices.sort_unstable();
        indices.dedup();
        let builder = LogBuilder::new(all.clone());
        let proof = builder.inclusion_proof(&indices).unwrap();
        let chosen: Vec<B256> = indices.iter().map(|index| all[*index as usize]).collect();
        let (head, size) = (head(&all), count as u64);
        prop_assert_eq!(verify_inclusion(head, size, &indices, &chosen, &proof), Ok(true));

        // Another leaf, another node, another head: false.
        let mut wrong = chosen.clone();
        let at = flip.index(wrong.len());
        wrong[at].0[0] ^= 1;
        prop_assert_eq!(verify_inclusion(head, size, &indices, &wrong, &proof), Ok(false));
        if !proof.is_empty() {
            let mut wrong = proof.clone();
            let at = flip.index(wrong.len());
            wrong[at].0[31] ^= 1;
            prop_assert_eq!(verify_inclusion(head, size, &indices, &chosen, &wrong), Ok(false));
            prop_assert_eq!(
                verify_inclusion(head, size, &indices, &chosen, &proof[1..]),
                Err(MalformedCode::ProofTooShort.into())
            );
        }
        let mut long = proof.clone();
        long.push(B256::ZERO);
        prop_assert_eq!(
            verify_inclusion(head, size, &indices, &chosen, &long),
            Err(MalformedCode::ProofTooLong.into())
        );
        // The head commits to the size.
        prop_assert_ne!(
            verify_inclusion(head, size + 1, &indices, &chosen, &proof),
            Ok(true)
        );
        // Reordered leaves.
        if chosen.len() > 1 {
            let mut wrong = chosen;
            wrong.swap(0, 1);
            prop_assert_eq!(verify_inclusion(head, size, &indices, &wrong, &proof), Ok(false));
        }
    }

    #[test]
    fn consistency_rejects_changes(
        new in 1usize..120,
        old in any::<prop::sample::Index>(),
        flip in any::<prop::sample::Index>(),
    ) {
        let all = leaves(new);
        let old = old.index(new);
        let proof = LogBuilder::new(all.clone()).consistency_proof(old).unwrap();
        let (old_head, new_head) = (head(&all[..old]), head(&all));
        let mut wrong = proof.clone();
        let at = flip.index(wrong.len());
        wrong[at].0[7] ^= 4;
        prop_assert_eq!(
            verify_consistency(old_head, old as u64, new_head, new as u64, &wrong),
            Ok(false)
        );
        let mut long = proof.clone();
        long.push(B256::ZERO);
        prop_assert_eq!(
            verify_consistency(old_head, old as u64, new_head, new as u64, &long),
            Err(MalformedCode::ProofTooLong.into())
        );
        prop_assert_eq!(
            verify_consistency(old_head, old as u64, new_head, new as u64, &proof[..proof.len() - 1]),
            Err(MalformedCode::ProofTooShort.into())
        );
    }

    #[test]
    fn any_sizes_and_proofs_are_total(
        old in any::<u64>(),
        new in any::<u64>(),
        indices in prop::collection::btree_set(any::<u64>(), 0..8),
        proof in prop::collection::vec(any::<[u8; 32]>().prop_map(B256::from), 0..140),
    ) {
        let indices: Vec<u64> = indices.into_iter().collect();
        let chosen = vec![B256::ZERO; indices.len()];
        prop_assert_ne!(verify_inclusion(B256::ZERO, new, &indices, &chosen, &proof), Ok(true));
        prop_assert_ne!(verify_consistency(B256::ZERO, old, B256::ZERO, new, &proof), Ok(true));
    }
}

#[test]
fn an_inner_node_is_not_a_leaf() {
    // Second preimage: the data of an inner node, hashed as a leaf, is another hash.
    let all = leaves(2);
    let inner = [all[0].as_slice(), all[1].as_slice()].concat();
    assert_ne!(leaf_hash(&inner), node_hash(all[0], all[1]));
    // A log of one leaf that is another log's root has another head: heads commit to sizes.
    assert_ne!(head(&[root(&all)]), head(&all));
}

#[test]
fn malformed_codes() {
    let all = leaves(4);
    let (head, nodes) = (head(&all), &all[..]);
    let check = |indices: &[u64], leaves: &[B256]| {
        verify_inclusion(head, 4, indices, leaves, nodes).unwrap_err().0
    };
    assert_eq!(check(&[0, 1], &all[..1]), MalformedCode::LeafCount);
    assert_eq!(check(&[], &[]), MalformedCode::NoIndices);
    assert_eq!(check(&[1, 1], &all[..2]), MalformedCode::IndexOrder);
    assert_eq!(check(&[2, 1], &all[..2]), MalformedCode::IndexOrder);
    assert_eq!(check(&[4], &all[..1]), MalformedCode::IndexRange);
    assert_eq!(
        append(Frontier { size: 3, nodes: vec![B256::ZERO] }, &[]),
        Err(MalformedCode::FrontierLength.into())
    );
    let full = Frontier { size: u64::MAX, nodes: vec![B256::ZERO; 64] };
    assert_eq!(append(full, &all[..1]), Err(MalformedCode::SizeOverflow.into()));
    assert_eq!(verify_consistency(head, 5, head, 4, &[]), Err(MalformedCode::SizesReversed.into()));
}
