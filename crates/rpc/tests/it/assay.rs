//! `assay_`: evidence, and what the index and the predeploys know.

use crate::fixture::{DEV, DEV_KEY, FRIEND, TestChain};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolValue};
use assay_attribution::{LogBuilder, leaf_hash, verify_inclusion};
use assay_chainspec::{PRECOMPILE_ADDRESSES, predeploys::DATANETS};
use assay_precompiles::contracts::{
    IAttestation::verifyCall,
    IDatanets::{contributeCall, createCall},
};
use serde_json::{Value, json};

/// Evidence of kind 32: uncompressed key, r and s, digest.
fn evidence(digest: B256) -> Vec<u8> {
    let signer: PrivateKeySigner = DEV_KEY.parse().unwrap();
    let signature = signer.sign_hash_sync(&digest).unwrap();
    let key = signer.credential().verifying_key().to_encoded_point(false);
    let mut evidence = key.as_bytes().to_vec();
    evidence.extend(signature.r().to_be_bytes::<32>());
    evidence.extend(signature.s().to_be_bytes::<32>());
    evidence.extend(digest);
    evidence
}

#[tokio::test]
async fn evidence_holds_or_the_failed_check_is_named() {
    let chain = TestChain::new();
    let digest = keccak256("statement");
    let good = evidence(digest);
    let verdict = chain.ok("assay_verifyEvidence", json!([32, Bytes::from(good.clone())])).await;
    assert_eq!(verdict["valid"], true);
    assert_eq!(verdict["claims"]["bound"], json!(digest));
    assert_eq!(verdict["time"], chain.chain.head().timestamp);
    assert!(verdict.get("refusal").is_none());

    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    let verdict = chain.ok("assay_verifyEvidence", json!([32, Bytes::from(forged)])).await;
    assert_eq!(verdict["valid"], false);
    assert_eq!(verdict["refusal"]["error"], "Refused");
    assert!(verdict["refusal"]["code"].is_u64());
    assert!(!verdict["refusal"]["message"].as_str().unwrap().is_empty());

    let verdict = chain.ok("assay_verifyEvidence", json!([99, "0x"])).await;
    assert_eq!(verdict["refusal"]["error"], "UnknownKind");
    let late = json!([32, Bytes::from(good), "0x", u64::MAX]);
    let verdict = chain.ok("assay_verifyEvidence", late).await;
    assert_eq!(verdict["refusal"]["error"], "Expired");
    assert!(verdict["claims"].is_object());
}

/// A flood of calls must not drive out what blocks need.
#[tokio::test]
async fn requests_leave_no_verdicts_behind() {
    let chain = TestChain::new();
    let request = |digest: B256| {
        let call = verifyCall {
            kind: 32,
            evidence: evidence(digest).into(),
            collateral: Bytes::new(),
            time: 0,
        };
        json!({ "to": PRECOMPILE_ADDRESSES[0], "input": Bytes::from(call.abi_encode()) })
    };
    let digest = keccak256("statement");
    for method in ["eth_call", "eth_estimateGas", "eth_createAccessList", "debug_traceCall"] {
        chain.ok(method, json!([request(digest)])).await;
        assert_eq!(chain.verdicts.stats().entries, 0, "{method}");
    }
    // What a block left is there for them.
    let input: Bytes = serde_json::from_value(request(digest)["input"].clone()).unwrap();
    chain.extend([chain.transaction(0, PRECOMPILE_ADDRESSES[0].into(), 0, input)]);
    let before = chain.verdicts.stats();
    assert_eq!(before.entries, 1);
    chain.ok("eth_call", json!([request(digest)])).await;
    assert_eq!(chain.verdicts.stats().hits, before.hits + 1);
}

fn leaves(range: std::ops::Range<u64>) -> Vec<B256> {
    range.map(|leaf| leaf_hash(&leaf.to_be_bytes())).collect()
}

/// A datanet of [`DEV`] with three contributions in as many blocks: 5, 3 and 4 leaves, the second
/// of them [`FRIEND`]'s.
fn with_datanet() -> (TestChain, B256) {
    let chain = TestChain::new();
    let create = createCall { curator: DEV, salt: B256::ZERO, uri: "ipfs://data".into() };
    let id = keccak256((keccak256("assay.datanet.v1"), DEV, DEV, B256::ZERO).abi_encode());
    let call = |nonce, input: Vec<u8>| chain.transaction(nonce, DATANETS.into(), 0, input.into());
    chain.extend([call(0, create.abi_encode())]);
    for (nonce, contributor, range) in [(1, DEV, 0..5), (2, FRIEND, 5..8), (3, DEV, 8..12)] {
        let contribute = contributeCall { datanetId: id, contributor, leafHashes: leaves(range) };
        chain.extend([call(nonce, contribute.abi_encode())]);
    }
    (chain, id)
}

#[tokio::test]
async fn a_datanet_is_found_as_of_any_block() {
    let (chain, id) = with_datanet();
    let datanet = chain.ok("assay_getDatanet", json!([id])).await;
    assert_eq!((&datanet["size"], &datanet["contributions"]), (&json!(12), &json!("0x3")));
    assert_eq!((&datanet["creator"], &datanet["uri"]), (&json!(DEV), &json!("ipfs://data")));
    assert_eq!(datanet["head"], json!(LogBuilder::new(leaves(0..12)).head()));
    assert_eq!(datanet["created"]["blockNumber"], 1);
    assert_eq!(chain.ok("assay_getDatanet", json!([id, "0x2"])).await["size"], 5);
    assert_eq!(chain.ok("assay_getDatanet", json!([B256::ZERO])).await, Value::Null);
}

/// `pending` is the head, and not a block to come with a time of its own: a session that is live is
/// not called dead.
#[tokio::test]
async fn predeploys_are_asked_at_the_head_s_time() {
    // Answers every call with 1, 0, the block's time, 0.
    let chain = TestChain::with_genesis(|genesis| {
        genesis["alloc"][format!("{DATANETS:#x}")]["code"] = json!("0x60015f524260405260805ff3");
    });
    let block = chain.extend([]);
    for tag in ["latest", "pending", "0x1"] {
        let datanet = chain.ok("assay_getDatanet", json!([B256::ZERO, tag])).await;
        assert_eq!(datanet["size"], block.block.header().timestamp, "{tag}");
    }
}

#[tokio::test]
async fn contributions_come_in_pages_and_go_with_a_reorg() {
    let (chain, id) = with_datanet();
    let first = chain.ok("assay_getContributor", json!([DEV, { "limit": 1 }])).await;
    let newest = &first["contributions"][0];
    assert_eq!((&newest["firstIndex"], &newest["count"]), (&json!(8), &json!(4)));
    assert_eq!(newest["datanetId"], json!(id));
    let rest = json!([DEV, { "limit": 1, "afterContributions": first["nextContributions"] }]);
    let second = chain.ok("assay_getContributor", rest).await;
    assert_eq!(second["contributions"][0]["firstIndex"], 0);
    assert_eq!(second["nextContributions"], Value::Null);
    assert_eq!(second["payouts"], json!([]));
    assert_eq!(second["balances"], json!([{ "token": Address::ZERO, "amount": "0x0" }]));

    // Another third block: the last contribution never was.
    let parent = chain.chain.header_by_number(3).unwrap().unwrap();
    let block = chain.chain.insert(chain.build(&parent, [], 1)).unwrap();
    chain.chain.set_canonical(block.hash()).unwrap();
    let found = chain.ok("assay_getContributor", json!([DEV])).await;
    assert_eq!(found["contributions"].as_array().unwrap().len(), 1);
    assert_eq!(chain.ok("assay_getDatanet", json!([id])).await["size"], 8);
}

#[tokio::test]
async fn inclusion_proofs_convince_the_precompile() {
    let (chain, id) = with_datanet();
    for (size, indices) in [(12, vec![0, 4, 5, 11]), (8, vec![7]), (5, vec![0, 1, 2, 3, 4])] {
        let proof = chain.ok("assay_getInclusionProof", json!([id, indices, size])).await;
        let hashes =
            |field: &str| -> Vec<B256> { serde_json::from_value(proof[field].clone()).unwrap() };
        let head: B256 = serde_json::from_value(proof["logHead"].clone()).unwrap();
        let (leaf_hashes, nodes) = (hashes("leafHashes"), hashes("proof"));
        assert!(verify_inclusion(head, size, &indices, &leaf_hashes, &nodes).unwrap());
    }
    let proof = chain.ok("assay_getInclusionProof", json!([id, [4, 5, 8]])).await;
    assert_eq!(proof["ranges"], json!([0, 1, 2]));
    let code = async |params: Value| chain.error("assay_getInclusionProof", params).await.0;
    for wrong in [
        json!([id, [12]]),
        json!([id, []]),
        json!([id, [3, 3]]),
        json!([id, [0], 6]),
        json!([B256::ZERO, [0]]),
    ] {
        assert_eq!(code(wrong.clone()).await, -32602, "{wrong}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_null_or_refused() {
    let chain = TestChain::new();
    let nothing = B256::repeat_byte(7);
    assert_eq!(chain.ok("assay_getSession", json!([nothing])).await, Value::Null);
    assert_eq!(chain.ok("assay_getReceipt", json!([nothing])).await, Value::Null);
    let page = chain.ok("assay_getReceipts", json!([{ "modelId": nothing }])).await;
    assert_eq!(page, json!({ "receipts": [], "next": null }));
    for (query, code) in [
        (json!({ "limit": 0 }), -32602),
        (json!({ "limit": 1001 }), -32602),
        (json!({ "after": "0x00" }), -32602),
        (json!({ "model": nothing }), -32602),
        (json!({ "fromBlock": "0x1", "toBlock": "0x0" }), -32602),
        (json!({ "toBlock": "finalized" }), -32001),
    ] {
        assert_eq!(chain.error("assay_getReceipts", json!([query])).await.0, code, "{query}");
    }
    assert_eq!(chain.error("assay_getReceiptProof", json!([nothing])).await.0, -32602);
    assert_eq!(chain.error("assay_getSession", json!([nothing, "0x9"])).await.0, -32001);
}

#[tokio::test]
async fn odd_parameters_are_refused_as_such() {
    let chain = TestChain::new();
    let id = B256::ZERO;
    for (method, params) in [
        ("verifyEvidence", json!([])),
        ("verifyEvidence", json!([256, "0x"])),
        ("verifyEvidence", json!([-1, "0x"])),
        ("verifyEvidence", json!([32, "0x123"])),
        ("verifyEvidence", json!([32, "0xzz"])),
        ("verifyEvidence", json!([32, "0x", "0x", "now"])),
        ("getSession", json!(["0x12"])),
        ("getSession", json!([id, "newest"])),
        ("getReceipt", json!([])),
        ("getReceipts", json!([{ "limit": -1 }])),
        ("getReceipts", json!([{ "limit": 1e30 }])),
        ("getReceipts", json!([{ "fromBlock": "0xfffffffffffffffff" }])),
        ("getReceipts", json!([{ "provider": "0x12" }])),
        ("getContributor", json!(["0x12"])),
        ("getContributor", json!([Address::ZERO, { "limit": 0 }])),
        ("getContributor", json!([Address::ZERO, { "limit": u64::MAX }])),
        ("getContributor", json!([Address::ZERO, { "afterPayouts": "0x12" }])),
        ("getInclusionProof", json!([id, [-1]])),
        ("getInclusionProof", json!([id, [0], -1])),
        ("getInclusionProof", json!([id, [0, 1], u64::MAX])),
        ("getReceiptProof", json!([id, "newest"])),
    ] {
        let (code, message, _) = chain.error(&format!("assay_{method}"), params.clone()).await;
        assert_eq!(code, -32602, "{method} {params}: {message}");
    }
    let checksummed = chain.ok("assay_getContributor", json!([DEV.to_checksum(None)])).await;
    let lower = format!("{DEV:#x}");
    assert_eq!(checksummed, chain.ok("assay_getContributor", json!([lower])).await);
}
