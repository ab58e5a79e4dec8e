//! The JSON-RPC side, against a server with answers as geth and op-node give them.

use super::l2::{L2, config};
use crate::{BatcherError, DaLimits, HttpRpc, L1Rpc, L2Rpc, NonceAt, RollupRpc};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, hex};
use jsonrpsee::{
    RpcModule,
    server::{Server, ServerHandle},
    types::{ErrorObjectOwned, Params},
};
use serde_json::{Value, json};

async fn serve(module: RpcModule<()>) -> (HttpRpc, ServerHandle) {
    let server = Server::builder().build("127.0.0.1:0").await.unwrap();
    let rpc = HttpRpc::new(&format!("http://{}", server.local_addr().unwrap())).unwrap();
    (rpc, server.start(module))
}

fn answer(module: &mut RpcModule<()>, method: &'static str, params: Value, result: Value) {
    module
        .register_method(method, move |given: Params<'_>, (), _| {
            // No parameters at all are an empty list.
            let given = match given.parse().unwrap_or(Value::Null) {
                Value::Null => json!([]),
                given => given,
            };
            if given == params {
                Ok(result.clone())
            } else {
                let message = format!("{method} was called with {given}");
                Err(ErrorObjectOwned::owned(-32602, message, None::<()>))
            }
        })
        .unwrap();
}

fn header(number: &str) -> Value {
    let zero = B256::ZERO;
    json!({
        "number": number, "hash": B256::repeat_byte(5), "parentHash": zero,
        "sha3Uncles": zero, "miner": Address::ZERO, "stateRoot": zero, "transactionsRoot": zero,
        "receiptsRoot": zero, "logsBloom": Bytes::from(vec![0; 256]), "difficulty": "0x0",
        "gasLimit": "0x1c9c380", "gasUsed": "0x0", "timestamp": "0x2710", "extraData": "0x",
        "mixHash": zero, "nonce": "0x0000000000000000", "baseFeePerGas": "0x7",
        "excessBlobGas": "0x20000", "blobGasUsed": "0x0", "size": "0x220", "uncles": [],
        "withdrawalsRoot": zero, "withdrawals": [], "parentBeaconBlockRoot": zero,
    })
}

#[tokio::test]
async fn l1() {
    let address = Address::repeat_byte(2);
    let hash = B256::repeat_byte(6);
    let mut block = header("0x9");
    block["transactions"] = json!([hash]);
    let mut module = RpcModule::new(());
    answer(&mut module, "eth_getBlockByNumber", json!(["latest", false]), block);
    answer(&mut module, "eth_maxPriorityFeePerGas", json!([]), json!("0x3b9aca00"));
    answer(&mut module, "eth_getTransactionCount", json!([address, "pending"]), json!("0x5"));
    answer(&mut module, "eth_sendRawTransaction", json!(["0x1234"]), json!(hash));
    let receipt = json!({
        "transactionHash": hash, "blockHash": B256::repeat_byte(7), "blockNumber": "0x8",
        "status": "0x1", "logs": [], "type": "0x3", "blobGasUsed": "0x20000",
    });
    answer(&mut module, "eth_getTransactionReceipt", json!([hash]), receipt);
    let (rpc, _server) = serve(module).await;

    let head = rpc.head().await.unwrap();
    assert_eq!((head.number, head.timestamp, head.base_fee), (9, 10_000, 7));
    assert_eq!((head.hash, head.excess_blob_gas), (B256::repeat_byte(5), Some(0x20000)));
    assert_eq!(rpc.tip().await, Ok(1_000_000_000));
    assert_eq!(rpc.nonce(address, NonceAt::Pending).await, Ok(5));
    assert!(matches!(
        rpc.nonce(address, NonceAt::Latest).await,
        Err(BatcherError::Rejected { code: -32602, .. })
    ));
    assert_eq!(rpc.send(Bytes::from_static(&hex!("1234"))).await, Ok(hash));
    let block = rpc.inclusion(hash).await.unwrap().unwrap();
    assert_eq!((block.number, block.hash), (8, B256::repeat_byte(7)));
}

#[tokio::test]
async fn an_l2_block_comes_out_as_it_was() {
    let l2 = L2::new(config(), 3);
    let block = &l2.blocks[3];
    let hash = block.header.hash_slow();
    let transactions = block.body.transactions.iter().map(|transaction| {
        let inner = alloy_rpc_types_eth::Transaction {
            inner: alloy_consensus::transaction::Recovered::new_unchecked(
                transaction.clone(),
                Address::repeat_byte(1),
            ),
            block_hash: Some(hash),
            block_number: Some(3),
            transaction_index: Some(0),
            effective_gas_price: Some(0),
            block_timestamp: None,
        };
        op_alloy_rpc_types::Transaction {
            inner,
            deposit_nonce: transaction.is_deposit().then_some(2),
            deposit_receipt_version: transaction.is_deposit().then_some(1),
        }
    });
    let rpc_block = alloy_rpc_types_eth::Block::new(
        alloy_rpc_types_eth::Header::new(block.header.clone()),
        alloy_rpc_types_eth::BlockTransactions::Full(transactions.collect()),
    );
    let mut module = RpcModule::new(());
    let json = serde_json::to_value(rpc_block).unwrap();
    answer(&mut module, "eth_getBlockByNumber", json!(["0x3", true]), json);
    answer(&mut module, "miner_setMaxDASize", json!(["0x96", "0x7d0"]), json!(true));
    let (rpc, _server) = serve(module).await;

    let (received_hash, received) = rpc.block(3).await.unwrap().unwrap();
    assert_eq!(received_hash, hash);
    assert_eq!(received.header, block.header);
    assert_eq!(received.header.hash_slow(), hash);
    let encoded = |block: &alloy_consensus::Block<op_alloy_consensus::OpTxEnvelope>| {
        block.body.transactions.iter().map(Encodable2718::encoded_2718).collect::<Vec<_>>()
    };
    assert_eq!(encoded(&received), encoded(block));
    rpc.set_max_da_size(DaLimits { transaction: 150, block: 2000 }).await.unwrap();
}

#[tokio::test]
async fn what_op_node_says_is_understood() {
    let block = |number: u64| {
        json!({ "hash": B256::repeat_byte(number as u8), "number": number,
            "parentHash": B256::ZERO, "timestamp": 1_700_000_000u64,
            "l1origin": { "hash": B256::ZERO, "number": 1 }, "sequenceNumber": 0 })
    };
    let status = json!({
        "current_l1": block(7), "current_l1_finalized": block(1), "head_l1": block(9),
        "safe_l1": block(2), "finalized_l1": block(1), "unsafe_l2": block(30),
        "safe_l2": block(20), "finalized_l2": block(0), "cross_unsafe_l2": block(30),
        "local_safe_l2": block(20),
    });
    let mut module = RpcModule::new(());
    answer(&mut module, "optimism_syncStatus", json!([]), status);
    let (rpc, _server) = serve(module).await;
    let status = rpc.sync_status().await.unwrap();
    assert_eq!(
        (status.current_l1.number, status.unsafe_l2.number, status.safe_l2.number),
        (7, 30, 20)
    );
    let missing = rpc.set_max_da_size(DaLimits { transaction: 0, block: 0 }).await;
    assert!(matches!(missing, Err(BatcherError::Rejected { code: -32601, .. })), "{missing:?}");
}

#[tokio::test]
async fn nobody_there() {
    let rpc = HttpRpc::new("http://127.0.0.1:1").unwrap();
    assert!(matches!(rpc.head().await, Err(BatcherError::Transport(_))));
    assert!(matches!(HttpRpc::new("not a url"), Err(BatcherError::Config(_))));
}
