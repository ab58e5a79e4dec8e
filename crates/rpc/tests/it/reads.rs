//! Blocks, transactions, receipts and state.

use crate::fixture::{DEV, FRIEND, TestChain};
use alloy_eips::Encodable2718;
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_rpc_types_eth::EIP1186AccountProofResponse;
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use serde_json::json;

#[tokio::test]
async fn blocks_come_by_number_hash_and_tag() {
    let (chain, _) = TestChain::with_blocks();
    let head = chain.chain.head();
    assert_eq!(chain.ok("eth_blockNumber", json!([])).await, "0x3");
    assert_eq!(chain.ok("eth_chainId", json!([])).await, "0xa55a");
    let by_tag = chain.ok("eth_getBlockByNumber", json!(["latest", true])).await;
    assert_eq!(by_tag["hash"], json!(head.hash()));
    assert_eq!(by_tag, chain.ok("eth_getBlockByHash", json!([head.hash(), true])).await);
    assert_eq!(by_tag, chain.ok("eth_getBlockByNumber", json!(["pending", true])).await);
    let hashes = chain.ok("eth_getBlockByNumber", json!(["0x3", false])).await;
    let full = by_tag["transactions"].as_array().unwrap();
    assert_eq!(full.len(), 2);
    assert_eq!(hashes["transactions"][1], full[1]["hash"]);
    assert_eq!(full[0]["type"], "0x7e");
    // The deposit's nonce is its receipt's: one deposit of this sender per block.
    assert_eq!(full[0]["nonce"], "0x2");
    assert_eq!(full[0]["depositReceiptVersion"], "0x1");

    let header = chain.ok("eth_getHeaderByNumber", json!(["0x3"])).await;
    assert_eq!(header["size"], by_tag["size"]);
    let raw: Bytes =
        serde_json::from_value(chain.ok("debug_getRawBlock", json!(["0x3"])).await).unwrap();
    assert_eq!(by_tag["size"], format!("{:#x}", raw.len()));
    assert_eq!(chain.ok("eth_getBlockTransactionCountByNumber", json!(["0x3"])).await, "0x2");
    assert_eq!(chain.ok("eth_getUncleCountByBlockNumber", json!(["0x3"])).await, "0x0");
    assert!(chain.ok("eth_getBlockByNumber", json!(["0x63", false])).await.is_null());
    assert!(chain.ok("eth_getUncleCountByBlockNumber", json!(["0x63"])).await.is_null());
}

#[tokio::test]
async fn receipts_carry_what_the_rollup_charges() {
    let (chain, contract) = TestChain::with_blocks();
    let block = chain.ok("eth_getBlockByNumber", json!(["0x2", true])).await;
    let receipts = chain.ok("eth_getBlockReceipts", json!(["0x2"])).await;
    let (deposit, create) = (&receipts[0], &receipts[1]);
    assert_eq!(deposit["depositNonce"], "0x1");
    assert_eq!(deposit["depositReceiptVersion"], "0x1");
    assert_eq!(deposit["l1Fee"], "0x0");
    assert_eq!(create["contractAddress"], json!(contract));
    assert!(create["to"].is_null());
    assert_eq!(create["l1GasPrice"], "0x29b92700");
    assert_eq!(create["l1BaseFeeScalar"], "0x558");
    assert_eq!(create["l1BlobBaseFeeScalar"], "0xc5fc5");
    assert_eq!(create["daFootprintGasScalar"], "0x190");
    // No operator fee is charged here: its fields are left out.
    assert!(create.get("operatorFeeScalar").is_none());
    let fee = U256::from_str_radix(create["l1Fee"].as_str().unwrap().trim_start_matches("0x"), 16);
    assert!(!fee.unwrap().is_zero());
    // The block's DA footprint is the sum over its user transactions.
    assert_eq!(create["blobGasUsed"], block["blobGasUsed"]);
    let hash = &block["transactions"][1]["hash"];
    assert_eq!(chain.ok("eth_getTransactionReceipt", json!([hash])).await, *create);
    assert!(chain.ok("eth_getTransactionReceipt", json!([B256::repeat_byte(9)])).await.is_null());
}

#[tokio::test]
async fn transactions_come_by_hash_and_place_and_raw() {
    let (chain, _) = TestChain::with_blocks();
    let sent = chain.transaction(0, FRIEND.into(), 5, Bytes::new());
    let hash = sent.tx_hash();
    let found = chain.ok("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!(found["from"], json!(DEV));
    assert_eq!(found["blockNumber"], "0x1");
    let placed = json!(["0x1", "0x1"]);
    assert_eq!(found, chain.ok("eth_getTransactionByBlockNumberAndIndex", placed.clone()).await);
    let raw = json!(Bytes::from(sent.encoded_2718()));
    assert_eq!(raw, chain.ok("eth_getRawTransactionByHash", json!([hash])).await);
    assert_eq!(raw, chain.ok("debug_getRawTransaction", json!([hash])).await);
    assert_eq!(raw, chain.ok("eth_getRawTransactionByBlockNumberAndIndex", placed).await);
    let by_nonce = |nonce| json!([DEV, nonce]);
    assert_eq!(found, chain.ok("eth_getTransactionBySenderAndNonce", by_nonce("0x0")).await);
    let last = chain.ok("eth_getTransactionBySenderAndNonce", by_nonce("0x2")).await;
    assert_eq!(last["blockNumber"], "0x3");
    let unused = chain.ok("eth_getTransactionBySenderAndNonce", by_nonce("0x3")).await;
    assert!(unused.is_null());
    let beyond = json!(["0x1", "0x2"]);
    assert!(chain.ok("eth_getTransactionByBlockNumberAndIndex", beyond).await.is_null());
}

#[tokio::test]
async fn state_is_read_as_of_any_block() {
    let (chain, contract) = TestChain::with_blocks();
    let at = |block: &'static str| json!([FRIEND, block]);
    assert_eq!(chain.ok("eth_getBalance", at("0x0")).await, "0x0");
    assert_eq!(chain.ok("eth_getBalance", at("latest")).await, "0x5");
    assert_eq!(chain.ok("eth_getTransactionCount", json!([DEV, "0x2"])).await, "0x2");
    assert_eq!(chain.ok("eth_getCode", json!([contract, "0x1"])).await, "0x");
    assert_ne!(chain.ok("eth_getCode", json!([contract, "0x2"])).await, "0x");
    let word = |value: u64| json!(B256::from(U256::from(value)));
    assert_eq!(chain.ok("eth_getStorageAt", json!([contract, "0x0", "0x2"])).await, word(0));
    assert_eq!(chain.ok("eth_getStorageAt", json!([contract, "0x0", "0x3"])).await, word(42));
    let info = chain.ok("eth_getAccountInfo", json!([FRIEND, "latest"])).await;
    assert_eq!(info, json!({"balance": "0x5", "nonce": "0x0", "code": "0x"}));

    let (code, message, _) = chain.error("eth_getBalance", json!([DEV, "0x2f"])).await;
    assert_eq!((code, message.as_str()), (-32001, "block not found: 0x2f"));
    let by_hash = json!([DEV, {"blockHash": B256::repeat_byte(1)}]);
    assert_eq!(chain.error("eth_getBalance", by_hash).await.0, -32001);
    assert_eq!(chain.error("eth_getBalance", json!(["0x12", "latest"])).await.0, -32602);
    assert_eq!(chain.error("eth_getBalance", json!([])).await.0, -32602);
}

#[tokio::test]
async fn proofs_hold_against_the_state_root() {
    let (chain, contract) = TestChain::with_blocks();
    for number in ["0x2", "0x3"] {
        let params = json!([contract, ["0x0", "0x1"], number]);
        let proof: EIP1186AccountProofResponse =
            serde_json::from_value(chain.ok("eth_getProof", params).await).unwrap();
        let block = chain.ok("eth_getBlockByNumber", json!([number, false])).await;
        let root: B256 = serde_json::from_value(block["stateRoot"].clone()).unwrap();
        let account = TrieAccount {
            nonce: proof.nonce,
            balance: proof.balance,
            storage_root: proof.storage_hash,
            code_hash: proof.code_hash,
        };
        let path = |key: &[u8]| Nibbles::unpack(keccak256(key));
        verify_proof(
            root,
            path(contract.as_slice()),
            Some(alloy_rlp::encode(account)),
            &proof.account_proof,
        )
        .unwrap();
        for slot in &proof.storage_proof {
            let value = (!slot.value.is_zero()).then(|| alloy_rlp::encode(slot.value));
            if number == "0x3" {
                verify_proof(
                    proof.storage_hash,
                    path(slot.key.as_b256().as_slice()),
                    value,
                    &slot.proof,
                )
                .unwrap();
            } else {
                // Nothing is stored yet: the empty trie is one empty node.
                assert_eq!(slot.proof, [Bytes::from_static(&[0x80])]);
            }
        }
    }
}

#[tokio::test]
async fn fees_follow_the_chain() {
    let (chain, _) = TestChain::with_blocks();
    assert_eq!(chain.ok("eth_maxPriorityFeePerGas", json!([])).await, "0xf4240");
    let history = chain.ok("eth_feeHistory", json!(["0x2", "latest", [0, 100]])).await;
    assert_eq!(history["oldestBlock"], "0x2");
    assert_eq!(history["baseFeePerGas"].as_array().unwrap().len(), 3);
    // The deposit tips nothing, the transaction 3 wei.
    assert_eq!(history["reward"][1], json!(["0x0", "0x3"]));
    let beyond = chain.error("eth_feeHistory", json!(["0x1", "0x9", []])).await;
    assert_eq!(beyond.0, -32602);
    let unordered = chain.error("eth_feeHistory", json!(["0x1", "latest", [9, 1]])).await;
    assert_eq!((unordered.0, unordered.1.as_str()), (-32602, "invalid reward percentiles"));
}

#[tokio::test]
async fn the_small_namespaces_answer() {
    let chain = TestChain::new();
    assert_eq!(chain.ok("net_version", json!([])).await, "42330");
    assert_eq!(chain.ok("net_listening", json!([])).await, true);
    assert_eq!(chain.ok("eth_syncing", json!([])).await, false);
    assert_eq!(chain.ok("rpc_modules", json!([])).await["eth"], "1.0");
    assert_eq!(chain.ok("admin_nodeInfo", json!([])).await["protocols"]["eth"]["network"], 42330);
    assert_eq!(chain.error("eth_coinbase", json!([])).await.0, -32603);
    assert_eq!(chain.error("eth_sign", json!([DEV, "0x00"])).await.1, "unknown account");
}
