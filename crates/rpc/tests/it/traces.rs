//! `debug_` and `trace_`.

use crate::fixture::{DEV, FRIEND, TestChain};
use alloy_primitives::{B256, Bytes, U256};
use assay_rpc::RpcConfig;
use serde_json::{Value, json};
use std::time::Duration;

fn word(value: u64) -> Value {
    json!(B256::from(U256::from(value)))
}

/// The hash of the transaction after the deposit of block `number`.
async fn user_transaction(chain: &TestChain, number: &str) -> Value {
    let block = chain.ok("eth_getBlockByNumber", json!([number, false])).await;
    block["transactions"][1].clone()
}

#[tokio::test]
async fn every_tracer_traces_a_transaction() {
    let (chain, contract) = TestChain::with_blocks();
    let hash = user_transaction(&chain, "0x3").await;
    let trace =
        async |options: Value| chain.ok("debug_traceTransaction", json!([hash, options])).await;
    let frame = trace(json!({"tracer": "callTracer", "tracerConfig": {"withLog": true}})).await;
    assert_eq!(frame["to"], json!(contract));
    assert_eq!(frame["output"], word(42));
    assert_eq!(frame["logs"][0]["topics"], json!([word(7)]));
    let before = trace(json!({"tracer": "prestateTracer"})).await;
    assert_eq!(before[DEV.to_string().to_lowercase()]["nonce"], 2);
    let key = contract.to_string().to_lowercase();
    let diff = trace(json!({"tracer": "prestateTracer", "tracerConfig": {"diffMode": true}})).await;
    assert_eq!(diff["post"][&key]["storage"][word(0).as_str().unwrap()], word(42));
    assert_eq!(trace(json!({"tracer": "noopTracer"})).await, json!({}));
    assert_eq!(trace(json!({"tracer": "4byteTracer"})).await, json!({"0x00000000-28": 1}));
    let flat = trace(json!({"tracer": "flatCallTracer"})).await;
    assert_eq!(flat[0]["type"], "call");
    let mux = trace(
        json!({"tracer": "muxTracer", "tracerConfig": {"callTracer": {}, "4byteTracer": null}}),
    )
    .await;
    assert_eq!(mux["callTracer"]["to"], json!(contract));
    let script = "{count: 0, step: function() { this.count += 1 }, fault: function() {}, result: function() { return this.count }}";
    let steps = trace(json!({"tracer": script})).await;
    let logs = trace(json!({})).await;
    assert_eq!(logs["structLogs"].as_array().unwrap().len() as u64, steps.as_u64().unwrap());
    assert_eq!(logs["structLogs"][0]["op"], "CALLDATASIZE");
    assert!(logs["structLogs"][0].get("refund").is_none());
    assert_eq!(logs["failed"], false);

    let unknown = json!([B256::repeat_byte(0xab), {}]);
    let (code, message, _) = chain.error("debug_traceTransaction", unknown).await;
    assert_eq!((code, message.as_str()), (-32001, "transaction not found"));
    let nonsense = json!([hash, {"tracer": "callTracer", "tracerConfig": {"withLog": 3}}]);
    assert_eq!(chain.error("debug_traceTransaction", nonsense).await.0, -32602);
}

#[tokio::test]
async fn blocks_are_traced_by_number_hash_and_encoding() {
    let (chain, _) = TestChain::with_blocks();
    let options = json!({"tracer": "callTracer"});
    let by_number = chain.ok("debug_traceBlockByNumber", json!(["0x3", options])).await;
    assert_eq!(by_number.as_array().unwrap().len(), 2);
    let hash = user_transaction(&chain, "0x3").await;
    assert_eq!(by_number[1]["txHash"], hash);
    let alone = chain.ok("debug_traceTransaction", json!([hash, options])).await;
    assert_eq!(by_number[1]["result"], alone);
    let block = chain.ok("eth_getBlockByNumber", json!(["0x3", false])).await;
    let by_hash = json!([block["hash"], options]);
    assert_eq!(by_number, chain.ok("debug_traceBlockByHash", by_hash).await);
    let raw = chain.ok("debug_getRawBlock", json!(["0x3"])).await;
    assert_eq!(by_number, chain.ok("debug_traceBlock", json!([raw, options])).await);
    assert_eq!(chain.error("debug_traceBlock", json!(["0xc0ff", options])).await.0, -32602);
    assert_eq!(chain.error("debug_traceBlockByNumber", json!(["0x9"])).await.0, -32001);
    assert_eq!(chain.error("debug_traceBlockByNumber", json!(["0x0"])).await.0, -32000);
}

#[tokio::test]
async fn calls_are_traced_on_any_state() {
    let (chain, contract) = TestChain::with_blocks();
    let call = json!({"from": DEV, "to": contract, "data": word(5)});
    let prestate = json!({"tracer": "prestateTracer"});
    let slot = async |block: &str| {
        let trace = chain.ok("debug_traceCall", json!([call, block, prestate])).await;
        trace[contract.to_string().to_lowercase()]["storage"][word(0).as_str().unwrap()].clone()
    };
    assert_eq!(slot("0x2").await, word(0));
    assert_eq!(slot("latest").await, word(42));
    // Before the second transaction of block 3, the slot is not written yet.
    let options = json!({"tracer": "prestateTracer", "txIndex": "0x1"});
    let early = chain.ok("debug_traceCall", json!([call, "0x3", options])).await;
    assert_eq!(
        early[contract.to_string().to_lowercase()]["storage"][word(0).as_str().unwrap()],
        word(0)
    );
    let traced = chain.ok("trace_call", json!([call, ["trace", "stateDiff"], "latest"])).await;
    assert_eq!(traced["output"], word(5));
    let many = json!([[[call, ["trace"]], [{"to": contract}, ["trace"]]], "latest"]);
    let many = chain.ok("trace_callMany", many).await;
    assert_eq!(many[1]["trace"][0]["error"], "Reverted");
}

#[tokio::test]
async fn parity_traces_agree_with_each_other() {
    let (chain, contract) = TestChain::with_blocks();
    let block = chain.ok("trace_block", json!(["0x3"])).await;
    let hash = user_transaction(&chain, "0x3").await;
    let transaction = chain.ok("trace_transaction", json!([hash])).await;
    assert_eq!(block.as_array().unwrap().last(), Some(&transaction[0]));
    assert_eq!(chain.ok("trace_get", json!([hash, ["0x0"]])).await, transaction[0]);
    let replayed = chain.ok("trace_replayTransaction", json!([hash, ["trace", "stateDiff"]])).await;
    assert_eq!(replayed["output"], word(42));
    let all = chain.ok("trace_replayBlockTransactions", json!(["0x3", ["trace"]])).await;
    assert_eq!(all[1]["trace"], replayed["trace"]);
    let filter = json!([{"fromBlock": "0x3", "toBlock": "0x3", "toAddress": [contract]}]);
    assert_eq!(chain.ok("trace_filter", filter).await, transaction);
    let second = json!([{"fromBlock": "0x1", "toBlock": "0x3", "after": 1, "count": 2}]);
    assert_eq!(chain.ok("trace_filter", second).await.as_array().unwrap().len(), 2);
    assert_eq!(chain.error("trace_block", json!(["0x9"])).await.0, -32001);
    assert!(chain.ok("trace_transaction", json!([B256::ZERO])).await.is_null());
    // A transaction that is in no block yet.
    let next = chain.transaction(3, FRIEND.into(), 1, Bytes::new());
    let raw = Bytes::from(alloy_eips::Encodable2718::encoded_2718(&next));
    let traced = chain.ok("trace_rawTransaction", json!([raw, ["trace"]])).await;
    assert_eq!(traced["trace"][0]["action"]["value"], "0x1");
}

#[tokio::test]
async fn a_witness_has_the_roots_it_starts_from() {
    let (chain, contract) = TestChain::with_blocks();
    let witness = chain.ok("debug_executionWitness", json!(["0x3"])).await;
    let parent = chain.ok("eth_getBlockByNumber", json!(["0x2", false])).await;
    let hashes: Vec<Value> = witness["state"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| {
            let node: Bytes = serde_json::from_value(node.clone()).unwrap();
            json!(alloy_primitives::keccak256(node))
        })
        .collect();
    assert!(hashes.contains(&parent["stateRoot"]));
    let code = chain.ok("eth_getCode", json!([contract, "latest"])).await;
    assert!(witness["codes"].as_array().unwrap().contains(&code));
    let header = chain.ok("debug_getRawHeader", json!(["0x2"])).await;
    assert_eq!(witness["headers"], json!([header]));
}

#[tokio::test]
async fn traces_end_at_their_bounds() {
    // JUMPDEST PUSH0 JUMP for ever, or until the gas is gone.
    let overrides = json!({FRIEND.to_string(): {"code": "0x5b5f56"}});
    let traced = |tracer: Value| {
        let mut options = json!({"stateOverrides": overrides});
        options["tracer"] = tracer;
        json!([{"to": FRIEND}, "latest", options])
    };
    let config = RpcConfig { max_trace_bytes: 100_000, ..RpcConfig::default() };
    let chain = TestChain::with_config(config);
    let (code, message, _) = chain.error("debug_traceCall", traced(Value::Null)).await;
    assert_eq!((code, message.as_str()), (-32000, "the trace is too large"));
    // Nothing is kept of steps here.
    let frame = chain.ok("debug_traceCall", traced(json!("callTracer"))).await;
    assert_eq!(frame["error"], "out of gas");

    let config = RpcConfig { call_timeout: Duration::from_millis(20), ..RpcConfig::default() };
    let chain = TestChain::with_config(config);
    let (code, message, _) = chain.error("debug_traceCall", traced(json!("4byteTracer"))).await;
    assert_eq!(code, -32000);
    assert!(message.starts_with("execution aborted"), "{message}");
}
