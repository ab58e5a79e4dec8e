//! The servers themselves: limits, batches, origins.

use crate::fixture::TestChain;
use assay_rpc::{Origins, ServerConfig, start_http, start_http_and_ws, start_ws};
use jsonrpsee::{
    core::client::{ClientT, Subscription, SubscriptionClientT, SubscriptionKind},
    rpc_params,
    types::SubscriptionId,
    ws_client::WsClientBuilder,
};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn config() -> ServerConfig {
    ServerConfig {
        max_request_bytes: 2048,
        max_batch: 2,
        ..ServerConfig::new(SocketAddr::from(([127, 0, 0, 1], 0)))
    }
}

/// Sends one HTTP request and gives status line with headers, and body.
async fn exchange(to: SocketAddr, head: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let length = body.len();
    let request = format!(
        "{head}\r\nhost: {to}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

const POST: &str = "POST / HTTP/1.1\r\ncontent-type: application/json";

fn request(id: u64) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"eth_chainId","params":[]}}"#)
}

#[tokio::test]
async fn requests_batches_and_bodies_are_limited() {
    let chain = TestChain::new();
    let server = start_http(&config(), chain.methods.clone()).await.unwrap();
    let at = server.address();
    let (_, body) = exchange(at, POST, &request(1)).await;
    assert!(body.contains("0xa55a"), "{body}");

    let (_, body) = exchange(at, POST, &format!("[{},{}]", request(1), request(2))).await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&body).unwrap().len(), 2);
    let three = format!("[{},{},{}]", request(1), request(2), request(3));
    let (_, body) = exchange(at, POST, &three).await;
    assert!(body.contains("-32010"), "{body}");

    let (head, _) = exchange(at, POST, &"x".repeat(4096)).await;
    assert!(head.starts_with("http/1.1 413"), "{head}");
    let (_, body) = exchange(at, POST, "{").await;
    assert!(body.contains("-32700"), "{body}");
    let unknown = r#"{"jsonrpc":"2.0","id":1,"method":"eth_noSuchMethod"}"#;
    let (_, body) = exchange(at, POST, unknown).await;
    assert!(body.contains("-32601"), "{body}");
    // Nobody can be sent anything over HTTP: there is no such method, as in op-reth.
    for method in ["eth_subscribe", "eth_unsubscribe", "assay_subscribe"] {
        let subscribe =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":["receipts"]}}"#);
        let (_, body) = exchange(at, POST, &subscribe).await;
        assert!(body.contains("-32601"), "{method}: {body}");
    }
    server.stop().await;
    assert!(TcpStream::connect(at).await.is_err());
}

#[tokio::test]
async fn web_pages_are_let_in_by_origin() {
    let chain = TestChain::new();
    let origins = Origins::List(vec!["https://good.example".parse().unwrap()]);
    let config = ServerConfig { origins, ..config() };
    let server = start_http_and_ws(&config, chain.methods.clone()).await.unwrap();
    let at = server.address();
    let from = |origin: &str| format!("{POST}\r\norigin: https://{origin}.example");
    let (head, _) = exchange(at, &from("good"), &request(1)).await;
    assert!(head.contains("access-control-allow-origin: https://good.example"), "{head}");
    let (head, _) = exchange(at, &from("bad"), &request(1)).await;
    assert!(!head.contains("access-control-allow-origin"), "{head}");

    let upgrade = |origin: &str| {
        format!(
            "GET / HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             origin: https://{origin}.example"
        )
    };
    let (head, _) = exchange(at, &upgrade("bad"), "").await;
    assert!(head.starts_with("http/1.1 403"), "{head}");
    let mut stream = TcpStream::connect(at).await.unwrap();
    let handshake = format!("{}\r\nhost: {at}\r\n\r\n", upgrade("good"));
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 101");
    server.stop().await;
}

#[tokio::test]
async fn websocket_clients_get_answers_and_subscriptions() {
    let chain = TestChain::new();
    let server = start_ws(&config(), chain.methods.clone()).await.unwrap();
    let at = server.address();
    let client = WsClientBuilder::default().build(format!("ws://{at}")).await.unwrap();
    let id: String = client.request("eth_chainId", rpc_params![]).await.unwrap();
    assert_eq!(id, "0xa55a");
    let mut heads: Subscription<Value> = client
        .subscribe("eth_subscribe", rpc_params!["newHeads"], "eth_unsubscribe")
        .await
        .unwrap();
    assert!(
        matches!(heads.kind(), SubscriptionKind::Subscription(SubscriptionId::Str(id)) if id.starts_with("0x"))
    );
    let block = chain.extend([]);
    let head = heads.next().await.unwrap().unwrap();
    assert_eq!(head["hash"], block.hash().to_string());
    heads.unsubscribe().await.unwrap();
    // This port speaks WebSocket alone.
    let (head, _) = exchange(at, POST, &request(1)).await;
    assert!(head.starts_with("http/1.1 403"), "{head}");
    drop(client);
    server.stop().await;
}
