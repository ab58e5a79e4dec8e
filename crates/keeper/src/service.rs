//! A vendor's service over HTTP.

use crate::KeeperError;
use alloy_primitives::Bytes;
use assay_client::with_causes;
use percent_encoding::percent_decode_str;
use reqwest::{Client, Response, header::HeaderMap};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(60);
/// Largest answer or file that is taken: vendors' lists are some kilobytes.
pub(crate) const MAX_BYTES: u64 = 1 << 20;

/// A service at a base URL.
#[derive(Debug)]
pub(crate) struct Service {
    base: String,
    client: Client,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) url: String,
    pub(crate) body: Bytes,
    headers: HeaderMap,
}

impl Service {
    pub(crate) fn new(base: &str) -> Result<Self, KeeperError> {
        let client = Client::builder().timeout(TIMEOUT).build().map_err(|error| {
            KeeperError::Fetch { url: base.to_owned(), reason: with_causes(&error) }
        })?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), client })
    }

    /// Gets a path below the base URL.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer, KeeperError> {
        self.get_url(format!("{}{path}", self.base)).await
    }

    /// Gets any URL.
    pub(crate) async fn get_url(&self, url: String) -> Result<Answer, KeeperError> {
        let failed = |reason: String| KeeperError::Fetch { url: url.clone(), reason };
        let broken = |error: reqwest::Error| failed(with_causes(&error.without_url()));
        let mut response = self
            .client
            .get(&url)
            .send()
            .await
            .and_then(Response::error_for_status)
            .map_err(broken)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            body.extend_from_slice(&chunk);
            if body.len() as u64 > MAX_BYTES {
                return Err(failed(format!("more than {MAX_BYTES} bytes")));
            }
        }
        let headers = std::mem::take(response.headers_mut());
        Ok(Answer { url, body: body.into(), headers })
    }
}

impl Answer {
    /// What is wrong with this answer.
    pub(crate) fn wrong(&self, reason: impl Into<String>) -> KeeperError {
        KeeperError::Fetch { url: self.url.clone(), reason: reason.into() }
    }

    /// A certificate chain out of the first of these headers that is there, percent-encoded PEM.
    pub(crate) fn chain(&self, names: &[&str]) -> Result<String, KeeperError> {
        let value = names.iter().find_map(|name| self.headers.get(*name));
        let value = value.ok_or_else(|| self.wrong(format!("no header {}", names.join(" or "))))?;
        let text = value.to_str().map_err(|_| self.wrong("a header is not text"))?;
        let decoded = percent_decode_str(text).decode_utf8();
        Ok(decoded.map_err(|_| self.wrong("a header is not text"))?.into_owned())
    }
}
