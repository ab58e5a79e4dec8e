//! Rounds of fetching and putting.

use crate::{KeeperError, Source, Statement};
use alloy_primitives::{Bytes, U256};
use assay_chainspec::{PRECOMPILE_ADDRESSES, predeploys::COLLATERAL};
use assay_client::{Account, ClientError};
use assay_precompiles::contracts::{
    IAttestation::verifyCollateralCall,
    ICollateral::{putManyCall, statementCall},
};
use std::{collections::BTreeMap, future::Future, time::Duration};

/// Most bytes of statements in one transaction: nodes take transactions of up to 128 KiB.
const BATCH_BYTES: usize = 96 << 10;

/// What one round came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Statements fetched.
    pub fetched: usize,
    /// Those that the chain refuses: expired, of an unknown root, damaged.
    pub refused: usize,
    /// Those that it holds already, or newer ones.
    pub held: usize,
    /// Those that were put.
    pub put: usize,
}

/// Puts what its sources have into a chain's `Collateral`.
#[derive(Debug)]
pub struct Keeper {
    account: Account,
    sources: Vec<Source>,
}

impl Keeper {
    /// A keeper that pays with `account`.
    pub const fn new(account: Account, sources: Vec<Source>) -> Self {
        Self { account, sources }
    }

    /// Fetches once and puts what is newer. What cannot be fetched does not keep the rest from being
    /// put; its error comes at the end.
    ///
    /// # Errors
    /// The first of a source, or the chain's.
    pub async fn round(&mut self) -> Result<Round, KeeperError> {
        let mut round = Round::default();
        // What the transactions will be judged by, whatever this machine's clock says.
        let time = self.account.rpc().time().await?;
        let mut failed = None;
        let mut newer: BTreeMap<u8, Vec<Statement>> = BTreeMap::new();
        for source in &self.sources {
            let mut statements = Vec::new();
            if let Err(error) = source.fetch(&mut statements).await {
                failed.get_or_insert(error);
            }
            for statement in statements {
                round.fetched += 1;
                match self.judge(&statement, time).await? {
                    Judgement::Refused => round.refused += 1,
                    Judgement::Held => round.held += 1,
                    Judgement::Newer => {
                        let same_kind = newer.entry(statement.kind).or_default();
                        // Two bundles share their root's list.
                        if same_kind.iter().any(|other| other.input == statement.input) {
                            round.held += 1;
                        } else {
                            same_kind.push(statement);
                        }
                    }
                }
            }
        }
        if !newer.is_empty() {
            self.account.recount().await?;
        }
        for (kind, statements) in newer {
            for batch in batches(statements) {
                round.put += batch.len();
                self.put(kind, batch).await?;
            }
        }
        failed.map_or(Ok(round), Err)
    }

    /// Does rounds until `stop` completes, `interval` apart. A round that fails is logged; the next
    /// one comes after a tenth of the interval. A round that is cut short leaves nothing behind: what
    /// it sent is held when the next one asks, or is sent again.
    pub async fn watch(&mut self, interval: Duration, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let round = tokio::select! {
                () = &mut stop => return,
                round = self.round() => round,
            };
            let pause = match round {
                Ok(Round { fetched, refused, held, put }) => {
                    tracing::info!(fetched, refused, held, put, "collateral checked");
                    interval
                }
                Err(error) => {
                    tracing::warn!(%error, "collateral not fresh");
                    interval / 10
                }
            };
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Asks the chain what it thinks of a statement at this time.
    async fn judge(&self, statement: &Statement, time: u64) -> Result<Judgement, KeeperError> {
        let rpc = self.account.rpc();
        let call = verifyCollateralCall {
            kind: statement.kind,
            collateral: statement.input.clone(),
            time,
        };
        let claims = match rpc.view(PRECOMPILE_ADDRESSES[0], &call).await {
            Ok(claims) => claims,
            // The precompile's refusal. A node that is busy, or behind, says nothing of the statement.
            Err(ClientError::Rejected { message, data: Some(data), .. }) if !data.is_empty() => {
                tracing::warn!(origin = %statement.origin, %message, %data, "collateral refused");
                return Ok(Judgement::Refused);
            }
            Err(error) => return Err(error.into()),
        };
        let held = rpc.view(COLLATERAL, &statementCall { key: claims.key }).await?;
        let is_held = !held.pointer.is_zero() && held.version >= claims.version;
        Ok(if is_held { Judgement::Held } else { Judgement::Newer })
    }

    async fn put(&mut self, kind: u8, batch: Vec<Statement>) -> Result<(), KeeperError> {
        let count = batch.len();
        let collateral: Vec<Bytes> = batch.into_iter().map(|statement| statement.input).collect();
        let call = putManyCall { kind, collateral };
        let (sent, receipt) = self.account.transact(COLLATERAL, U256::ZERO, &call).await?;
        tracing::info!(
            kind,
            statements = count,
            transaction = %sent.hash,
            gas = receipt.gas_used.to::<u64>(),
            "collateral put"
        );
        Ok(())
    }
}

/// What the chain thinks of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judgement {
    Refused,
    Held,
    Newer,
}

/// Statements in runs that fit a transaction.
fn batches(statements: Vec<Statement>) -> Vec<Vec<Statement>> {
    let mut batches: Vec<Vec<Statement>> = Vec::new();
    let mut bytes = 0;
    for statement in statements {
        bytes += statement.input.len();
        match batches.last_mut() {
            Some(batch) if bytes <= BATCH_BYTES => batch.push(statement),
            _ => {
                bytes = statement.input.len();
                batches.push(vec![statement]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests;
