//! Calls, estimates and simulations.

use crate::fixture::{DEV, FRIEND, TestChain, contract_init_code};
use alloy_primitives::{B256, U256};
use assay_rpc::RpcConfig;
use serde_json::json;

fn word(value: u64) -> serde_json::Value {
    json!(B256::from(U256::from(value)))
}

#[tokio::test]
async fn calls_return_or_say_why_not() {
    let (chain, contract) = TestChain::with_blocks();
    let call = json!({"from": DEV, "to": contract, "data": word(7)});
    assert_eq!(chain.ok("eth_call", json!([call, "latest"])).await, word(7));

    let (code, message, data) = chain.error("eth_call", json!([{"to": contract}, "0x2"])).await;
    assert_eq!((code, message.as_str()), (3, "execution reverted: boom"));
    assert!(data.unwrap().contains("0x08c379a0"));
    // Before the contract existed.
    assert_eq!(chain.ok("eth_call", json!([{"to": contract}, "0x1"])).await, "0x");

    let poor = json!([{"from": FRIEND, "to": DEV, "value": "0x6"}, "latest"]);
    assert_eq!(chain.error("eth_call", poor).await.0, -32003);
    let broke = json!([{"from": FRIEND, "to": DEV, "gas": "0x5208", "gasPrice": "0x77359400"}]);
    let (code, message, _) = chain.error("eth_call", broke).await;
    assert_eq!(code, -32003);
    assert_eq!(message, "insufficient funds for gas * price + value: have 5 want 42000000000000");
    let both = json!([{"gasPrice": "0x1", "maxFeePerGas": "0x1"}, "latest"]);
    assert_eq!(chain.error("eth_call", both).await.0, -32602);
}

#[tokio::test]
async fn overrides_hold_for_one_call() {
    let (chain, contract) = TestChain::with_blocks();
    // NUMBER PUSH0 MSTORE PUSH1 32 PUSH0 RETURN, and SLOAD of slot 0 instead of NUMBER.
    let number = json!([{"to": FRIEND}, "latest", {FRIEND.to_string(): {"code": "0x435f5260205ff3"}}, {"number": "0x1234"}]);
    assert_eq!(chain.ok("eth_call", number).await, word(0x1234));
    let load = "0x5f545f5260205ff3";
    let diff = json!([{"to": contract}, "latest", {contract.to_string(): {"code": load, "stateDiff": {word(0).as_str().unwrap(): word(9)}}}]);
    assert_eq!(chain.ok("eth_call", diff).await, word(9));
    let whole =
        json!([{"to": contract}, "latest", {contract.to_string(): {"code": load, "state": {}}}]);
    assert_eq!(chain.ok("eth_call", whole).await, word(0));
    let pending =
        json!([{"to": FRIEND}, "pending", {FRIEND.to_string(): {"code": "0x435f5260205ff3"}}]);
    assert_eq!(chain.ok("eth_call", pending).await, word(4));
    let kept = json!([{"to": contract}, "latest", {contract.to_string(): {"code": load}}]);
    assert_eq!(chain.ok("eth_call", kept).await, word(42));
    let both =
        json!([{"to": contract}, "latest", {contract.to_string(): {"state": {}, "stateDiff": {}}}]);
    assert_eq!(chain.error("eth_call", both).await.0, -32602);
    // A precompile moved away answers at its new place.
    let identity = "0x0000000000000000000000000000000000000004";
    let simulated = json!([{"blockStateCalls": [{
        "stateOverrides": {identity: {"movePrecompileToAddress": FRIEND}},
        "calls": [{"to": FRIEND, "data": "0xabcd"}],
    }]}, "latest"]);
    let blocks = chain.ok("eth_simulateV1", simulated).await;
    assert_eq!(blocks[0]["calls"][0]["returnData"], "0xabcd");
}

#[tokio::test]
async fn estimates_suffice_and_are_capped() {
    let (chain, contract) = TestChain::with_blocks();
    let transfer = json!([{"from": DEV, "to": FRIEND, "value": "0x1"}]);
    assert_eq!(chain.ok("eth_estimateGas", transfer).await, "0x5208");
    let call = json!({"from": DEV, "to": contract, "data": word(8)});
    let gas = chain.ok("eth_estimateGas", json!([call])).await;
    let with_gas = |gas: &serde_json::Value| {
        let mut call = call.clone();
        call["gas"] = gas.clone();
        json!([call, "latest"])
    };
    assert_eq!(chain.ok("eth_call", with_gas(&gas)).await, word(8));
    assert_eq!(chain.error("eth_call", with_gas(&json!("0x5300"))).await.0, -32000);
    // JUMPDEST PUSH0 JUMP never ends: Karst's limit is what it runs into.
    let endless = json!([{"to": FRIEND}, "latest", {FRIEND.to_string(): {"code": "0x5b5f56"}}]);
    let (code, message, _) = chain.error("eth_estimateGas", endless).await;
    assert_eq!(code, -32003);
    assert_eq!(message, "out of gas: gas required exceeds: 16777216");
    let reverted = chain.error("eth_estimateGas", json!([{"to": contract}])).await;
    assert_eq!((reverted.0, reverted.1.as_str()), (3, "execution reverted: boom"));
}

#[tokio::test]
async fn access_lists_name_what_is_touched() {
    let (chain, contract) = TestChain::with_blocks();
    let call = json!({"from": DEV, "to": contract, "data": word(8)});
    let list = chain.ok("eth_createAccessList", json!([call, "latest"])).await;
    assert_eq!(list["accessList"][0]["address"], json!(contract));
    assert_eq!(list["accessList"][0]["storageKeys"], json!([word(0)]));
    // BALANCE of 3 and 5, SLOAD, BALANCE of 2: in the order in which they are touched.
    let touch = json!([{"to": FRIEND}, "latest", {FRIEND.to_string(): {
    "code": "0x620f00033150620f000531505f5450620f0002315000",
    }}]);
    let list = chain.ok("eth_createAccessList", touch).await;
    let order: Vec<u64> = list["accessList"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| u64::from_str_radix(&item["address"].as_str().unwrap()[36..], 16).unwrap())
        .collect();
    assert_eq!(order, [0xf0003, 0xf0005, 0xf0001, 0xf0002]);
    let failed = chain.ok("eth_createAccessList", json!([{"to": contract}, "latest"])).await;
    assert_eq!(failed["error"], "execution reverted: boom");
}

#[tokio::test]
async fn bundles_build_on_each_other() {
    let (chain, contract) = TestChain::with_blocks();
    let bundle = json!([[{"transactions": [
        {"from": DEV, "data": contract_init_code()},
        {"from": DEV, "to": DEV.create(3), "data": word(1)},
        {"to": contract},
    ]}], {"blockNumber": "latest"}]);
    let answers = chain.ok("eth_callMany", bundle).await;
    assert_eq!(answers[0][1]["value"], word(1));
    assert_eq!(answers[0][2]["error"], "execution reverted: boom");
    assert_eq!(chain.error("eth_callMany", json!([[]])).await.0, -32602);
}

#[tokio::test]
async fn simulated_blocks_follow_each_other() {
    let (chain, contract) = TestChain::with_blocks();
    let payload = json!([{
        "blockStateCalls": [
            {"calls": [
                {"from": DEV, "to": FRIEND, "value": "0x1"},
                {"from": DEV, "to": contract},
                {"from": DEV, "to": contract, "data": word(77)},
            ]},
            {"blockOverrides": {"number": "0x6"}, "calls": [{"to": FRIEND}]},
        ],
        "traceTransfers": true,
    }, "latest"]);
    let blocks = chain.ok("eth_simulateV1", payload).await;
    let blocks = blocks.as_array().unwrap();
    let numbers: Vec<_> = blocks.iter().map(|block| block["number"].clone()).collect();
    assert_eq!(numbers, ["0x4", "0x5", "0x6"]);
    assert_eq!(blocks[1]["parentHash"], blocks[0]["hash"]);
    let calls = blocks[0]["calls"].as_array().unwrap();
    assert_eq!(calls[0]["logs"][0]["address"], "0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
    assert_eq!(calls[1]["error"]["code"], 3);
    assert_eq!((&calls[2]["status"], &calls[2]["returnData"]), (&json!("0x1"), &word(77)));
    assert_eq!(calls[2]["logs"][0]["logIndex"], "0x1");
    // The chain itself is as it was.
    assert_eq!(chain.ok("eth_getBalance", json!([FRIEND, "latest"])).await, "0x5");

    let strict = json!([{"blockStateCalls": [{"calls": [{"from": DEV, "to": FRIEND, "nonce": "0x0", "maxFeePerGas": "0x77359400"}]}], "validation": true}, "latest"]);
    assert_eq!(chain.error("eth_simulateV1", strict).await.0, -38010);
    let backwards = json!([{"blockStateCalls": [{"blockOverrides": {"number": "0x1"}}]}, "latest"]);
    assert_eq!(chain.error("eth_simulateV1", backwards).await.0, -38020);
    assert_eq!(chain.error("eth_simulateV1", json!([{"blockStateCalls": []}])).await.0, -32602);
}

#[tokio::test]
async fn the_gas_cap_bounds_every_call() {
    let config = RpcConfig { gas_cap: 100_000, ..RpcConfig::default() };
    let chain = TestChain::with_config(config);
    let endless = json!({FRIEND.to_string(): {"code": "0x5b5f56"}});
    for call in [json!({"to": FRIEND}), json!({"to": FRIEND, "gas": "0xffffffff"})] {
        let (code, message, _) =
            chain.error("eth_call", json!([call, "latest", endless.clone()])).await;
        assert_eq!(code, -32003);
        assert_eq!(message, "out of gas: gas required exceeds: 100000");
    }
}
