//! The surface that rollup nodes and batchers see, over a socket.

use super::{Actor, CHAIN_ID, CONTRACTS, GENESIS_TIME, l1, sidecar};
use crate::l1::{L1Server, SharedL1};
use alloy_primitives::{B256, Bytes, U64, U256};
use alloy_rpc_types_beacon::sidecar::{BeaconBlobBundle, GetBlobsResponse};
use alloy_rpc_types_eth::{Block, FeeHistory, Log, Transaction, TransactionReceipt};
use jsonrpsee::{
    core::{ClientError, client::ClientT},
    http_client::{HttpClient, HttpClientBuilder},
    rpc_params,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{net::Ipv4Addr, sync::Arc};

async fn serve() -> (L1Server, HttpClient) {
    let shared: SharedL1 = Arc::new(Mutex::new(l1()));
    let server = L1Server::start(shared, (Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let client = HttpClientBuilder::default().build(server.url()).unwrap();
    (server, client)
}

async fn get(server: &L1Server, path: &str) -> (u16, Value) {
    let response = reqwest::get(format!("{}{path}", server.url())).await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let (server, _) = serve().await;
    let second = L1Server::start(Arc::clone(server.l1()), server.address()).await;
    let error = second.expect_err("the port is taken").to_string();
    assert!(error.starts_with(&format!("cannot listen on {}: ", server.address())), "{error}");
}

#[tokio::test]
async fn json_rpc_is_as_anvil_serves_it() {
    let (_server, client) = serve().await;
    let id: U64 = client.request("eth_chainId", rpc_params![]).await.unwrap();
    assert_eq!(id, U64::from(CHAIN_ID));
    let version: String = client.request("net_version", rpc_params![]).await.unwrap();
    assert_eq!(version, CHAIN_ID.to_string());
    let syncing: bool = client.request("eth_syncing", rpc_params![]).await.unwrap();
    assert!(!syncing);

    let actor = Actor::dev(0);
    let raw: Bytes = actor.call(0, CONTRACTS.portal, 5, Bytes::new()).into();
    let hash: B256 = client.request("eth_sendRawTransaction", rpc_params![raw]).await.unwrap();
    let pending: Transaction =
        client.request("eth_getTransactionByHash", rpc_params![hash]).await.unwrap();
    assert_eq!(pending.block_number, None);
    let receipt: Option<TransactionReceipt> =
        client.request("eth_getTransactionReceipt", rpc_params![hash]).await.unwrap();
    assert!(receipt.is_none());
    for (tag, nonce) in [("latest", 0), ("pending", 1)] {
        let params = rpc_params![actor.address(), tag];
        let count: U64 = client.request("eth_getTransactionCount", params).await.unwrap();
        assert_eq!(count, U64::from(nonce));
    }
    let _: Value = client.request("evm_mine", rpc_params![]).await.unwrap();

    let block: Block =
        client.request("eth_getBlockByNumber", rpc_params!["latest", true]).await.unwrap();
    assert_eq!(block.header.number, 1);
    assert_eq!(block.header.hash, block.header.inner.hash_slow());
    assert_eq!(*block.transactions.as_transactions().unwrap()[0].inner.tx_hash(), hash);
    let same: Block =
        client.request("eth_getBlockByHash", rpc_params![block.header.hash, false]).await.unwrap();
    assert_eq!(same.transactions.as_hashes().unwrap(), [hash]);
    let receipts: Vec<TransactionReceipt> =
        client.request("eth_getBlockReceipts", rpc_params!["0x1"]).await.unwrap();
    assert_eq!(receipts[0].transaction_hash, hash);
    assert!(receipts[0].status());
    let receipt: TransactionReceipt =
        client.request("eth_getTransactionReceipt", rpc_params![hash]).await.unwrap();
    assert_eq!(receipt, receipts[0]);
    let filter = json!({ "address": CONTRACTS.portal, "fromBlock": "0x0" });
    let logs: Vec<Log> = client.request("eth_getLogs", rpc_params![filter]).await.unwrap();
    assert_eq!(logs, receipt.logs());

    let unknown: Option<Block> =
        client.request("eth_getBlockByNumber", rpc_params!["0x99", false]).await.unwrap();
    assert!(unknown.is_none());
    for (tag, number) in [("earliest", 0), ("safe", 0), ("finalized", 0), ("pending", 1)] {
        let block: Block =
            client.request("eth_getBlockByNumber", rpc_params![tag, false]).await.unwrap();
        assert_eq!(block.header.number, number, "{tag}");
    }
}

#[tokio::test]
async fn state_calls_and_fees_are_served() {
    let (_server, client) = serve().await;
    let actor = Actor::dev(0);
    let balance: U256 =
        client.request("eth_getBalance", rpc_params![actor.address()]).await.unwrap();
    assert!(!balance.is_zero());
    let code: Bytes =
        client.request("eth_getCode", rpc_params![CONTRACTS.portal, "latest"]).await.unwrap();
    assert!(!code.is_empty());
    let params = rpc_params![CONTRACTS.portal, "0x1", "latest"];
    let slot: B256 = client.request("eth_getStorageAt", params).await.unwrap();
    assert!(!slot.is_zero());
    let params = rpc_params![CONTRACTS.portal, ["0x1"], "latest"];
    let proof: Value = client.request("eth_getProof", params).await.unwrap();
    assert!(!proof["accountProof"].as_array().unwrap().is_empty());
    let request = json!({ "to": CONTRACTS.system_config, "data": "0x8da5cb5b" });
    let owner: B256 = client.request("eth_call", rpc_params![request, "latest"]).await.unwrap();
    assert!(!owner.is_zero());
    let request = json!({ "from": actor.address(), "to": actor.address(), "value": "0x1" });
    let gas: U64 = client.request("eth_estimateGas", rpc_params![request]).await.unwrap();
    assert_eq!(gas, U64::from(21_000));
    for name in ["eth_gasPrice", "eth_maxPriorityFeePerGas", "eth_blobBaseFee"] {
        let price: U256 = client.request(name, rpc_params![]).await.unwrap();
        assert!(!price.is_zero(), "{name}");
    }
    let _: Value = client.request("anvil_mine", rpc_params!["0x3"]).await.unwrap();
    let params = rpc_params!["0x2", "latest", [25.0, 75.0]];
    let history: FeeHistory = client.request("eth_feeHistory", params).await.unwrap();
    assert_eq!(history.oldest_block, 2);
    assert_eq!(history.base_fee_per_gas.len(), 3);

    // setMinBaseFee by somebody.
    let request = json!({
        "from": actor.address(),
        "to": CONTRACTS.system_config,
        "data": format!("0x7616f0e8{:064x}", 1),
    });
    let error = client.request::<Bytes, _>("eth_call", rpc_params![request]).await.unwrap_err();
    let ClientError::Call(error) = error else { panic!("{error}") };
    assert_eq!(error.code(), 3);
    assert_eq!(error.message(), "execution reverted: Ownable: caller is not the owner");
    let error = client
        .request::<B256, _>("eth_sendRawTransaction", rpc_params!["0x02c0"])
        .await
        .unwrap_err();
    let ClientError::Call(error) = error else { panic!("{error}") };
    assert_eq!(error.code(), -32000);
}

#[tokio::test]
async fn blobs_go_in_by_json_rpc_and_come_out_of_the_beacon_api() {
    let (server, client) = serve().await;
    let sidecar = sidecar(2, 7);
    let raw: Bytes = Actor::dev(0).blobs(0, sidecar.clone()).into();
    let hash: B256 = client.request("eth_sendRawTransaction", rpc_params![raw]).await.unwrap();
    let _: Value = client.request("evm_mine", rpc_params![]).await.unwrap();
    let receipt: TransactionReceipt =
        client.request("eth_getTransactionReceipt", rpc_params![hash]).await.unwrap();
    assert_eq!(receipt.blob_gas_used, Some(2 * 131_072));
    assert_eq!(receipt.blob_gas_price, Some(1));

    let (status, genesis) = get(&server, "/eth/v1/beacon/genesis").await;
    assert_eq!(status, 200);
    assert_eq!(genesis["data"]["genesis_time"], GENESIS_TIME.to_string());
    let (_, spec) = get(&server, "/eth/v1/config/spec").await;
    assert_eq!(spec["data"]["SECONDS_PER_SLOT"], "2");
    let (_, version) = get(&server, "/eth/v1/node/version").await;
    assert!(version["data"]["version"].as_str().unwrap().starts_with("assay-l1/"));

    let (_, sidecars) = get(&server, "/eth/v1/beacon/blob_sidecars/1").await;
    let sidecars: BeaconBlobBundle = serde_json::from_value(sidecars).unwrap();
    assert_eq!(sidecars.len(), 2);
    assert_eq!(&*sidecars.data[1].blob, &sidecar.blobs()[1]);
    assert_eq!(sidecars.data[1].kzg_commitment, sidecar.commitments()[1]);
    let (_, one) = get(&server, "/eth/v1/beacon/blob_sidecars/1?indices=1").await;
    assert_eq!(one["data"].as_array().unwrap().len(), 1);
    assert_eq!(one["data"][0]["index"], "1");

    let wanted = sidecar.versioned_hashes().nth(1).unwrap();
    let (_, blobs) =
        get(&server, &format!("/eth/v1/beacon/blobs/1?versioned_hashes={wanted}")).await;
    let blobs: GetBlobsResponse = serde_json::from_value(blobs).unwrap();
    assert_eq!(blobs.data, [sidecar.blobs()[1]]);
    let (_, head) = get(&server, "/eth/v1/beacon/blobs/head").await;
    assert_eq!(head["data"].as_array().unwrap().len(), 2);

    for (path, expected) in [
        ("/eth/v1/beacon/blob_sidecars/9", 404),
        ("/eth/v1/beacon/blobs/x", 400),
        ("/eth/v1/nothing", 404),
    ] {
        let (status, body) = get(&server, path).await;
        assert_eq!((status, body["code"].as_u64()), (expected, Some(expected.into())));
    }
}

#[tokio::test]
async fn reorgs_are_made_on_demand() {
    let (server, client) = serve().await;
    let raw: Bytes = Actor::dev(0).transfer(0, CONTRACTS.portal).into();
    let hash: B256 = client.request("eth_sendRawTransaction", rpc_params![raw]).await.unwrap();
    let _: Value = client.request("anvil_mine", rpc_params![]).await.unwrap();
    let _: Value = client.request("anvil_reorg", rpc_params![1, null_options()]).await.unwrap();
    let receipt: TransactionReceipt =
        client.request("eth_getTransactionReceipt", rpc_params![hash]).await.unwrap();
    assert_eq!(receipt.block_number, Some(2));
    let options = json!({ "blocks": 1, "readd": [] });
    let _: Value = client.request("anvil_reorg", rpc_params![1, options]).await.unwrap();
    assert!(server.l1().lock().transaction(hash).is_none());
    assert_eq!(server.l1().lock().head_number(), 2);
}

const fn null_options() -> Value {
    Value::Null
}
