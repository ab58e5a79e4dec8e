//! Receipts and sessions: lists, pages, subscriptions and proofs. Stand-ins are where `Inference`
//! and `Sessions` are, so that any receipt settles: a contract that logs what it is called with,
//! and a slot of the genesis.

use crate::fixture::{DEV, FRIEND, TestChain};
use alloy_consensus::transaction::Recovered;
use alloy_primitives::{Address, B256, Bytes, LogData, U256, address, hex, keccak256};
use alloy_sol_types::{SolCall, SolEvent, SolValue, sol};
use assay_chainspec::predeploys::{INFERENCE, SESSIONS};
use assay_evm::Transaction;
use assay_precompiles::contracts::{
    IInference::{InferenceReceipt, Settled},
    ISessions::SessionOpened,
};
use serde_json::{Value, json};

const PROVIDER: Address = address!("00000000000000000000000000000000000f0002");
const MODEL: B256 = B256::repeat_byte(0x11);
/// Logs its input: four topics, then data.
const ECHO: [u8; 23] = hex!("6060356040356020355f35608036038060805f375fa400");

/// A chain on which anyone's call of `Inference` or `Sessions` is a log of theirs.
fn echoing() -> TestChain {
    TestChain::with_genesis(|genesis| {
        for contract in [INFERENCE, SESSIONS] {
            let account = &mut genesis["alloc"][format!("{contract:#x}")];
            assert!(account.is_object());
            account["code"] = json!(Bytes::from(ECHO));
        }
    })
}

fn call(chain: &TestChain, nonce: u64, to: Address, log: &LogData) -> Recovered<Transaction> {
    let topics: Vec<u8> = log.topics().iter().flat_map(|topic| topic.0).collect();
    let input = [&topics[..], &log.data].concat();
    chain.transaction(nonce, to.into(), 0, input.into())
}

fn settled(request: u8, model: B256, provider: Address, requester: Address) -> LogData {
    let request = B256::repeat_byte(request);
    let receipt = InferenceReceipt {
        modelId: model,
        inputHash: B256::ZERO,
        outputHash: B256::ZERO,
        attributionRoot: B256::ZERO,
        requestId: request,
        requester,
        provider,
        price: U256::from(5),
        nonce: 0,
        time: 1,
    };
    let event = Settled {
        requestId: request,
        modelId: model,
        provider,
        receiptHash: keccak256(request),
        sessionId: B256::ZERO,
        receipt,
    };
    event.encode_log_data()
}

/// Receipts 1 to 6 in blocks 1 to 3, two in each: of [`MODEL`] 1, 3, 5; by [`PROVIDER`] 1 to 4; for
/// [`FRIEND`] 4 to 6.
fn with_receipts() -> TestChain {
    let chain = echoing();
    let other = B256::repeat_byte(0x22);
    for block in 0..3 {
        chain.extend((block * 2..block * 2 + 2).map(|index| {
            let model = if index % 2 == 0 { MODEL } else { other };
            let provider = if index < 4 { PROVIDER } else { DEV };
            let requester = if index < 3 { DEV } else { FRIEND };
            let log = settled(index as u8 + 1, model, provider, requester);
            call(&chain, index, INFERENCE, &log)
        }));
    }
    chain
}

/// Of each receipt on a page the byte that its request's id repeats.
fn numbers(page: &Value) -> Vec<u8> {
    let receipts = page["receipts"].as_array().unwrap();
    receipts
        .iter()
        .map(|receipt| {
            let id: B256 = serde_json::from_value(receipt["requestId"].clone()).unwrap();
            id[0]
        })
        .collect()
}

#[tokio::test]
async fn receipts_are_found_by_every_field_and_range() {
    let chain = with_receipts();
    for (query, expected) in [
        (json!({}), vec![6, 5, 4, 3, 2, 1]),
        (json!({ "oldestFirst": true }), vec![1, 2, 3, 4, 5, 6]),
        (json!({ "modelId": MODEL }), vec![5, 3, 1]),
        (json!({ "provider": PROVIDER }), vec![4, 3, 2, 1]),
        (json!({ "requester": FRIEND }), vec![6, 5, 4]),
        (json!({ "requester": FRIEND, "provider": PROVIDER }), vec![4]),
        (json!({ "requester": FRIEND, "provider": PROVIDER, "modelId": MODEL }), vec![]),
        (json!({ "fromBlock": "0x2", "toBlock": "0x2" }), vec![4, 3]),
        (json!({ "fromBlock": "0x2" }), vec![6, 5, 4, 3]),
        (json!({ "toBlock": "0x1", "oldestFirst": true }), vec![1, 2]),
        (json!({ "fromBlock": "earliest", "toBlock": "pending" }), vec![6, 5, 4, 3, 2, 1]),
        // Beyond the head there is nothing yet.
        (json!({ "fromBlock": "0x3", "toBlock": "0xffffffffffffffff" }), vec![6, 5]),
        (json!({ "fromBlock": "0x4", "toBlock": "0xffffff" }), vec![]),
        (json!({ "fromBlock": "0x4" }), vec![]),
        (json!({ "fromBlock": "0xffffffffffffffff", "oldestFirst": true }), vec![]),
    ] {
        let page = chain.ok("assay_getReceipts", json!([query])).await;
        assert_eq!(numbers(&page), expected, "{query}");
        assert_eq!(page["next"], Value::Null, "{query}");
    }
}

#[tokio::test]
async fn pages_join_into_the_whole_list() {
    let chain = with_receipts();
    for query in [
        json!({}),
        json!({ "oldestFirst": true }),
        json!({ "requester": FRIEND, "provider": DEV }),
        json!({ "provider": PROVIDER, "modelId": MODEL, "oldestFirst": true }),
        json!({ "fromBlock": "0x1", "toBlock": "0x2" }),
    ] {
        let whole = numbers(&chain.ok("assay_getReceipts", json!([query])).await);
        for limit in 1..=whole.len() {
            let mut page = query.clone();
            page["limit"] = json!(limit);
            let mut joined = Vec::new();
            loop {
                let found = chain.ok("assay_getReceipts", json!([page])).await;
                assert!(numbers(&found).len() <= limit);
                joined.extend(numbers(&found));
                if found["next"].is_null() {
                    break;
                }
                page["after"] = found["next"].clone();
            }
            assert_eq!(joined, whole, "{query} by {limit}");
        }
    }
}

#[tokio::test]
async fn receipts_are_told_and_taken_back() {
    let chain = echoing();
    let subscribe = async |filter: Value| {
        let parameters = ("receipts", filter);
        chain.methods.subscribe_unbounded("assay_subscribe", parameters).await.unwrap()
    };
    let mut all = subscribe(json!({})).await;
    let mut friends = subscribe(json!({ "requester": FRIEND, "modelId": MODEL })).await;
    let genesis = chain.chain.head();
    let settle = |request, nonce, requester| {
        call(&chain, nonce, INFERENCE, &settled(request, MODEL, PROVIDER, requester))
    };
    let block = chain.extend([settle(1, 0, DEV), settle(2, 1, FRIEND)]);
    let sibling = chain.chain.insert(chain.build(&genesis, [settle(3, 0, FRIEND)], 1)).unwrap();
    chain.chain.set_canonical(sibling.hash()).unwrap();

    let mut heard = Vec::new();
    for _ in 0..5 {
        let (notice, _) = all.next::<Value>().await.unwrap().unwrap();
        let request: B256 = serde_json::from_value(notice["requestId"].clone()).unwrap();
        let of = if request[0] < 3 { block.hash() } else { sibling.hash() };
        assert_eq!(notice["settled"]["blockHash"], json!(of));
        heard.push((request[0], notice["removed"].as_bool().unwrap()));
    }
    assert_eq!(heard, [(1, false), (2, false), (2, true), (1, true), (3, false)]);
    let mut heard = Vec::new();
    for _ in 0..3 {
        let (notice, _) = friends.next::<Value>().await.unwrap().unwrap();
        let request: B256 = serde_json::from_value(notice["requestId"].clone()).unwrap();
        heard.push((request[0], notice["removed"].as_bool().unwrap()));
    }
    assert_eq!(heard, [(2, false), (2, true), (3, false)]);
    // The list says the same.
    let page = chain.ok("assay_getReceipts", json!([])).await;
    assert_eq!(numbers(&page), [3]);
}

#[tokio::test]
async fn sessions_are_told_by_controller_and_identity() {
    let chain = echoing();
    let open = |id, nonce, controller| {
        let event = SessionOpened {
            sessionId: B256::repeat_byte(id),
            controller,
            identity: B256::repeat_byte(9),
            kind: 1,
            assurance: 3,
            platform: B256::ZERO,
            anchors: vec![B256::ZERO],
            status: 0,
            time: 1,
            notAfter: 2,
            key: Bytes::from([32]),
            encryptionKey: Bytes::new(),
        };
        call(&chain, nonce, SESSIONS, &event.encode_log_data())
    };
    let filter = json!({ "controller": FRIEND, "identity": B256::repeat_byte(9) });
    let mut sessions =
        chain.methods.subscribe_unbounded("assay_subscribe", ("sessions", filter)).await.unwrap();
    chain.extend([open(1, 0, DEV), open(2, 1, FRIEND)]);
    let (notice, _) = sessions.next::<Value>().await.unwrap().unwrap();
    assert_eq!(notice["sessionId"], json!(B256::repeat_byte(2)));
    assert_eq!((&notice["removed"], &notice["kind"]), (&json!(false), &json!(1)));
    for (kind, filter) in [
        ("sessions", json!({ "modelId": MODEL })),
        ("receipts", json!({ "controller": FRIEND })),
        ("receipts", json!({ "color": 1 })),
        ("requests", json!({})),
    ] {
        let refused = chain.methods.subscribe_unbounded("assay_subscribe", (kind, filter)).await;
        assert!(refused.is_err(), "{kind}");
    }
}

/// A request that settles, or goes back, while it is looked up: the answer is of one block.
#[tokio::test]
async fn a_request_and_its_receipt_are_of_one_block() {
    for (state, settles) in [(1, true), (3, true), (2, false)] {
        // To `requestOf` a request in this state; any other call is a log.
        let view = [&hex!("60")[..], &[state], &hex!("610100526101205ff3")].concat();
        let mut code = hex!("36602414601e57").to_vec();
        code.extend(ECHO);
        assert_eq!(code.len(), 0x1e);
        code.push(0x5b);
        code.extend(view);
        let chain = TestChain::with_genesis(|genesis| {
            genesis["alloc"][format!("{INFERENCE:#x}")]["code"] = json!(Bytes::from(code));
        });
        if settles {
            chain.extend([call(&chain, 0, INFERENCE, &settled(1, MODEL, PROVIDER, DEV))]);
        }
        let request = json!([B256::repeat_byte(1)]);
        if state == 2 {
            let (code, message, _) = chain.error("assay_getReceipt", request).await;
            assert_eq!(code, -32603);
            assert!(message.contains("ask again"), "{message}");
        } else {
            assert_eq!(chain.ok("assay_getReceipt", request).await["receipt"], Value::Null);
        }
    }
}

sol! {
    /// `genesis/contracts/test/TestReceiptProof.sol`.
    interface TestReceiptProof {
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
        function receiptHash(bytes32 outputRoot, bytes32 requestId, Proof calldata proof) external pure returns (bytes32);
    }
}

#[tokio::test]
async fn a_receipts_proof_convinces_the_library_of_another_chain() {
    let (request, receipt) = (B256::repeat_byte(1), keccak256("a receipt"));
    let checker = Address::repeat_byte(0xcc);
    let contracts: Value =
        serde_json::from_str(include_str!("../../../evm/tests/predeploys/contracts.json")).unwrap();
    let chain = TestChain::with_genesis(|genesis| {
        let slot = keccak256((request, U256::ZERO).abi_encode());
        genesis["alloc"][format!("{INFERENCE:#x}")]["storage"][slot.to_string()] = json!(receipt);
        genesis["alloc"][checker.to_string()] =
            json!({ "balance": "0x0", "code": contracts["TestReceiptProof"] });
    });
    for _ in 0..3 {
        chain.extend([]);
    }
    for block in ["0x1", "latest", "pending"] {
        let proof = chain.ok("assay_getReceiptProof", json!([request, block])).await;
        assert_eq!(proof["receiptHash"], json!(receipt));
        assert_eq!(proof["blockNumber"], if block == "0x1" { 1 } else { 3 });
        let word = |value: &Value| serde_json::from_value::<B256>(value.clone()).unwrap();
        let nodes = |value: &Value| serde_json::from_value::<Vec<Bytes>>(value.clone()).unwrap();
        let parts = &proof["outputRootParts"];
        let check = TestReceiptProof::receiptHashCall {
            outputRoot: word(&proof["outputRoot"]),
            requestId: request,
            proof: TestReceiptProof::Proof {
                output: TestReceiptProof::OutputRootProof {
                    version: word(&parts["version"]),
                    stateRoot: word(&parts["stateRoot"]),
                    messagePasserStorageRoot: word(&parts["messagePasserStorageRoot"]),
                    latestBlockhash: word(&parts["latestBlockhash"]),
                },
                account: nodes(&proof["accountProof"]),
                storage_: nodes(&proof["storageProof"]),
            },
        };
        let input = Bytes::from(check.abi_encode());
        let held = chain.ok("eth_call", json!([{ "to": checker, "input": input }])).await;
        assert_eq!(held, json!(receipt));
        let head: Value = chain.ok("eth_getBlockByNumber", json!([block, false])).await;
        assert_eq!(parts["latestBlockhash"], head["hash"]);
        assert_eq!(parts["messagePasserStorageRoot"], head["withdrawalsRoot"]);
    }
    for (block, code) in [("0x4", -32001), ("finalized", -32001)] {
        let error = chain.error("assay_getReceiptProof", json!([request, block])).await;
        assert_eq!(error.0, code, "{block}");
    }
}
