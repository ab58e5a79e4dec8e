use super::*;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

/// Answers one request with `body`; gives the request.
async fn serve(status: &'static str, body: String) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        // The body is JSON without a brace inside a string, and so ends with its last brace.
        while !request.ends_with(b"}") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "the request ends early");
        }
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap()
    });
    (address, served)
}

async fn ask<T: DeserializeOwned>(body: &str) -> Result<T, ClientError> {
    let (address, served) = serve("200 OK", body.to_owned()).await;
    let answer = Rpc::new(&format!("http://{address}")).unwrap().call("m_m", json!([1, "a"])).await;
    let request = served.await.unwrap();
    let (head, request) = request.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("authorization"));
    let expected = json!({ "jsonrpc": "2.0", "id": 1, "method": "m_m", "params": [1, "a"] });
    assert_eq!(serde_json::from_str::<Value>(request).unwrap(), expected);
    answer
}

fn is_transport<T: std::fmt::Debug>(answer: &Result<T, ClientError>, text: &str) {
    let Err(ClientError::Transport { method, reason }) = answer else { panic!("{answer:?}") };
    assert_eq!(method, "m_m");
    assert!(reason.contains(text), "{reason}");
}

#[tokio::test]
async fn answers() {
    assert_eq!(ask::<u64>(r#"{"jsonrpc":"2.0","id":1,"result":7}"#).await.unwrap(), 7);
    assert_eq!(
        ask::<Option<u64>>(r#"{"jsonrpc":"2.0","id":1,"result":null}"#).await.unwrap(),
        None
    );
    assert_eq!(ask::<Option<u64>>(r#"{"jsonrpc":"2.0","id":1}"#).await.unwrap(), None);
    is_transport(&ask::<u64>(r#"{"jsonrpc":"2.0","id":1,"result":null}"#).await, "should be");
    is_transport(&ask::<u64>(r#"{"jsonrpc":"2.0","id":1,"result":"x"}"#).await, "should be");
    is_transport(&ask::<u64>("<html>").await, "HTTP 200 OK, not a JSON-RPC answer");
    is_transport(&ask::<u64>(&"é".repeat(EXCERPT)).await, "not a JSON-RPC answer");
}

#[tokio::test]
async fn refusals_say_why() {
    let body = |data: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":3,"message":"reverted"{data}}}}}"#)
    };
    for (given, expected) in [
        ("", None),
        (r#","data":"0x0102""#, Some(Bytes::from_static(&[1, 2]))),
        (r#","data":{"more":1}"#, None),
    ] {
        let answer = ask::<u64>(&body(given)).await;
        let Err(ClientError::Rejected { method, code, message, data }) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(
            (method.as_str(), code, message.as_str(), data),
            ("m_m", 3, "reverted", expected)
        );
    }
}

/// A node may answer with an HTTP error and say in the body what it is.
#[tokio::test]
async fn an_http_error_is_read_all_the_same() {
    let body = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"slower"}}"#;
    let (address, _served) = serve("429 Too Many Requests", body.to_owned()).await;
    let answer = Rpc::new(&format!("http://{address}")).unwrap().chain_id().await;
    assert!(matches!(answer, Err(ClientError::Rejected { code: -32005, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_secret_makes_a_token() {
    let secret = JwtSecret::random();
    let (address, served) = serve("200 OK", r#"{"id":1,"result":"0x1"}"#.to_owned()).await;
    let rpc = Rpc::new(&format!("http://{address}")).unwrap().with_secret(secret);
    assert_eq!(rpc.chain_id().await.unwrap(), 1);
    let request = served.await.unwrap();
    let token = request.lines().find_map(|line| line.strip_prefix("authorization: Bearer "));
    secret.validate(token.unwrap()).unwrap();
}

#[tokio::test]
async fn nobody_there() {
    is_transport(
        &Rpc::new("http://127.0.0.1:1").unwrap().call::<u64>("m_m", json!([])).await,
        "refused",
    );
    for url in ["", "not a url", "ws://127.0.0.1:8546", "127.0.0.1:8545"] {
        assert!(matches!(Rpc::new(url), Err(ClientError::Config(_))), "{url}");
    }
}
