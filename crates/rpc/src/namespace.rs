//! The namespaces that an operator can enable (`--http.api`, `--ws.api`).

use std::{fmt, str::FromStr};

/// A namespace of the public RPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Namespace {
    /// `eth_`
    Eth,
    /// `net_`
    Net,
    /// `web3_`
    Web3,
    /// `txpool_`
    Txpool,
    /// `debug_`
    Debug,
    /// `trace_`
    Trace,
    /// `admin_`
    Admin,
    /// `miner_`
    Miner,
    /// `rpc_`
    Rpc,
    /// `assay_`
    Assay,
}

impl Namespace {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Eth,
        Self::Net,
        Self::Web3,
        Self::Txpool,
        Self::Debug,
        Self::Trace,
        Self::Admin,
        Self::Miner,
        Self::Rpc,
        Self::Assay,
    ];

    /// What is on when nothing is chosen.
    pub const STANDARD: [Self; 4] = [Self::Eth, Self::Net, Self::Web3, Self::Assay];

    /// The name before the underscore.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eth => "eth",
            Self::Net => "net",
            Self::Web3 => "web3",
            Self::Txpool => "txpool",
            Self::Debug => "debug",
            Self::Trace => "trace",
            Self::Admin => "admin",
            Self::Miner => "miner",
            Self::Rpc => "rpc",
            Self::Assay => "assay",
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name in `--http.api` that is no namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown API {0:?}: expected all, none, or a list of eth, net, web3, txpool, debug, trace, admin, miner, rpc, assay"
)]
pub struct UnknownNamespace(pub String);

/// The enabled namespaces, as in `eth,net,web3`, `all` or `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespaces(Vec<Namespace>);

impl Namespaces {
    /// Whether `namespace` is enabled.
    pub fn contains(&self, namespace: Namespace) -> bool {
        self.0.contains(&namespace)
    }

    /// The enabled ones, in the order of [`Namespace::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Namespace> + '_ {
        self.0.iter().copied()
    }
}

impl Default for Namespaces {
    fn default() -> Self {
        Self::from_iter(Namespace::STANDARD)
    }
}

impl FromIterator<Namespace> for Namespaces {
    fn from_iter<I: IntoIterator<Item = Namespace>>(list: I) -> Self {
        let mut list: Vec<_> = list.into_iter().collect();
        list.sort_unstable();
        list.dedup();
        Self(list)
    }
}

impl FromStr for Namespaces {
    type Err = UnknownNamespace;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        match list.trim() {
            "all" => return Ok(Self::from_iter(Namespace::ALL)),
            "none" => return Ok(Self(Vec::new())),
            _ => {}
        }
        list.split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(|name| {
                Namespace::ALL
                    .into_iter()
                    .find(|namespace| namespace.name() == name)
                    .ok_or_else(|| UnknownNamespace(name.into()))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Namespace, Namespaces, UnknownNamespace};

    #[test]
    fn lists_are_read_as_operators_write_them() {
        let list: Namespaces = "web3, eth,eth".parse().unwrap();
        assert_eq!(list.iter().collect::<Vec<_>>(), [Namespace::Eth, Namespace::Web3]);
        assert_eq!("all".parse::<Namespaces>().unwrap().iter().count(), Namespace::ALL.len());
        assert_eq!("none".parse::<Namespaces>().unwrap().iter().count(), 0);
        assert_eq!("eth,foo".parse::<Namespaces>(), Err(UnknownNamespace("foo".into())));
    }
}
