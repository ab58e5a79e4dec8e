//! Verdicts that were cached, computed afresh and computed by the portable backend: every way through
//! the node gives the same receipts.

use super::{
    batcher::settings,
    evidence::{Case, every_case, trusting},
    node::Node,
    users::User,
    world::{RECORDER, World, assert_same_chain},
};
use alloy_primitives::{B256, Bytes};
use assay_chainspec::preset::{DEV_ACCOUNTS, Preset};
use assay_evm::AssayEvmConfig;
use assay_pool::{Pool, PoolConfig};
use assay_precompiles::{Backend, VerdictCache};
use assay_rollup::RollupOptions;
use assay_rpc::{Namespace, Namespaces, RpcConfig, RpcContext, router};
use jsonrpsee::RpcModule;
use op_alloy_rpc_types_engine::OpExecutionData;
use serde_json::{Value, json};
use std::sync::Arc;

/// Cases in one block.
const PER_BLOCK: usize = 6;

/// The three ways to a verdict. The cache has every verdict by the time that it is used.
fn ways(world: &World, cache: &VerdictCache) -> [(&'static str, AssayEvmConfig); 3] {
    let with = |verdicts| AssayEvmConfig::with_verdicts(Arc::clone(&world.spec), verdicts).unwrap();
    [
        ("cached", with(cache.clone())),
        ("afresh", with(VerdictCache::new(0))),
        ("portable", with(VerdictCache::new(0)).with_backend(Backend::Portable)),
    ]
}

/// Sends all cases, a few to a block; the blocks' receipts roots.
async fn sequence(world: &World, evm: AssayEvmConfig, cases: &[Case]) -> (Node, Vec<B256>) {
    let options = RollupOptions { sequencer: true, sequencer_l1_confs: 0, verifier_l1_confs: 0 };
    let mut node = Node::over(world, options, evm).await;
    let mut user = User::new(DEV_ACCOUNTS[0], world);
    for some in cases.chunks(PER_BLOCK) {
        for case in some {
            node.send(user.record(case.target, &case.input));
        }
        node.sequence(1).await;
    }
    assert_eq!(node.pool().status().pending, 0);
    let roots = receipts_roots(&node);
    (node, roots)
}

fn receipts_roots(node: &Node) -> Vec<B256> {
    (1..=node.head().number).map(|number| node.block(number).header().receipts_root).collect()
}

fn rpc(node: &Node, evm: &AssayEvmConfig) -> RpcModule<()> {
    let pool = Pool::new(node.chain().clone(), evm.clone(), PoolConfig::default());
    let ctx = RpcContext::new(node.chain().clone(), evm.clone(), pool, RpcConfig::default());
    router(&ctx, &Namespaces::from_iter(Namespace::ALL)).unwrap()
}

/// What `eth_call` returns for each case, or the data that it reverts with.
async fn calls(rpc: &RpcModule<()>, cases: &[Case]) -> Vec<Result<Vec<u8>, Vec<u8>>> {
    let mut answers = Vec::new();
    for case in cases {
        let call = json!({
            "to": case.target,
            "input": Bytes::from(case.input.clone()),
            "gas": "0x1000000",
        });
        let answer = rpc.call::<_, Bytes>("eth_call", [call, json!("latest")]).await;
        answers.push(match answer {
            Ok(output) => Ok(output.to_vec()),
            Err(jsonrpsee::core::server::MethodsError::JsonRpc(error)) => {
                let data = error.data().unwrap_or_else(|| panic!("{}: {error}", case.name));
                Err(serde_json::from_str::<Bytes>(data.get()).unwrap().to_vec())
            }
            Err(other) => panic!("{}: {other}", case.name),
        });
    }
    answers
}

/// Every call of every block, with its output and gas.
async fn traces(rpc: &RpcModule<()>, head: u64) -> Vec<Value> {
    let mut blocks = Vec::new();
    for number in 1..=head {
        let params = [json!(format!("{number:#x}")), json!({ "tracer": "callTracer" })];
        blocks.push(rpc.call("debug_traceBlockByNumber", params).await.unwrap());
    }
    blocks
}

#[tokio::test]
async fn verdicts_cached_afresh_and_portable_give_the_same_receipts() {
    let world = World::new(trusting(Preset::Dev.builder()));
    let cases = every_case();
    let expected: Vec<_> = cases.iter().map(|case| case.answer.clone()).collect();
    let cache = VerdictCache::default();
    let evm = AssayEvmConfig::with_verdicts(Arc::clone(&world.spec), cache.clone()).unwrap();
    let (mut first, roots) = sequence(&world, evm, &cases).await;
    assert!(cache.stats().entries > 0);
    // The payload builder, with the pool's transactions, before L1 moves on.
    for (way, evm) in ways(&world, &cache) {
        assert_eq!(sequence(&world, evm, &cases).await.1, roots, "built {way}");
    }
    let mut batcher = world.batcher(&first, settings());
    world.settle(&mut first, &mut batcher).await;
    let roots_then = receipts_roots(&first);
    assert_eq!(roots_then[..roots.len()], roots, "settling makes no other blocks");
    let recorded = (1..=first.head().number).flat_map(|number| first.receipts(number).to_vec());
    let logged =
        recorded.filter(|receipt| receipt.logs().iter().any(|log| log.address == RECORDER));
    assert_eq!(logged.count(), cases.len());

    let mut answers = Vec::new();
    for (way, evm) in ways(&world, &cache) {
        // newPayload.
        let mut follower = Node::over(&world, RollupOptions::default(), evm.clone()).await;
        for number in 1..=first.head().number {
            let block = first.block(number);
            let payload = OpExecutionData::from_block_unchecked(block.hash(), &block.clone_block());
            follower.rollup().unsafe_block(payload).await.unwrap();
        }
        assert_eq!(follower.head().hash(), first.head().hash(), "imported {way}");
        // Derivation, which builds each block anew from its attributes.
        let mut verifier = Node::over(&world, RollupOptions::default(), evm.clone()).await;
        verifier.derive().await;
        assert_same_chain(&first, &verifier);
        // Calls and traces.
        let rpc = rpc(&follower, &evm);
        assert_eq!(calls(&rpc, &cases).await, expected, "called {way}");
        answers.push(traces(&rpc, follower.head().number).await);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}
