//! Logs, filters, subscriptions, and the pool.

use crate::fixture::{DEV, FRIEND, TestChain};
use alloy_eips::Encodable2718;
use alloy_primitives::{B256, Bytes, U256};
use assay_rpc::RpcConfig;
use serde_json::{Value, json};
use std::time::Duration;

fn word(value: u64) -> Bytes {
    U256::from(value).to_be_bytes::<32>().into()
}

fn topic(value: u64) -> B256 {
    U256::from(value).into()
}

#[tokio::test]
async fn logs_are_found_by_range_address_and_topic() {
    let (chain, contract) = TestChain::with_blocks();
    let all = chain.ok("eth_getLogs", json!([{"fromBlock": "0x0", "toBlock": "latest"}])).await;
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(all[0]["address"], json!(contract));
    assert_eq!((&all[0]["logIndex"], &all[0]["transactionIndex"]), (&json!("0x0"), &json!("0x1")));
    let query = async |filter: Value| {
        chain.ok("eth_getLogs", json!([filter])).await.as_array().unwrap().len()
    };
    assert_eq!(query(json!({"fromBlock": "0x0", "topics": [topic(7)]})).await, 1);
    assert_eq!(query(json!({"fromBlock": "0x0", "topics": [topic(8)]})).await, 0);
    assert_eq!(query(json!({"fromBlock": "0x0", "address": FRIEND})).await, 0);
    assert_eq!(query(json!({"fromBlock": "0x0", "toBlock": "0x2"})).await, 0);
    assert_eq!(query(json!({"blockHash": all[0]["blockHash"]})).await, 1);
    assert_eq!(query(json!({"fromBlock": "0x9"})).await, 0);
    let code = async |filter: Value| chain.error("eth_getLogs", json!([filter])).await.0;
    assert_eq!(code(json!({"blockHash": B256::repeat_byte(1)})).await, -32001);
    assert_eq!(code(json!({"fromBlock": "0x2", "toBlock": "0x1"})).await, -32602);
    assert_eq!(code(json!({"fromBlock": "0x2", "toBlock": "0x9"})).await, -32602);
}

#[tokio::test]
async fn log_queries_are_limited() {
    let config =
        RpcConfig { max_blocks_per_filter: 2, max_logs_per_response: 1, ..RpcConfig::default() };
    let chain = TestChain::with_config(config);
    let contract = DEV.create(0);
    chain.extend([chain.transaction(
        0,
        alloy_primitives::TxKind::Create,
        0,
        crate::fixture::contract_init_code(),
    )]);
    for nonce in [1, 3] {
        chain.extend(
            [nonce, nonce + 1]
                .map(|nonce| chain.transaction(nonce, contract.into(), 0, word(nonce))),
        );
    }
    let wide = json!([{"fromBlock": "0x0", "toBlock": "0x3"}]);
    let (code, message, _) = chain.error("eth_getLogs", wide).await;
    assert_eq!((code, message.as_str()), (-32602, "query exceeds max block range 2"));
    let many = json!([{"fromBlock": "0x2", "toBlock": "0x3"}]);
    let (code, message, _) = chain.error("eth_getLogs", many).await;
    assert_eq!(code, -32602);
    assert_eq!(message, "query exceeds max results 1, retry with the range 2-2");
    // One block is answered whole.
    let one = chain.ok("eth_getLogs", json!([{"fromBlock": "0x3", "toBlock": "0x3"}])).await;
    assert_eq!(one.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn filters_tell_what_is_new_and_what_a_reorg_changed() {
    let (chain, contract) = TestChain::with_blocks();
    let blocks = chain.ok("eth_newBlockFilter", json!([])).await;
    let logs = chain.ok("eth_newFilter", json!([{"address": contract}])).await;
    let poll = async |id: &Value| chain.ok("eth_getFilterChanges", json!([id])).await;
    assert_eq!(poll(&blocks).await, json!([]));

    let parent = chain.chain.head();
    let call = |value| chain.transaction(3, contract.into(), 0, word(value));
    let block = chain.extend([call(1)]);
    assert_eq!(poll(&blocks).await, json!([block.hash()]));
    assert_eq!(poll(&logs).await[0]["data"], json!(word(1)));
    assert_eq!(poll(&logs).await, json!([]));

    // A sibling takes its place: its logs are news although the number is not.
    let sibling = chain.chain.insert(chain.build(&parent, [call(2)], 1)).unwrap();
    chain.chain.set_canonical(sibling.hash()).unwrap();
    // The filters learn of it on another task.
    let mut news = json!([]);
    while news == json!([]) {
        tokio::task::yield_now().await;
        news = poll(&logs).await;
    }
    assert_eq!(news[0]["data"], json!(word(2)));
    assert_eq!(poll(&blocks).await, json!([sibling.hash()]));
    let all = chain.ok("eth_getFilterLogs", json!([logs])).await;
    assert_eq!(all.as_array().unwrap().len(), 1);

    assert_eq!(chain.ok("eth_uninstallFilter", json!([logs])).await, true);
    assert_eq!(chain.ok("eth_uninstallFilter", json!([logs])).await, false);
    let (code, message, _) = chain.error("eth_getFilterChanges", json!([logs])).await;
    assert_eq!((code, message.as_str()), (-32602, "filter not found"));
    assert_eq!(chain.error("eth_getFilterLogs", json!([blocks])).await.0, -32602);
}

#[tokio::test]
async fn filters_that_nobody_polls_expire() {
    let config =
        RpcConfig { stale_filter_ttl: Duration::ZERO, max_filters: 1, ..RpcConfig::default() };
    let chain = TestChain::with_config(config);
    let first = chain.ok("eth_newBlockFilter", json!([])).await;
    let second = chain.ok("eth_newBlockFilter", json!([])).await;
    assert_ne!(first, second);
    assert_eq!(chain.error("eth_getFilterChanges", json!([first])).await.0, -32602);
}

#[tokio::test]
async fn subscriptions_follow_the_chain() {
    let (chain, contract) = TestChain::with_blocks();
    let mut heads = chain.methods.subscribe_unbounded("eth_subscribe", ["newHeads"]).await.unwrap();
    let mut logs = chain
        .methods
        .subscribe_unbounded("eth_subscribe", ("logs", json!({"address": contract})))
        .await
        .unwrap();
    let parent = chain.chain.head();
    let call = |value| chain.transaction(3, contract.into(), 0, word(value));
    let block = chain.extend([call(1)]);
    let (head, _) = heads.next::<Value>().await.unwrap().unwrap();
    assert_eq!(head["hash"], json!(block.hash()));
    assert!(head.get("transactions").is_none());
    let (log, _) = logs.next::<Value>().await.unwrap().unwrap();
    assert_eq!((&log["data"], &log["removed"]), (&json!(word(1)), &json!(false)));

    let sibling = chain.chain.insert(chain.build(&parent, [call(2)], 1)).unwrap();
    chain.chain.set_canonical(sibling.hash()).unwrap();
    let (removed, _) = logs.next::<Value>().await.unwrap().unwrap();
    assert_eq!((&removed["data"], &removed["removed"]), (&json!(word(1)), &json!(true)));
    let (added, _) = logs.next::<Value>().await.unwrap().unwrap();
    assert_eq!((&added["data"], &added["removed"]), (&json!(word(2)), &json!(false)));

    let refused = chain.methods.subscribe_unbounded("eth_subscribe", ("logs", true)).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn sent_transactions_wait_in_the_pool() {
    let (chain, _) = TestChain::with_blocks();
    let filter = chain.ok("eth_newPendingTransactionFilter", json!([])).await;
    let transaction = chain.transaction(3, FRIEND.into(), 1, Bytes::new());
    let raw = Bytes::from(transaction.encoded_2718());
    let hash = chain.ok("eth_sendRawTransaction", json!([raw])).await;
    assert_eq!(hash, json!(transaction.tx_hash()));
    assert_eq!(chain.ok("eth_getFilterChanges", json!([filter])).await, json!([hash]));
    let found = chain.ok("eth_getTransactionByHash", json!([hash])).await;
    assert!(found["blockHash"].is_null());
    assert_eq!(chain.ok("eth_getTransactionCount", json!([DEV, "latest"])).await, "0x3");
    assert_eq!(chain.ok("eth_getTransactionCount", json!([DEV, "pending"])).await, "0x4");
    let status = chain.ok("txpool_status", json!([])).await;
    assert_eq!(status, json!({"pending": "0x1", "queued": "0x0"}));
    let from = chain.ok("txpool_contentFrom", json!([DEV])).await;
    assert_eq!(from["pending"]["3"]["hash"], hash);

    let code = async |raw: Bytes| chain.error("eth_sendRawTransaction", json!([raw])).await.0;
    assert_eq!(code(Bytes::new()).await, -32602);
    assert_eq!(code(Bytes::from_static(b"\xde\xad\xbe\xef")).await, -32602);
    let stale = chain.transaction(0, FRIEND.into(), 1, Bytes::new());
    assert_eq!(code(stale.encoded_2718().into()).await, -32000);
    assert_eq!(code(raw).await, -32000);
    let deposit = chain.chain.block_by_number(1).unwrap().unwrap();
    let deposit = deposit.body().transactions[0].encoded_2718();
    assert_eq!(code(deposit.into()).await, -32602);
}

#[tokio::test]
async fn sending_can_wait_for_the_receipt() {
    let config = RpcConfig { send_sync_timeout: Duration::from_secs(20), ..RpcConfig::default() };
    let chain = TestChain::with_config(config);
    let transaction = chain.transaction(0, FRIEND.into(), 1, Bytes::new());
    let raw = Bytes::from(transaction.encoded_2718());
    let send = chain.ok("eth_sendRawTransactionSync", json!([raw]));
    let include = async {
        while chain.ok("txpool_status", json!([])).await["pending"] == "0x0" {
            tokio::task::yield_now().await;
        }
        chain.extend([transaction]);
    };
    let (receipt, ()) = tokio::join!(send, include);
    assert_eq!(receipt["blockNumber"], "0x1");

    let next = chain.transaction(1, FRIEND.into(), 1, Bytes::new());
    let raw = Bytes::from(next.encoded_2718());
    let (code, ..) = chain.error("eth_sendRawTransactionSync", json!([raw, 1])).await;
    assert_eq!(code, 4);
}
