//! A JSON-RPC client over HTTP, with a JWT where there is a secret.

use alloy_rpc_types_engine::{Claims, JwtSecret};
use reqwest::{Client, Url};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::time::Duration;

/// An error that a server answered with, or that kept it from answering.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum CallError {
    /// The server's error.
    #[error("{method}: {message} ({code})")]
    Answer {
        /// What was called.
        method: &'static str,
        /// The error's code.
        code: i64,
        /// The error's text.
        message: String,
    },
    /// No answer, or none that is one.
    #[error("{method}: {reason}")]
    Transport {
        /// What was called.
        method: &'static str,
        /// What happened.
        reason: String,
    },
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    result: Value,
    error: Option<AnswerError>,
}

#[derive(Deserialize)]
struct AnswerError {
    code: i64,
    message: String,
}

#[derive(Debug, Clone)]
pub(crate) struct JsonRpc {
    client: Client,
    url: Url,
    secret: Option<JwtSecret>,
}

/// Longer than any block takes to execute; shorter than a person waits.
const TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) fn http_client() -> Result<Client, reqwest::Error> {
    Client::builder().timeout(TIMEOUT).build()
}

impl JsonRpc {
    pub(crate) fn new(url: &str, secret: Option<JwtSecret>) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| format!("{url:?} is not a URL: {error}"))?;
        let client = http_client().map_err(|error| error.to_string())?;
        Ok(Self { client, url, secret })
    }

    /// Calls `method`. A `null` result is `None` where `T` is an `Option`.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<T, CallError> {
        let broken = |reason: String| CallError::Transport { method, reason };
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let mut builder = self.client.post(self.url.clone()).json(&request);
        if let Some(secret) = &self.secret {
            let token = secret
                .encode(&Claims::with_current_timestamp())
                .map_err(|error| broken(error.to_string()))?;
            builder = builder.bearer_auth(token);
        }
        let response = builder.send().await.map_err(|error| broken(error.to_string()))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| broken(error.to_string()))?;
        let answer: Answer = serde_json::from_slice(&bytes).map_err(|error| {
            let text = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
            broken(format!("HTTP {status}, not a JSON-RPC answer ({error}): {text}"))
        })?;
        if let Some(AnswerError { code, message }) = answer.error {
            return Err(CallError::Answer { method, code, message });
        }
        serde_json::from_value(answer.result)
            .map_err(|error| broken(format!("the result is not what it should be: {error}")))
    }
}
