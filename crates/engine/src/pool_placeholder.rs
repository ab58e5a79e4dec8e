//! PLACEHOLDER until the pool is there.
#![allow(missing_docs, clippy::all)]
use alloy_consensus::transaction::Recovered;
use alloy_primitives::B256;
use assay_evm::Transaction;
#[derive(Debug, Clone, Default)]
pub struct Pool;
#[derive(Debug, Clone, Default)]
pub struct PoolConfig;
#[derive(Debug)]
pub struct Pooled;
impl Pooled { pub fn recovered(&self) -> &Recovered<Transaction> { unreachable!() } }
pub struct Best;
impl Iterator for Best { type Item = Pooled; fn next(&mut self) -> Option<Pooled> { None } }
impl Best { pub fn mark_invalid(&mut self, _: &Pooled) {} }
impl Pool {
    pub fn new(_: assay_chain::Chain, _: assay_evm::AssayEvmConfig, _: PoolConfig) -> Self { Self }
    pub fn best(&self, _: u64) -> Best { Best }
    pub fn has_pending(&self) -> bool { false }
    pub fn subscribe_pending(&self) -> tokio::sync::broadcast::Receiver<B256> { tokio::sync::broadcast::channel(1).1 }
    pub async fn maintain(self) {}
}
