//! `AssayReceiptProof`: what another chain's contract accepts, with proofs that the node's trie
//! crate makes of the chain's state.

use crate::world::{ANYONE, NATIVE, World, ether, test_code};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolError, SolValue, sol};
use assay_chainspec::predeploys::INFERENCE;
use assay_precompiles::contracts::IInference;
use assay_trie::{
    AccountProof, HashedPostState, HashedStorage, account_proof, memory::MemorySource,
    recompute_state_root,
};
use revm::{DatabaseRef, database::InMemoryDB};
use std::collections::{BTreeMap, BTreeSet};

sol! {
    #![sol(extra_derives(Debug, PartialEq, Eq))]

    /// `genesis/contracts/test/TestReceiptProof.sol`, and the library's errors.
    interface TestReceiptProof {
        struct InferenceReceipt {
            bytes32 modelId;
            bytes32 inputHash;
            bytes32 outputHash;
            bytes32 attributionRoot;
            bytes32 requestId;
            address requester;
            address provider;
            uint256 price;
            uint64 nonce;
            uint64 time;
        }
        struct OutputRootProof {
            bytes32 version;
            bytes32 stateRoot;
            bytes32 messagePasserStorageRoot;
            bytes32 latestBlockhash;
        }
        struct Proof {
            OutputRootProof output;
            bytes[] account;
            bytes[] storage_;
        }
        function requireSettled(bytes32 outputRoot, uint256 chainId, InferenceReceipt calldata receipt, Proof calldata proof) external pure;
        function receiptHash(bytes32 outputRoot, bytes32 requestId, Proof calldata proof) external pure returns (bytes32);

        error WrongOutputRoot(bytes32 computed);
        error WrongReceiptHash(bytes32 held);
        error WrongProof();
        error WrongNode(uint256 index);
        error WrongRlp();
    }
}

use TestReceiptProof::{OutputRootProof, Proof};

/// The other chain, with the library in a contract.
const CHECKER: Address = Address::repeat_byte(0xcc);

/// A state as the node's trie crate sees it, with its root.
struct State {
    source: MemorySource,
    root: B256,
}

impl State {
    fn new(changes: &HashedPostState) -> Self {
        let mut source = MemorySource::default();
        source.apply_state(changes);
        let (root, nodes) = recompute_state_root(&source).expect("in memory");
        source.apply_nodes(&nodes);
        Self { source, root }
    }

    /// All of a chain's state.
    fn of(db: &InMemoryDB) -> Self {
        let mut changes = HashedPostState::default();
        for (address, account) in &db.cache.accounts {
            let info = db.basic_ref(*address).expect("in memory").unwrap_or_default();
            if info.is_empty() && account.storage.is_empty() {
                continue;
            }
            let key = keccak256(address);
            changes.accounts.insert(key, Some(info.into()));
            let slots =
                account.storage.iter().map(|(slot, value)| (keccak256(B256::from(*slot)), *value));
            changes.storages.insert(key, HashedStorage { wiped: false, slots: slots.collect() });
        }
        Self::new(&changes)
    }

    /// A state in which Inference has nothing but these receipts' hashes, beside `others` accounts.
    fn with(receipts: &[(B256, B256)], others: u64) -> Self {
        let mut changes = HashedPostState::default();
        let key = keccak256(INFERENCE);
        let slots =
            receipts.iter().map(|(request, hash)| (keccak256(slot(*request)), (*hash).into()));
        changes.storages.insert(key, HashedStorage { wiped: false, slots: slots.collect() });
        let account = |nonce: u64| reth_primitives_traits::Account { nonce, ..Default::default() };
        changes.accounts.insert(key, Some(account(1)));
        for other in 0..others {
            changes.accounts.insert(keccak256(other.to_be_bytes()), Some(account(other + 1)));
        }
        Self::new(&changes)
    }

    fn prove(&self, address: Address, request: B256) -> AccountProof {
        account_proof(&self.source, address, &[slot(request)]).expect("in memory")
    }

    fn proof(&self, request: B256) -> (B256, Proof) {
        wrap(&self.prove(INFERENCE, request))
    }
}

/// The slot of `receiptOf[request]`.
fn slot(request: B256) -> B256 {
    keccak256((request, U256::ZERO).abi_encode())
}

/// An output root over the proof's state root, and the whole proof.
fn wrap(proof: &AccountProof) -> (B256, Proof) {
    let output = OutputRootProof {
        version: B256::ZERO,
        stateRoot: proof.state_root,
        messagePasserStorageRoot: B256::repeat_byte(0x11),
        latestBlockhash: B256::repeat_byte(0x22),
    };
    let root = keccak256(output.abi_encode());
    (root, Proof { output, account: proof.proof.clone(), storage_: proof.storage[0].proof.clone() })
}

/// What the library says.
fn check(world: &World, root: B256, request: B256, proof: &Proof) -> Result<B256, Bytes> {
    let call = TestReceiptProof::receiptHashCall {
        outputRoot: root,
        requestId: request,
        proof: proof.clone(),
    };
    let outcome = world.chain.try_call(ANYONE, CHECKER, &call);
    if outcome.is_ok() {
        Ok(B256::from_slice(&outcome.ok().output))
    } else {
        Err(outcome.revert().clone())
    }
}

fn refused<E: SolError>(result: Result<B256, Bytes>) -> E {
    E::abi_decode_validate(&result.expect_err("refused")).expect("this error")
}

fn with_checker(mut world: World) -> World {
    world.chain.set_code(CHECKER, test_code("TestReceiptProof"));
    world
}

fn same(receipt: &IInference::InferenceReceipt) -> TestReceiptProof::InferenceReceipt {
    TestReceiptProof::InferenceReceipt::abi_decode(&receipt.abi_encode()).expect("the same fields")
}

#[test]
fn another_chain_checks_a_settled_receipt() {
    let mut world = with_checker(World::new());
    let mut receipts = Vec::new();
    for _ in 0..20 {
        let request = world.request(NATIVE, ether(1));
        let receipt = world.receipt(request, ether(1), None);
        let settlement = world.sign(receipt.clone());
        world.settle(settlement).ok();
        receipts.push(receipt);
    }
    let open = world.request(NATIVE, ether(1));
    let state = State::of(world.chain.state());
    let chain_id = U256::from(world.chain.chain_id());
    let require = |root, chain_id, receipt: &IInference::InferenceReceipt, proof: &Proof| {
        let call = TestReceiptProof::requireSettledCall {
            outputRoot: root,
            chainId: chain_id,
            receipt: same(receipt),
            proof: proof.clone(),
        };
        world.chain.try_call(ANYONE, CHECKER, &call)
    };
    for receipt in &receipts {
        let (root, proof) = state.proof(receipt.requestId);
        assert_eq!(proof.output.stateRoot, state.root);
        let outcome = require(root, chain_id, receipt, &proof);
        assert!(outcome.is_ok(), "{outcome:?}");
        assert_eq!(check(&world, root, receipt.requestId, &proof), Ok(world.digest(receipt)));
    }
    println!("requireSettled: {} gas", {
        let (root, proof) = state.proof(receipts[0].requestId);
        require(root, chain_id, &receipts[0], &proof).gas_used
    });
    // Any other receipt, any other chain.
    let (root, proof) = state.proof(receipts[0].requestId);
    let held = world.digest(&receipts[0]);
    let changes: [fn(&mut IInference::InferenceReceipt); 9] = [
        |receipt| receipt.modelId.0[0] ^= 1,
        |receipt| receipt.inputHash.0[0] ^= 1,
        |receipt| receipt.outputHash.0[0] ^= 1,
        |receipt| receipt.attributionRoot.0[0] ^= 1,
        |receipt| receipt.requester.0[0] ^= 1,
        |receipt| receipt.provider.0[0] ^= 1,
        |receipt| receipt.price += U256::ONE,
        |receipt| receipt.nonce += 1,
        |receipt| receipt.time += 1,
    ];
    for change in changes {
        let mut receipt = receipts[0].clone();
        change(&mut receipt);
        let wrong = require(root, chain_id, &receipt, &proof);
        assert_eq!(wrong.error::<TestReceiptProof::WrongReceiptHash>().held, held);
    }
    let wrong = require(root, chain_id + U256::ONE, &receipts[0], &proof);
    assert_eq!(wrong.error::<TestReceiptProof::WrongReceiptHash>().held, held);
    // One request's proof is not another's; an open one has none.
    let wrong = require(root, chain_id, &receipts[1], &proof);
    wrong.error::<TestReceiptProof::WrongNode>();
    let (root, proof) = state.proof(open);
    refused::<TestReceiptProof::WrongNode>(check(&world, root, open, &proof));
    // Nor is another account's storage Inference's.
    let elsewhere = state.prove(assay_chainspec::predeploys::DATANETS, open);
    let (root, proof) = wrap(&elsewhere);
    refused::<TestReceiptProof::WrongNode>(check(&world, root, open, &proof));
}

#[test]
fn the_output_root_is_the_one_that_is_trusted() {
    let world = with_checker(World::new());
    let (request, hash) = (B256::repeat_byte(1), B256::repeat_byte(2));
    let (root, good) = State::with(&[(request, hash)], 5).proof(request);
    assert_eq!(check(&world, root, request, &good), Ok(hash));
    let changes: [fn(&mut OutputRootProof); 4] = [
        |output| output.version.0[31] = 1,
        |output| output.stateRoot.0[0] ^= 1,
        |output| output.messagePasserStorageRoot.0[0] ^= 1,
        |output| output.latestBlockhash.0[0] ^= 1,
    ];
    for change in changes {
        let mut proof = good.clone();
        change(&mut proof.output);
        let computed = keccak256(proof.output.abi_encode());
        let wrong: TestReceiptProof::WrongOutputRoot =
            refused(check(&world, root, request, &proof));
        assert_eq!(wrong.computed, computed);
    }
    // Another version may mean anything: it is refused though it hashes to the root.
    let mut proof = good;
    proof.output.version.0[31] = 1;
    let root = keccak256(proof.output.abi_encode());
    refused::<TestReceiptProof::WrongOutputRoot>(check(&world, root, request, &proof));
}

/// Tries of every shape that keys can make: extensions of one nibble and more, leaves alone, deep
/// branches, values with leading zeroes.
#[test]
fn tries_of_every_shape() {
    let world = with_checker(World::new());
    let requests: Vec<B256> = (0u64..3_000).map(|seed| keccak256(seed.to_be_bytes())).collect();
    let mut shapes = BTreeSet::new();
    let mut prove = |receipts: &[(B256, B256)], others: u64| {
        let state = State::with(receipts, others);
        for (request, hash) in receipts.iter().take(4) {
            let (root, proof) = state.proof(*request);
            assert_eq!(check(&world, root, *request, &proof), Ok(*hash));
            shapes.insert((proof.account.len(), proof.storage_.len()));
        }
    };
    let hash = |request: &B256| keccak256(request);
    prove(&[(requests[0], hash(&requests[0]))], 0);
    // Pairs that share their first nibbles and nothing else: an extension at the root.
    for shared in 1..=4usize {
        let nibbles = |request: &B256| {
            let key = keccak256(slot(*request));
            key.iter().flat_map(|byte| [byte >> 4, byte & 15]).take(shared + 1).collect::<Vec<_>>()
        };
        let mut seen = BTreeMap::new();
        let pair = requests.iter().find_map(|request| {
            let path = nibbles(request);
            let other = seen.insert(path[..shared].to_vec(), (path[shared], *request))?;
            (other.0 != path[shared]).then_some([other.1, *request])
        });
        let receipts = pair.expect("3,000 keys have one").map(|request| (request, hash(&request)));
        prove(&receipts, shared as u64);
    }
    for count in [2, 3, 17, 300, 3_000] {
        let receipts: Vec<_> =
            requests[..count].iter().map(|request| (*request, hash(request))).collect();
        prove(&receipts, count as u64 * 3);
    }
    // Hashes that begin with zeroes are stored shorter; no keccak256 known has more than a few.
    for zeroes in 1..=3 {
        let mut short = keccak256([zeroes]);
        short[..usize::from(zeroes)].fill(0);
        prove(&[(requests[0], short), (requests[1], hash(&requests[1]))], 3);
    }
    assert!(shapes.len() > 5, "{shapes:?}");
}

#[test]
fn a_node_that_is_changed_missing_or_too_many_is_refused() {
    let world = with_checker(World::new());
    let receipts: Vec<_> = (0u64..40)
        .map(|seed| (keccak256(seed.to_be_bytes()), keccak256(seed.to_le_bytes())))
        .collect();
    let state = State::with(&receipts, 60);
    let (request, hash) = receipts[0];
    let (root, good) = state.proof(request);
    assert_eq!(check(&world, root, request, &good), Ok(hash));
    let parts: [fn(&mut Proof) -> &mut Vec<Bytes>; 2] =
        [|proof| &mut proof.account, |proof| &mut proof.storage_];
    let mut tried = 0;
    for part in parts {
        let nodes = part(&mut good.clone()).clone();
        assert!(nodes.len() > 1);
        let mut try_nodes = |nodes: Vec<Bytes>| {
            let mut proof = good.clone();
            *part(&mut proof) = nodes;
            refused::<TestReceiptProof::WrongNode>(check(&world, root, request, &proof));
            tried += 1;
        };
        for (index, node) in nodes.iter().enumerate() {
            for place in (0..node.len()).step_by(7) {
                let mut changed = nodes.clone();
                let mut bytes = node.to_vec();
                bytes[place] ^= 1 << (place % 8);
                changed[index] = bytes.into();
                try_nodes(changed);
            }
            try_nodes([&nodes[..index], &nodes[index + 1..]].concat());
            try_nodes([&nodes[..=index], &nodes[index..]].concat());
            try_nodes(nodes[..index].to_vec());
        }
        try_nodes([&nodes[..], &[Bytes::new()]].concat());
        try_nodes(nodes.iter().rev().cloned().collect());
    }
    assert!(tried > 100, "{tried}");
}

/// Nodes that hash to what is named, and are none: an attacker who could choose a root gains
/// nothing but an error.
#[test]
fn what_is_no_node_is_an_error() {
    let world = with_checker(World::new());
    let request = B256::repeat_byte(1);
    let key = keccak256(INFERENCE);
    let leaf = |path: &[u8], value: &[u8]| {
        alloy_rlp::encode([Bytes::copy_from_slice(path), Bytes::copy_from_slice(value)].to_vec())
    };
    let nibbles = |flag: u8| [&[flag][..], key.as_slice()].concat();
    let cases: Vec<Vec<u8>> = vec![
        vec![],
        vec![0x00],
        vec![0x80],
        vec![0xc0],
        vec![0xc1],
        vec![0xf8],
        vec![0xf9, 0xff, 0xff],
        vec![0xff; 9],
        vec![0xbf; 9],
        vec![0xc2, 0xb8, 0x01],
        // One item, three items, sixteen.
        vec![0xc1, 0x80],
        vec![0xc3, 0x80, 0x80, 0x80],
        [&[0xd0][..], &[0x80; 16]].concat(),
        // Trailing bytes.
        [&alloy_rlp::encode(vec![Bytes::new(); 17])[..], &[0]].concat(),
        // Empty branch, and one whose child is a list.
        alloy_rlp::encode(vec![Bytes::new(); 17]),
        [&[0xf0 - 0x1f][..], &[0xc0; 17]].concat(),
        // Leaves: no path, wrong flags, too short, too long, padding set, an account that is none.
        leaf(&[], &[1]),
        leaf(&nibbles(0x40), &[1]),
        leaf(&[0x20], &[1]),
        leaf(&[nibbles(0x20), vec![0]].concat(), &[1]),
        leaf(&nibbles(0x21), &[1]),
        leaf(&nibbles(0x20), &[]),
        leaf(&nibbles(0x20), &[0xc0]),
        leaf(&nibbles(0x20), &[0x80]),
        leaf(&nibbles(0x20), &[0xc4, 1, 1, 1, 1]),
        leaf(&nibbles(0x20), &[0xc5, 1, 1, 0x81, 1, 1]),
        leaf(&nibbles(0x20), &alloy_rlp::encode(vec![Bytes::from(vec![7; 32]); 3])),
        // An extension of the whole key.
        leaf(&nibbles(0x00), &[7; 32]),
    ];
    for node in cases {
        let output = OutputRootProof {
            version: B256::ZERO,
            stateRoot: keccak256(&node),
            messagePasserStorageRoot: B256::ZERO,
            latestBlockhash: B256::ZERO,
        };
        let root = keccak256(output.abi_encode());
        let account = vec![node.clone().into(), node.clone().into()];
        for account in [account[..1].to_vec(), account] {
            let proof = Proof { output: output.clone(), account, storage_: vec![] };
            let data = check(&world, root, request, &proof).expect_err("no node");
            let known = [
                TestReceiptProof::WrongNode::SELECTOR,
                TestReceiptProof::WrongRlp::SELECTOR,
                TestReceiptProof::WrongProof::SELECTOR,
            ];
            assert!(known.iter().any(|selector| data.starts_with(selector)), "{node:02x?}: {data}");
        }
    }
    // A storage value that is no word.
    for value in [vec![], vec![0x80], vec![0x00], vec![0xc0], [vec![0xa1], vec![1; 33]].concat()] {
        let slot_key = keccak256(slot(request));
        let path = [&[0x20][..], slot_key.as_slice()].concat();
        let storage = leaf(&path, &value);
        let account: Vec<Bytes> = vec![
            Bytes::from_static(&[1]),
            Bytes::from_static(&[1]),
            keccak256(&storage).to_vec().into(),
            keccak256([]).to_vec().into(),
        ];
        let account = leaf(&nibbles(0x20), &alloy_rlp::encode(account));
        let output = OutputRootProof {
            version: B256::ZERO,
            stateRoot: keccak256(&account),
            messagePasserStorageRoot: B256::ZERO,
            latestBlockhash: B256::ZERO,
        };
        let root = keccak256(output.abi_encode());
        let proof = Proof { output, account: vec![account.into()], storage_: vec![storage.into()] };
        assert!(check(&world, root, request, &proof).is_err(), "{value:02x?}");
    }
}
