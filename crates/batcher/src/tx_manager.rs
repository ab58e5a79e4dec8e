//! Gets transactions into L1: nonces, fees, resubmission, confirmations, reorgs.

use crate::{
    BatcherError, L1Fees, L1Head, L1Rpc, NonceAt, TxData, TxFees, TxId, TxKind, TxManagerConfig,
    signing::{self, Signed},
    tx_data::Payload,
};
use alloy_primitives::{Address, B256};
use alloy_signer_local::PrivateKeySigner;
use assay_chainspec::{BlockId, L1ChainConfig};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// Where and as whom transactions are sent.
#[derive(Debug, Clone)]
pub struct TxTarget {
    /// L1.
    pub l1: L1ChainConfig,
    /// The batch inbox.
    pub inbox: Address,
    /// The batcher's key.
    pub signer: PrivateKeySigner,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TxOutcome {
    /// It is on L1, with as many confirmations as asked for.
    Confirmed {
        /// The L1 block.
        block: u64,
        /// Blobs that it carried.
        blobs: usize,
    },
    /// It can never be included: its nonce was taken by another transaction.
    Failed,
}

/// Sends transactions and sees them through. It holds no timer: [`poll`](Self::poll) is called with
/// the time that has passed.
#[derive(Debug)]
pub struct TxManager<L1> {
    rpc: Arc<L1>,
    target: TxTarget,
    config: TxManagerConfig,
    /// Ascending by nonce.
    pending: VecDeque<Pending>,
    /// Since when the pool holds transactions of an earlier life.
    stale_since: Option<Duration>,
    /// Whether the pool holds a transaction of the other kind at our nonce.
    blocked: Option<Cancel>,
}

#[derive(Debug)]
struct Pending {
    id: TxId,
    nonce: u64,
    payload: Payload,
    fees: TxFees,
    /// The newest version; none before it was made.
    signed: Option<Signed>,
    /// Hashes of all versions.
    hashes: Vec<B256>,
    sent_at: Duration,
    /// Whether the newest version was taken in by the pool.
    sent: bool,
    included: Option<BlockId>,
}

/// A transaction that frees a nonce from one of the other kind.
#[derive(Debug, Clone, Copy)]
struct Cancel {
    nonce: u64,
    kind: TxKind,
    fees: TxFees,
}

/// How a pool answered.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Taken,
    Underpriced,
    NonceTooLow,
    /// The account has transactions of the other kind.
    Reserved,
    Refused(BatcherError),
}

impl<L1: L1Rpc> TxManager<L1> {
    /// A manager with nothing in flight.
    pub const fn new(rpc: Arc<L1>, target: TxTarget, config: TxManagerConfig) -> Self {
        Self { rpc, target, config, pending: VecDeque::new(), stale_since: None, blocked: None }
    }

    /// The account that sends.
    pub const fn address(&self) -> Address {
        self.target.signer.address()
    }

    /// Transactions in flight.
    pub fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// Whether a transaction of this kind may be sent now: pools keep an account's blob and other
    /// transactions apart, and refuse the one while the other waits.
    pub fn accepts(&self, kind: TxKind) -> bool {
        self.blocked.is_none() && self.pending.iter().all(|pending| pending.payload.kind() == kind)
    }

    /// L1's prices.
    ///
    /// # Errors
    /// [`BatcherError::Transport`], [`BatcherError::Rejected`].
    pub async fn fees(&self, head: &L1Head) -> Result<L1Fees, BatcherError> {
        Ok(L1Fees {
            base_fee: head.base_fee.into(),
            tip: self.rpc.tip().await?,
            blob_base_fee: self.target.l1.blobs.base_fee(head.timestamp, head.excess_blob_gas),
        })
    }

    /// Whether the pool still holds transactions that this manager did not send. It waits for them
    /// as long as one of its own may take, then replaces them.
    async fn waits_for_stale(&mut self, now: Duration) -> Result<bool, BatcherError> {
        let address = self.address();
        let latest = self.rpc.nonce(address, NonceAt::Latest).await?;
        if self.rpc.nonce(address, NonceAt::Pending).await? <= latest {
            self.stale_since = None;
            return Ok(false);
        }
        let since = *self.stale_since.get_or_insert(now);
        Ok(now.saturating_sub(since) < self.config.resubmission_timeout)
    }

    /// Sends a transaction; false where it has to wait, and is to be handed in again. Once taken, it
    /// is the manager's: where L1 does not answer, it is sent later.
    ///
    /// # Errors
    /// [`BatcherError::Transport`], [`BatcherError::Rejected`]: nothing was taken.
    pub async fn submit(
        &mut self,
        data: &TxData,
        head: &L1Head,
        now: Duration,
    ) -> Result<bool, BatcherError> {
        if !self.accepts(data.kind) {
            return Ok(false);
        }
        let after_last = self.pending.back().map(|last| last.nonce + 1);
        let nonce = match after_last {
            Some(nonce) => nonce,
            None if self.waits_for_stale(now).await? => return Ok(false),
            None => self.rpc.nonce(self.address(), NonceAt::Latest).await?,
        };
        let fees = TxFees::suggest(&self.fees(head).await?, &self.config, data.kind);
        self.pending.push_back(Pending {
            id: data.id,
            nonce,
            payload: data.payload()?,
            fees,
            signed: None,
            hashes: Vec::new(),
            sent_at: now,
            sent: false,
            included: None,
        });
        let index = self.pending.len() - 1;
        if let Err(error) = self.publish(index, head, now).await {
            tracing::warn!(%error, nonce, "transaction is sent later");
        }
        Ok(true)
    }

    /// Looks after all transactions in flight.
    ///
    /// # Errors
    /// [`BatcherError::Transport`]: L1 does not answer.
    pub async fn poll(
        &mut self,
        head: &L1Head,
        now: Duration,
    ) -> Result<Vec<(TxId, TxOutcome)>, BatcherError> {
        self.free_nonce(head).await?;
        let mut outcomes = Vec::new();
        let mut index = 0;
        // Only the first that is not in a block can move the others, so it alone is made dearer.
        let mut first_waiting = true;
        while index < self.pending.len() {
            let included = self.find_inclusion(index).await?;
            let pending = &mut self.pending[index];
            let lost = pending.included.is_some() && included.is_none();
            pending.included = included;
            if let Some(block) = included {
                let confirmations = (head.number + 1).saturating_sub(block.number);
                if confirmations >= self.config.num_confirmations.max(1) {
                    let blobs = pending.payload.blobs();
                    outcomes
                        .push((pending.id, TxOutcome::Confirmed { block: block.number, blobs }));
                    self.pending.remove(index);
                } else {
                    index += 1;
                }
                continue;
            }
            let overdue = now.saturating_sub(pending.sent_at) >= self.config.resubmission_timeout;
            if lost {
                tracing::warn!(nonce = pending.nonce, "transaction fell out of L1, sending again");
                pending.sent = false;
            } else if overdue && first_waiting {
                self.raise(index, head).await?;
            }
            first_waiting = false;
            if !self.pending[index].sent
                && let Answer::NonceTooLow = self.publish_answer(index, head, now).await?
                && self.find_inclusion(index).await?.is_none()
            {
                // Another transaction of this account took the nonce; those behind it still stand.
                outcomes.push((self.pending[index].id, TxOutcome::Failed));
                self.pending.remove(index);
                continue;
            }
            index += 1;
        }
        Ok(outcomes)
    }

    async fn find_inclusion(&self, index: usize) -> Result<Option<BlockId>, BatcherError> {
        for hash in self.pending[index].hashes.iter().rev() {
            if let Some(block) = self.rpc.inclusion(*hash).await? {
                return Ok(Some(block));
            }
        }
        Ok(None)
    }

    /// Raises a transaction's fees.
    async fn raise(&mut self, index: usize, head: &L1Head) -> Result<(), BatcherError> {
        let fees = self.fees(head).await?;
        let pending = &mut self.pending[index];
        let suggested = TxFees::suggest(&fees, &self.config, pending.payload.kind());
        pending.fees = pending.fees.bumped(&suggested);
        pending.signed = None;
        pending.sent = false;
        tracing::info!(nonce = pending.nonce, fees = ?pending.fees, "raising the fees");
        Ok(())
    }

    async fn publish(
        &mut self,
        index: usize,
        head: &L1Head,
        now: Duration,
    ) -> Result<(), BatcherError> {
        match self.publish_answer(index, head, now).await? {
            Answer::Refused(error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Signs where needed, sends, and takes the pool's answer into account.
    async fn publish_answer(
        &mut self,
        index: usize,
        head: &L1Head,
        now: Duration,
    ) -> Result<Answer, BatcherError> {
        let cells = self.target.l1.osaka_time.is_some_and(|time| time <= head.timestamp);
        let pending = &mut self.pending[index];
        let outdated = |signed: &Signed| {
            pending.payload.kind() == TxKind::Blobs && signed.cell_proofs != cells
        };
        if pending.signed.as_ref().is_none_or(outdated) {
            let payload = pending.payload.clone();
            let signed =
                signing::sign(&self.target, pending.nonce, pending.fees, payload, cells).await?;
            if !pending.hashes.contains(&signed.hash) {
                pending.hashes.push(signed.hash);
            }
            pending.signed = Some(signed);
        }
        let Some(signed) = &pending.signed else {
            return Err(BatcherError::Critical("a signed transaction is missing".into()));
        };
        let result = self.rpc.send(signed.raw.clone()).await;
        pending.sent_at = now;
        let answer = classify(result.map(drop));
        match &answer {
            Answer::Taken => {
                pending.sent = true;
                tracing::debug!(nonce = pending.nonce, hash = %signed.hash, "transaction sent");
            }
            Answer::Underpriced => {
                // At once, from the next poll on.
                let (nonce, hash) = (pending.nonce, signed.hash);
                tracing::warn!(nonce, %hash, "transaction is underpriced");
                self.raise(index, head).await?;
            }
            Answer::Reserved => {
                let nonce = pending.nonce;
                let kind = match pending.payload.kind() {
                    TxKind::Blobs => TxKind::Calldata,
                    TxKind::Calldata => TxKind::Blobs,
                };
                let fees = TxFees::suggest(&self.fees(head).await?, &self.config, kind);
                tracing::warn!(nonce, "the pool holds a transaction of the other kind");
                if index == 0 && self.blocked.is_none() {
                    self.blocked = Some(Cancel { nonce, kind, fees });
                }
            }
            Answer::NonceTooLow => {}
            Answer::Refused(error) => {
                tracing::warn!(nonce = pending.nonce, %error, "transaction was refused");
            }
        }
        Ok(answer)
    }

    /// Replaces a transaction of the other kind, which an earlier life left in the pool, by an empty
    /// one of its kind. Ours then goes behind it.
    async fn free_nonce(&mut self, head: &L1Head) -> Result<(), BatcherError> {
        let Some(mut cancel) = self.blocked else { return Ok(()) };
        if self.rpc.nonce(self.address(), NonceAt::Latest).await? > cancel.nonce {
            self.blocked = None;
            for (pending, nonce) in self.pending.iter_mut().zip(cancel.nonce + 1..) {
                pending.nonce = nonce;
                pending.signed = None;
                pending.sent = false;
            }
            return Ok(());
        }
        let suggested = TxFees::suggest(&self.fees(head).await?, &self.config, cancel.kind);
        cancel.fees = cancel.fees.bumped(&suggested);
        self.blocked = Some(cancel);
        let cells = self.target.l1.osaka_time.is_some_and(|time| time <= head.timestamp);
        let signed = signing::sign_empty(&self.target, cancel.nonce, cancel.fees, cells).await?;
        if let Answer::Refused(error) = classify(self.rpc.send(signed.raw).await.map(drop)) {
            tracing::warn!(nonce = cancel.nonce, %error, "the nonce could not be freed yet");
        }
        Ok(())
    }
}

/// Pools tell what is wrong in words alone.
fn classify(result: Result<(), BatcherError>) -> Answer {
    match result {
        Ok(()) => Answer::Taken,
        Err(BatcherError::Rejected { code, message }) => {
            let text = message.to_lowercase();
            let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
            if has(&["already known", "already imported", "known transaction"]) {
                Answer::Taken
            } else if has(&["nonce too low", "nonce is too low"]) {
                Answer::NonceTooLow
            } else if has(&["already reserved", "already exists in another pool"]) {
                Answer::Reserved
            } else if has(&["underpriced", "fee too low", "less than block base fee"]) {
                Answer::Underpriced
            } else {
                Answer::Refused(BatcherError::Rejected { code, message })
            }
        }
        Err(error) => Answer::Refused(error),
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, BatcherError, classify};

    #[test]
    fn answers_are_understood() {
        let answer = |message: &str| {
            classify(Err(BatcherError::Rejected { code: -32000, message: message.into() }))
        };
        assert_eq!(answer("already known"), Answer::Taken);
        assert_eq!(answer("nonce too low: next nonce 5, tx nonce 4"), Answer::NonceTooLow);
        assert_eq!(answer("replacement transaction underpriced"), Answer::Underpriced);
        assert_eq!(answer("max fee per gas less than block base fee"), Answer::Underpriced);
        assert_eq!(answer("address already reserved"), Answer::Reserved);
        assert!(matches!(answer("insufficient funds"), Answer::Refused(_)));
    }
}
