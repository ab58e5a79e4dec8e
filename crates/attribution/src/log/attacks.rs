//! Against another implementation of RFC 6962, and attacks on the verifiers.

use super::*;
use crate::LogBuilder;
use ct_merkle::{ConsistencyProof, InclusionProof, mem_backed_tree::MemoryBackedTree};
use proptest::prelude::*;
use sha3::Keccak256 as Hash;

type Tree = MemoryBackedTree<Hash, Vec<u8>>;

fn data(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|index| vec![index as u8; index % 7]).collect()
}

fn tree(data: &[Vec<u8>]) -> Tree {
    let mut tree = Tree::new();
    for leaf in data {
        tree.push(leaf.clone());
    }
    tree
}

fn log(data: &[Vec<u8>]) -> LogBuilder {
    LogBuilder::new(data.iter().map(|leaf| leaf_hash(leaf)).collect())
}

fn nodes(bytes: &[u8]) -> Vec<B256> {
    bytes.chunks(32).map(B256::from_slice).collect()
}

#[test]
fn ct_merkle_has_the_same_roots_and_proofs() {
    let all = data(40);
    for size in 1..=all.len() {
        let (theirs, ours) = (tree(&all[..size]), log(&all[..size]));
        assert_eq!(theirs.root().as_bytes().as_slice(), ours.root().as_slice(), "root of {size}");
        let head = ours.head();
        for (index, leaf) in all[..size].iter().enumerate() {
            // One leaf's multiproof is RFC 6962's audit path, either way.
            let proof = theirs.prove_inclusion(index);
            let path = ours.inclusion_proof(&[index as u64]).unwrap();
            assert_eq!(nodes(proof.as_bytes()), path);
            let own: Vec<u8> = path.iter().flat_map(|node| node.0).collect();
            let own = InclusionProof::<Hash>::try_from_bytes(own).unwrap();
            theirs.root().verify_inclusion(leaf, index as u64, &own).unwrap();
            let leaves = [leaf_hash(leaf)];
            let verdict = verify_inclusion(
                head,
                size as u64,
                &[index as u64],
                &leaves,
                &nodes(proof.as_bytes()),
            );
            assert_eq!(verdict, Ok(true));
        }
        for old in 1..size {
            let proof = nodes(theirs.prove_consistency(size - old).as_bytes());
            let mut named = ours.consistency_proof(old).unwrap();
            let before = log(&all[..old]);
            if old.is_power_of_two() {
                // The one difference: here the older root is named.
                assert_eq!(named.remove(0), before.root());
            }
            assert_eq!(named, proof, "{old} to {size}");
            let own: Vec<u8> = named.iter().flat_map(|node| node.0).collect();
            let own = ConsistencyProof::<Hash>::try_from_bytes(own).unwrap();
            theirs.root().verify_consistency(&tree(&all[..old]).root(), &own).unwrap();
        }
    }
}

#[test]
fn second_preimages_are_refused() {
    // An inner node of a log of four, shown as a leaf of a log of two, under either size.
    let all = data(4);
    let log = log(&all);
    let (left, right) = (
        node_hash(leaf_hash(&all[0]), leaf_hash(&all[1])),
        node_hash(leaf_hash(&all[2]), leaf_hash(&all[3])),
    );
    assert_eq!(node_hash(left, right), log.root());
    assert_eq!(verify_inclusion(log.head(), 2, &[0], &[left], &[right]), Ok(false));
    assert_eq!(
        verify_inclusion(log.head(), 4, &[0], &[left], &[right]),
        Err(MalformedCode::ProofTooShort.into())
    );
    // Its bytes as a leaf's data: the domains differ.
    let children = [leaf_hash(&all[0]), leaf_hash(&all[1])].concat();
    assert_ne!(leaf_hash(&children), left);
    assert_ne!(leaf_hash(&[[0x01].as_slice(), &children].concat()), left);
    // A head is no node and no leaf: it begins with its own byte.
    assert_ne!(log.head(), log.root());
    assert_ne!(
        log.head(),
        leaf_hash(&[log.size().to_be_bytes().as_slice(), log.root().as_slice()].concat())
    );
}

proptest! {
    #[test]
    fn another_size_is_refused(
        count in 1usize..70,
        other in 1u64..200,
        picks in prop::collection::btree_set(0usize..70, 1..8),
    ) {
        prop_assume!(other != count as u64);
        let all = data(count);
        let log = log(&all);
        let indices: Vec<u64> =
            picks.into_iter().filter(|pick| *pick < count).map(|pick| pick as u64).collect();
        prop_assume!(!indices.is_empty());
        let leaves: Vec<B256> =
            indices.iter().map(|index| leaf_hash(&all[*index as usize])).collect();
        let proof = log.inclusion_proof(&indices).unwrap();
        prop_assert_ne!(verify_inclusion(log.head(), other, &indices, &leaves, &proof), Ok(true));
        for old in 0..=count {
            let before = LogBuilder::new(all[..old].iter().map(|leaf| leaf_hash(leaf)).collect());
            let proof = log.consistency_proof(old).unwrap();
            let (old, new) = (old as u64, count as u64);
            prop_assert_eq!(
                verify_consistency(before.head(), old, log.head(), new, &proof),
                Ok(true)
            );
            prop_assert_ne!(
                verify_consistency(before.head(), old, log.head(), other, &proof),
                Ok(true)
            );
            if other != old {
                prop_assert_ne!(
                    verify_consistency(before.head(), other, log.head(), new, &proof),
                    Ok(true)
                );
            }
        }
    }

    #[test]
    fn reordering_duplicates_and_extra_nodes_are_refused(
        count in 2usize..70,
        picks in prop::collection::btree_set(0usize..70, 2..8),
        at in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let all = data(count);
        let log = log(&all);
        let indices: Vec<u64> =
            picks.into_iter().filter(|pick| *pick < count).map(|pick| pick as u64).collect();
        prop_assume!(indices.len() > 1);
        let leaves: Vec<B256> =
            indices.iter().map(|index| leaf_hash(&all[*index as usize])).collect();
        let proof = log.inclusion_proof(&indices).unwrap();
        let verify = |indices: &[u64], leaves: &[B256], proof: &[B256]| {
            verify_inclusion(log.head(), count as u64, indices, leaves, proof)
        };
        let (first, second) = (at.index(leaves.len()), to.index(leaves.len()));

        // Leaves, indices, or both in another order.
        let (mut moved_leaves, mut moved_indices) = (leaves.clone(), indices.clone());
        moved_leaves.swap(first, second);
        moved_indices.swap(first, second);
        if first != second {
            prop_assert_eq!(
                verify(&indices, &moved_leaves, &proof),
                Ok(leaves[first] == leaves[second])
            );
            prop_assert_eq!(
                verify(&moved_indices, &moved_leaves, &proof),
                Err(MalformedCode::IndexOrder.into())
            );
        }
        // One leaf twice.
        let (mut twice, mut twice_leaves) = (indices.clone(), leaves.clone());
        twice.insert(first, indices[first]);
        twice_leaves.insert(first, leaves[first]);
        prop_assert_eq!(
            verify(&twice, &twice_leaves, &proof),
            Err(MalformedCode::IndexOrder.into())
        );
        // A node more, wherever it stands: never true, and at the end malformed.
        let mut longer = proof.clone();
        longer.insert(at.index(proof.len() + 1), B256::repeat_byte(7));
        prop_assert_eq!(
            verify(&indices, &leaves, &longer),
            Err(MalformedCode::ProofTooLong.into())
        );
        // Two nodes of the proof in another order.
        if proof.len() > 1 {
            let mut swapped = proof.clone();
            let (first, second) = (at.index(proof.len()), to.index(proof.len()));
            swapped.swap(first, second);
            prop_assert_eq!(
                verify(&indices, &leaves, &swapped),
                Ok(swapped == proof)
            );
        }
        // Leaves of another log of the same size.
        let mut other = all;
        other[indices[first] as usize].push(1);
        prop_assert_eq!(
            verify_inclusion(self::log(&other).head(), count as u64, &indices, &leaves, &proof),
            Ok(false)
        );
    }
}
