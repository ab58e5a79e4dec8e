//! The namespace as a caller sees it: JSON in, JSON out, no socket.

use super::{engine_module, testing::spec_with_forks};
use crate::miner::miner_module;
use alloy_primitives::B256;
use assay_chain::{Chain, ChainOptions};
use assay_engine::{Engine, EngineConfig};
use assay_evm::AssayEvmConfig;
use assay_pool::{Pool, PoolConfig};
use assay_storage::{Store, StoreOptions};
use jsonrpsee::RpcModule;
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;

struct Node {
    module: RpcModule<()>,
    genesis: B256,
    _dir: TempDir,
}

impl Node {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let spec = Arc::new(spec_with_forks());
        let store = Store::open(dir.path(), &spec, StoreOptions::default()).unwrap();
        let chain = Chain::open(store, Arc::clone(&spec), ChainOptions::default()).unwrap();
        let evm = AssayEvmConfig::new(Arc::clone(&spec)).unwrap();
        let pool = Pool::new(chain.clone(), evm.clone(), PoolConfig::default());
        let engine = Engine::new(chain, evm, pool, EngineConfig::default()).unwrap();
        let mut module = RpcModule::new(());
        module.merge(engine_module(engine.clone()).unwrap()).unwrap();
        module.merge(miner_module(engine).unwrap()).unwrap();
        Self { module, genesis: spec.genesis_hash(), _dir: dir }
    }

    async fn call(&self, method: &str, params: Value) -> Result<Value, i64> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (answer, _) = self.module.raw_json_request(&request.to_string(), 1).await.unwrap();
        let mut answer: Value = serde_json::from_str(answer.get()).unwrap();
        match answer.get("error") {
            Some(error) => Err(error["code"].as_i64().unwrap()),
            None => Ok(answer["result"].take()),
        }
    }

    async fn build(&self, version: u8, parent: B256, attributes: Value) -> Value {
        let state = forkchoice(parent);
        let method = "engine_forkchoiceUpdatedV3";
        let answer = self.call(method, json!([state, attributes])).await.unwrap();
        assert_eq!(answer["payloadStatus"]["status"], "VALID");
        let id = &answer["payloadId"];
        for other in (2..=5).filter(|other| *other != version) {
            let method = format!("engine_getPayloadV{other}");
            assert_eq!(self.call(&method, json!([id])).await, Err(-38005), "{method}");
        }
        self.call(&format!("engine_getPayloadV{version}"), json!([id])).await.unwrap()
    }
}

fn forkchoice(head: B256) -> Value {
    json!({ "headBlockHash": head, "safeBlockHash": B256::ZERO, "finalizedBlockHash": B256::ZERO })
}

fn attributes(timestamp: u64) -> Value {
    let mut attributes = json!({
        "timestamp": format!("{timestamp:#x}"),
        "prevRandao": B256::ZERO,
        "suggestedFeeRecipient": "0x4200000000000000000000000000000000000011",
        "transactions": [],
        "noTxPool": true,
        "gasLimit": "0x1c9c380",
    });
    if timestamp >= 100 {
        attributes["withdrawals"] = json!([]);
    }
    if timestamp >= 300 {
        attributes["parentBeaconBlockRoot"] = json!(B256::ZERO);
    }
    if timestamp >= 400 {
        attributes["eip1559Params"] = json!("0x0000000000000000");
    }
    if timestamp >= 600 {
        attributes["minBaseFee"] = json!(7);
    }
    attributes
}

#[tokio::test]
async fn every_version_builds_and_takes_its_own_forks() {
    let node = Node::new();
    // Regolith has the shape of V1, which travels in V2.
    for (timestamp, get, new) in
        [(50, 2, 2), (150, 2, 2), (350, 3, 3), (550, 4, 4), (650, 4, 4), (750, 5, 4)]
    {
        let envelope = node.build(get, node.genesis, attributes(timestamp)).await;
        let payload = &envelope["executionPayload"];
        let params = match new {
            2 => json!([payload]),
            3 => json!([payload, [], B256::ZERO]),
            _ => json!([payload, [], B256::ZERO, []]),
        };
        for version in 2..=4 {
            let method = format!("engine_newPayloadV{version}");
            let mut params = params.as_array().unwrap().clone();
            params.extend(
                [json!([]), json!(B256::ZERO), json!([])].into_iter().skip(params.len() - 1),
            );
            let answer = node.call(&method, params.into()).await;
            if version == new {
                let answer = answer.unwrap();
                assert_eq!(answer["status"], "VALID", "{timestamp}: {answer}");
                assert_eq!(answer["latestValidHash"], payload["blockHash"]);
            } else {
                assert_eq!(answer, Err(-38005), "{method} at {timestamp}");
            }
        }
        let keys = ["blobsBundle", "shouldOverrideBuilder", "executionRequests"];
        let present = keys.map(|key| envelope.get(key).is_some());
        assert_eq!(present, [get >= 3, get >= 3, get >= 4]);
        assert!(envelope["blockValue"].is_string());
    }
}

#[tokio::test]
async fn error_codes() {
    let node = Node::new();
    let fork_choice = "engine_forkchoiceUpdatedV3";
    let state = forkchoice(node.genesis);
    let unknown = B256::repeat_byte(1);
    assert_eq!(node.call("engine_getPayloadV4", json!(["0x0101010101010101"])).await, Err(-38001));
    let mut labels = state.clone();
    labels["safeBlockHash"] = json!(unknown);
    assert_eq!(node.call(fork_choice, json!([labels, null])).await, Err(-38002));
    let mut bad = attributes(550);
    bad["gasLimit"] = Value::Null;
    assert_eq!(node.call(fork_choice, json!([state, bad])).await, Err(-38003));
    let hashes = vec![unknown; 1025];
    assert_eq!(node.call("engine_getPayloadBodiesByHashV1", json!([hashes])).await, Err(-38004));
    for version in [1, 2] {
        let method = format!("engine_forkchoiceUpdatedV{version}");
        let answer = node.call(&method, json!([state, attributes(550)])).await;
        assert_eq!(answer, Err(-38005));
    }
    for (method, params) in [
        (fork_choice, json!([])),
        (fork_choice, json!([{ "headBlockHash": "0x01" }])),
        (fork_choice, json!([state, { "timestamp": "0x1" }])),
        ("engine_newPayloadV4", json!([{}, [], unknown, []])),
        ("engine_newPayloadV4", json!(["payload"])),
        ("engine_getPayloadV4", json!(["0x01"])),
        ("engine_getPayloadBodiesByRangeV1", json!(["0x0", "0x1"])),
        ("miner_setMaxDASize", json!(["a lot", 1])),
    ] {
        assert_eq!(node.call(method, params.clone()).await, Err(-32602), "{method} {params}");
    }
    // A field of another fork, or one too few.
    let envelope = node.build(4, node.genesis, attributes(550)).await;
    for (key, value) in [("withdrawalsRoot", Value::Null), ("blobGasUsed", Value::Null)] {
        let mut payload = envelope["executionPayload"].clone();
        payload[key] = value;
        let params = json!([payload, [], B256::ZERO, []]);
        assert_eq!(node.call("engine_newPayloadV4", params).await, Err(-32602), "{key}");
    }
    let answer = node.call(fork_choice, json!([forkchoice(unknown)])).await.unwrap();
    assert_eq!(answer["payloadStatus"]["status"], "SYNCING");
    assert_eq!(answer["payloadId"], Value::Null);
}

#[tokio::test]
async fn min_base_fee_as_number_or_quantity_gives_one_id() {
    let node = Node::new();
    let mut ids = Vec::new();
    for value in [json!(7), json!("0x7")] {
        let mut attributes = attributes(650);
        attributes["minBaseFee"] = value;
        let params = json!([forkchoice(node.genesis), attributes]);
        let answer = node.call("engine_forkchoiceUpdatedV3", params).await.unwrap();
        ids.push(answer["payloadId"].clone());
    }
    assert!(ids[0].is_string());
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn the_small_methods() {
    let node = Node::new();
    let capabilities = node.call("engine_exchangeCapabilities", json!([[]])).await.unwrap();
    for method in capabilities.as_array().unwrap() {
        let method = method.as_str().unwrap();
        assert!(node.module.method(method).is_some(), "{method}");
    }
    assert!(!capabilities.to_string().contains("exchangeCapabilities"));
    let version = node.call("engine_getClientVersionV1", json!([{}])).await.unwrap();
    assert_eq!(version[0]["name"], "Assay");
    for params in [json!([150, 2000]), json!(["0x96", "0x7d0"])] {
        assert_eq!(node.call("miner_setMaxDASize", params).await, Ok(json!(true)));
    }
    let bodies = node.call("engine_getPayloadBodiesByRangeV1", json!(["0x1", "0x8"])).await;
    assert_eq!(bodies, Ok(json!([])));
    let hashes = json!([[node.genesis, B256::repeat_byte(1)]]);
    let bodies = node.call("engine_getPayloadBodiesByHashV1", hashes).await.unwrap();
    assert_eq!(bodies[0]["transactions"], json!([]));
    assert_eq!(bodies[1], Value::Null);
}
