//! Layers over a base show what the flattened state shows.

use super::random::{Keys, Random, Shape, block};
use crate::{
    Layer, OverlaySource, StateTrie, TrieReader, TrieSource, memory::MemorySource,
    recompute_state_root,
};
use alloy_primitives::B256;
use proptest::prelude::{ProptestConfig, any, proptest};
use std::sync::Arc;

/// Every entry from `$from` on.
macro_rules! all {
    ($cursor:expr, $from:expr) => {{
        let mut cursor = $cursor.unwrap();
        let mut entries = Vec::new();
        let mut entry = cursor.seek($from).unwrap();
        while let Some(found) = entry {
            entries.push(found);
            entry = cursor.next().unwrap();
        }
        entries
    }};
}

fn same(random: &mut Random, shape: &Shape, ours: &dyn TrieReader, flat: &dyn TrieReader) {
    for from in [B256::ZERO, shape.accounts.pick(random), shape.accounts.pick(random)] {
        assert_eq!(all!(ours.accounts(), from), all!(flat.accounts(), from));
        let path = crate::Nibbles::unpack(from).slice(..random.below(5));
        assert_eq!(all!(ours.account_trie(), path), all!(flat.account_trie(), path));
        let exact = |reader: &dyn TrieReader| reader.account_trie().unwrap().seek_exact(path);
        assert_eq!(exact(ours).unwrap(), exact(flat).unwrap());
    }
    for _ in 0..12 {
        let key = shape.accounts.pick(random);
        for from in [B256::ZERO, shape.slots.pick(random)] {
            assert_eq!(all!(ours.storage(key), from), all!(flat.storage(key), from));
            let path = crate::Nibbles::unpack(from).slice(..random.below(3));
            assert_eq!(all!(ours.storage_trie(key), path), all!(flat.storage_trie(key), path));
        }
    }
}

fn run(seed: u64, shape: &Shape) {
    let mut random = Random(seed);
    let mut base = MemorySource::default();
    let mut trie = StateTrie::cold(alloy_trie::EMPTY_ROOT_HASH);
    for _ in 0..3 {
        let changes = block(&mut random, shape, &base);
        let (next, updates) = trie.apply(&base, &changes).unwrap();
        base.apply_state(&changes);
        base.apply_nodes(&updates);
        trie = next;
    }
    let base = Arc::new(base);
    let mut flat = MemorySource::clone(&base);
    let mut layers: Vec<Layer> = Vec::new();
    let mut merged = (crate::HashedPostState::default(), crate::TrieUpdates::default());
    for _ in 0..6 {
        let overlay = OverlaySource::new(Arc::clone(&base), layers.clone());
        same(
            &mut random,
            shape,
            overlay.reader().unwrap().as_ref(),
            flat.reader().unwrap().as_ref(),
        );
        assert_eq!(recompute_state_root(&overlay).unwrap(), recompute_state_root(&flat).unwrap());

        let changes = block(&mut random, shape, &flat);
        let (next, updates) = StateTrie::cold(trie.root()).apply(&overlay, &changes).unwrap();
        flat.apply_state(&changes);
        flat.apply_nodes(&updates);
        assert_eq!(next.root(), recompute_state_root(&flat).unwrap().0);
        merged.0.extend(&changes);
        merged.1.extend(&updates);
        layers.insert(
            0,
            Layer { state: changes.into_sorted().into(), nodes: updates.into_sorted().into() },
        );
        trie = next;
    }
    let (state, nodes) = (merged.0.into_sorted().into(), merged.1.into_sorted().into());
    let overlay = OverlaySource::new(Arc::clone(&base), vec![Layer { state, nodes }]);
    same(&mut random, shape, overlay.reader().unwrap().as_ref(), flat.reader().unwrap().as_ref());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn layers_show_what_the_flat_state_shows(seed in any::<u64>(), crowded in any::<bool>()) {
        let keys = if crowded { Keys::Crowded } else { Keys::Spread(40) };
        run(seed, &Shape { accounts: keys, slots: keys, changes: 25, slot_changes: 15, deletions: 30 });
    }
}
