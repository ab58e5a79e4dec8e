//! Where a public server listens and what it takes.

use http::HeaderValue;
use std::{net::SocketAddr, str::FromStr};

/// Settings of one server. The limits are op-reth's, except that batches are bounded.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Address; port 0 takes a free one.
    pub address: SocketAddr,
    /// Which web pages may call (`--http.corsdomain`, `--ws.origins`).
    pub origins: Origins,
    /// Bytes of one request (`--rpc.max-request-size`).
    pub max_request_bytes: u32,
    /// Bytes of one response (`--rpc.max-response-size`).
    pub max_response_bytes: u32,
    /// Open connections (`--rpc.max-connections`).
    pub max_connections: u32,
    /// Subscriptions of one connection (`--rpc.max-subscriptions-per-connection`).
    pub max_subscriptions: u32,
    /// Requests in one batch.
    pub max_batch: u32,
}

impl ServerConfig {
    /// The defaults, listening on `address`.
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            origins: Origins::None,
            max_request_bytes: 15 << 20,
            max_response_bytes: 160 << 20,
            max_connections: 500,
            max_subscriptions: 1024,
            max_batch: 1000,
        }
    }
}

/// The web pages that may call, by origin. Programs that are no browsers send none and are not
/// concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origins {
    /// None.
    #[default]
    None,
    /// Any (`*`).
    Any,
    /// These.
    List(Vec<HeaderValue>),
}

/// An origin that no header can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no origin")]
pub struct UnusableOrigin(pub String);

impl FromStr for Origins {
    type Err = UnusableOrigin;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let names: Vec<&str> =
            list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if names.is_empty() {
            return Ok(Self::None);
        }
        if names.contains(&"*") {
            return match names.len() {
                1 => Ok(Self::Any),
                _ => Err(UnusableOrigin("* beside others".into())),
            };
        }
        names
            .into_iter()
            .map(|name| HeaderValue::from_str(name).map_err(|_| UnusableOrigin(name.into())))
            .collect::<Result<_, _>>()
            .map(Self::List)
    }
}

#[cfg(test)]
mod tests {
    use super::Origins;
    use http::HeaderValue;

    #[test]
    fn origins_are_read_as_operators_write_them() {
        assert_eq!("*".parse(), Ok(Origins::Any));
        assert_eq!(" ".parse(), Ok(Origins::None));
        assert_eq!(
            "https://a.example, https://b.example".parse(),
            Ok(Origins::List(vec![
                HeaderValue::from_static("https://a.example"),
                HeaderValue::from_static("https://b.example"),
            ]))
        );
        assert!("*,https://a.example".parse::<Origins>().is_err());
        assert!("a\u{7f}b".parse::<Origins>().is_err());
    }
}
