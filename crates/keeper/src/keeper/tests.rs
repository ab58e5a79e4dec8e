use super::*;
use alloy_sol_types::SolCall;
use serde_json::{Value, json};
use std::{fs, net::SocketAddr};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

#[test]
fn batches_fit_a_transaction_and_keep_everything() {
    let statement =
        |length: usize| Statement { kind: 1, input: vec![0; length].into(), origin: String::new() };
    let lengths = [40 << 10, 50 << 10, 10 << 10, 200 << 10, 1];
    let batches = batches(lengths.map(statement).into());
    let shape: Vec<Vec<usize>> = batches
        .iter()
        .map(|batch| batch.iter().map(|statement| statement.input.len()).collect())
        .collect();
    assert_eq!(shape, [vec![40 << 10, 50 << 10], vec![10 << 10], vec![200 << 10], vec![1]]);
}

/// Answers one request; gives its method.
async fn answer(mut stream: TcpStream, error: &Value) {
    let mut request = Vec::new();
    let body = loop {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the request ends early");
        let text = String::from_utf8_lossy(&request).into_owned();
        let body =
            text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
        if let Some(body) = body {
            break body;
        }
    };
    let request: Value = body;
    let mut answer = json!({ "jsonrpc": "2.0", "id": 1 });
    match request["method"].as_str() {
        Some("eth_getBlockByNumber") => answer["result"] = json!({ "timestamp": "0x7" }),
        // What it was called with, where there is no other error.
        Some("eth_call") if error.is_null() => {
            let input = &request["params"][0]["input"];
            answer["error"] = json!({ "code": -32603, "message": input });
        }
        Some("eth_call") => answer["error"] = error.clone(),
        _ => answer["result"] = json!("0x1"),
    }
    let answer = answer.to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n", answer.len());
    let whole = format!("{head}connection: close\r\n\r\n{answer}");
    stream.write_all(whole.as_bytes()).await.unwrap();
}

/// A node whose calls fail with this error.
async fn failing(error: Value) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            answer(stream, &error).await;
        }
    });
    (address, served)
}

async fn keeper_over(error: Value, source: Source) -> (Keeper, JoinHandle<()>) {
    let (address, served) = failing(error).await;
    let rpc = assay_client::Rpc::new(&format!("http://{address}")).unwrap();
    let account = Account::new(rpc, [1; 32].into()).await.unwrap();
    (Keeper::new(account, vec![source]), served)
}

fn folder_with_a_list() -> (TempDir, Source) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("milan.crl"), [1, 2, 3]).unwrap();
    let source = Source::Folder(folder.path().into());
    (folder, source)
}

#[tokio::test]
async fn only_the_precompile_refuses_a_statement() {
    for (code, data) in [(3, "0x7468"), (-32000, "0x7468")] {
        let error = json!({ "code": code, "message": "execution reverted", "data": data });
        let (_folder, source) = folder_with_a_list();
        let (mut keeper, _served) = keeper_over(error, source).await;
        let round = keeper.round().await.unwrap();
        assert_eq!(round, Round { fetched: 1, refused: 1, ..Round::default() });
    }
    for error in [
        json!({ "code": -32005, "message": "too many requests" }),
        json!({ "code": -32603, "message": "database" }),
        json!({ "code": -32000, "message": "out of gas", "data": "0x" }),
    ] {
        let (_folder, source) = folder_with_a_list();
        let (mut keeper, _served) = keeper_over(error.clone(), source).await;
        let round = keeper.round().await;
        assert!(
            matches!(&round, Err(KeeperError::Chain(ClientError::Rejected { .. }))),
            "{error}: {round:?}"
        );
    }
}

#[tokio::test]
async fn statements_are_judged_at_the_chain_s_time() {
    let (_folder, source) = folder_with_a_list();
    let (mut keeper, _served) = keeper_over(Value::Null, source).await;
    let round = keeper.round().await;
    let Err(KeeperError::Chain(ClientError::Rejected { message, .. })) = round else {
        panic!("{round:?}")
    };
    let input: Bytes = message.parse().unwrap();
    let call = verifyCollateralCall::abi_decode(&input).unwrap();
    assert_eq!((call.time, &call.collateral[..]), (7, &[1, 2, 3][..]));
}

#[tokio::test]
async fn a_source_that_hangs_does_not_keep_the_keeper_from_stopping() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let source = Source::Amd { url, products: vec![crate::AmdProduct::Milan] };
    let (mut keeper, _served) = keeper_over(Value::Null, source).await;
    let mut held = None;
    // Told to stop once the source has been asked, which never answers.
    let stop = async { held = silent.accept().await.ok() };
    let watched = keeper.watch(Duration::from_secs(3_600), stop);
    tokio::time::timeout(Duration::from_secs(20), watched).await.expect("it stops");
    assert!(held.is_some());
}

#[tokio::test]
async fn a_source_that_is_not_there_says_why() {
    let source = Source::Amd {
        url: "http://127.0.0.1:1".to_owned(),
        products: vec![crate::AmdProduct::Milan],
    };
    let error = source.fetch(&mut Vec::new()).await.unwrap_err().to_string();
    assert!(error.starts_with("http://127.0.0.1:1/vcek/v1/Milan/crl: "), "{error}");
    assert!(error.contains("refused"), "{error}");
    assert_eq!(error.matches("127.0.0.1").count(), 1, "{error}");
}
