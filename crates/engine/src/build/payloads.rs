//! The payloads that can be asked for.

use super::{
    BuiltPayload, DaLimits,
    assemble::{Frame, assemble},
    attributes,
    job::{Job, Workshop},
};
use crate::{BuilderConfig, EngineError};
use alloy_primitives::B256;
use alloy_rpc_types_engine::PayloadId;
use assay_chain::Chain;
use assay_evm::{AssayEvmConfig, NextBlockAttributes};
use assay_pool::Pool;
use op_alloy_rpc_types_engine::OpPayloadAttributes;
use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc};

/// Jobs by id, newest last, a bounded number.
#[derive(Debug)]
pub(crate) struct Payloads {
    shop: Arc<Workshop>,
    jobs: Mutex<VecDeque<Arc<Job>>>,
}

impl Payloads {
    pub(crate) fn new(
        chain: Chain,
        evm: AssayEvmConfig,
        pool: Pool,
        config: BuilderConfig,
        da: Arc<DaLimits>,
    ) -> Self {
        let shop = Arc::new(Workshop { chain, evm, pool, config, da });
        Self { shop, jobs: Mutex::new(VecDeque::new()) }
    }

    /// Starts a payload on `parent`. The block of the attributes' own transactions is built before
    /// this returns: attributes from which no block can be built are refused here, where the driver
    /// looks for it, and getPayload always has an answer.
    pub(crate) fn start(
        &self,
        parent: B256,
        attributes: &OpPayloadAttributes,
    ) -> Result<PayloadId, EngineError> {
        let id = attributes::payload_id(parent, attributes);
        if self.find(id).is_some() {
            return Ok(id);
        }
        let shop = &self.shop;
        let header = shop
            .chain
            .header_by_hash(parent)
            .map_err(EngineError::internal)?
            .ok_or_else(|| EngineError::internal("the parent's header is gone"))?;
        let next = NextBlockAttributes::from_payload(shop.chain.spec(), &header, attributes)
            .map_err(|error| EngineError::InvalidAttributes(error.to_string()))?;
        let forced = attributes::transactions(attributes)?;
        let frame = Frame { parent: header, attributes: next, forced };
        let first = assemble(&shop.chain, &shop.evm, &frame, None)?;
        let job = Arc::new(Job::new(id, first));
        if !attributes.no_tx_pool.unwrap_or_default() {
            job.improve(Arc::clone(shop), frame);
        }
        self.keep(job);
        Ok(id)
    }

    pub(crate) async fn resolve(&self, id: PayloadId) -> Result<BuiltPayload, EngineError> {
        let job = self.find(id).ok_or(EngineError::UnknownPayload)?;
        job.resolve().await
    }

    pub(crate) fn timestamp(&self, id: PayloadId) -> Result<u64, EngineError> {
        Ok(self.find(id).ok_or(EngineError::UnknownPayload)?.timestamp())
    }

    /// Ends all work.
    pub(crate) fn stop(&self) {
        for job in self.jobs.lock().drain(..) {
            job.stop();
        }
    }

    fn find(&self, id: PayloadId) -> Option<Arc<Job>> {
        self.jobs.lock().iter().find(|job| job.id() == id).cloned()
    }

    fn keep(&self, job: Arc<Job>) {
        let mut jobs = self.jobs.lock();
        // A payload that is no longer the newest is only waited for, not bettered.
        if let Some(previous) = jobs.back() {
            previous.stop();
        }
        jobs.push_back(job);
        while jobs.len() > self.shop.config.payloads.max(1) {
            jobs.pop_front();
        }
    }
}
