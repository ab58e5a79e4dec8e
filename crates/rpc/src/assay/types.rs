//! Shapes of requests and answers. Times are unix seconds, amounts are in the token's least unit.

use alloy_primitives::{Address, B256, Bytes, U256};
use assay_precompiles::contracts::{IInference, ISessions};
use serde::{Deserialize, Serialize};

/// Where a log stands in the canonical chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogPlace {
    /// Its block's number.
    pub(crate) block_number: u64,
    /// Its block's hash.
    pub(crate) block_hash: B256,
    /// Its block's timestamp.
    pub(crate) block_timestamp: u64,
    /// Its transaction's hash.
    pub(crate) transaction_hash: B256,
    /// Its index in the block.
    pub(crate) log_index: u32,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionInfo {
    /// The evidence's id.
    pub(crate) session_id: B256,
    /// The evidence's kind.
    pub(crate) kind: u8,
    /// 3: TEE, 4: TEE with attested GPU.
    pub(crate) assurance: u8,
    /// The only provider and payee.
    pub(crate) controller: Address,
    /// The code's identity.
    pub(crate) identity: B256,
    /// The hardware.
    pub(crate) platform: B256,
    /// The roots relied on.
    pub(crate) anchors: Vec<B256>,
    /// When the evidence was made.
    pub(crate) time: u64,
    /// Scheme and public key that sign receipts.
    pub(crate) key: Bytes,
    /// The key that requests may be encrypted to.
    pub(crate) encryption_key: Bytes,
    /// Status at opening.
    pub(crate) opening_status: u32,
    /// End of the statements used at opening.
    pub(crate) opening_not_after: u64,
    /// Whether its controller closed it.
    pub(crate) closed: bool,
    /// The registers that identify the code.
    pub(crate) measurement: Bytes,
    /// What newer collateral judges.
    pub(crate) tcb: Bytes,
    /// Keys of the statements that judge it.
    pub(crate) collateral_keys: Vec<B256>,
    /// Status by the collateral held at the block asked about.
    pub(crate) status: u32,
    /// End by that collateral; 0: refused or closed.
    pub(crate) not_after: u64,
    /// Whether it holds at that block's time, policies aside.
    pub(crate) live: bool,
    /// Where it was opened.
    pub(crate) opened: Option<LogPlace>,
}

impl SessionInfo {
    pub(super) fn new(
        session_id: B256,
        session: ISessions::Session,
        (status, not_after): (u32, u64),
        time: u64,
        opened: Option<LogPlace>,
    ) -> Self {
        Self {
            session_id,
            kind: session.kind,
            assurance: session.assurance,
            controller: session.controller,
            identity: session.identity,
            platform: session.platform,
            anchors: session.anchors,
            time: session.time,
            key: session.key,
            encryption_key: session.encryptionKey,
            opening_status: session.status,
            opening_not_after: session.notAfter,
            closed: session.closed,
            measurement: session.measurement,
            tcb: session.tcb,
            collateral_keys: session.collateralKeys,
            status,
            not_after,
            live: time < not_after,
            opened,
        }
    }
}

/// A request for an inference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestInfo {
    /// The model asked.
    pub(crate) model_id: B256,
    /// Who asks and pays.
    pub(crate) requester: Address,
    /// What is paid in; zero: the native token.
    pub(crate) token: Address,
    /// Most that is paid.
    pub(crate) escrow: U256,
    /// Commitment to the input.
    pub(crate) input_hash: B256,
    /// The requester's own policy, or zero.
    pub(crate) policy_id: B256,
    /// When it was made.
    pub(crate) time: u64,
    /// When its escrow can be taken back.
    pub(crate) deadline: u64,
    /// `open`, `settled` or `refunded`.
    pub(crate) state: &'static str,
}

/// A settled receipt: what the provider signed, and where it was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettledReceipt {
    /// The request that it settles.
    pub(crate) request_id: B256,
    /// The model that answered.
    pub(crate) model_id: B256,
    /// Commitment to the input.
    pub(crate) input_hash: B256,
    /// Commitment to the output.
    pub(crate) output_hash: B256,
    /// Commitment to the attribution, or zero.
    pub(crate) attribution_root: B256,
    /// Who asked and paid.
    pub(crate) requester: Address,
    /// Who answered.
    pub(crate) provider: Address,
    /// What was paid.
    pub(crate) price: U256,
    /// The provider's nonce.
    pub(crate) nonce: u64,
    /// When the answer was made.
    pub(crate) time: u64,
    /// EIP-712 hash of the receipt.
    pub(crate) receipt_hash: B256,
    /// The session whose key signed it.
    pub(crate) session_id: B256,
    /// Where it was settled.
    pub(crate) settled: LogPlace,
}

impl SettledReceipt {
    pub(super) fn new(event: IInference::Settled, settled: LogPlace) -> Self {
        let IInference::Settled { receiptHash, sessionId, receipt, .. } = event;
        Self {
            request_id: receipt.requestId,
            model_id: receipt.modelId,
            input_hash: receipt.inputHash,
            output_hash: receipt.outputHash,
            attribution_root: receipt.attributionRoot,
            requester: receipt.requester,
            provider: receipt.provider,
            price: receipt.price,
            nonce: receipt.nonce,
            time: receipt.time,
            receipt_hash: receiptHash,
            session_id: sessionId,
            settled,
        }
    }
}

/// `assay_getReceipt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceiptInfo {
    /// The request's id.
    pub(crate) request_id: B256,
    /// The request.
    pub(crate) request: RequestInfo,
    /// Its receipt, once it is settled.
    pub(crate) receipt: Option<SettledReceipt>,
}

/// Which receipts `assay_getReceipts` gives: those that fit every field that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReceiptQuery {
    /// The model that answered.
    pub(crate) model_id: Option<B256>,
    /// Who answered.
    pub(crate) provider: Option<Address>,
    /// Who asked.
    pub(crate) requester: Option<Address>,
    /// First block; default: genesis.
    pub(crate) from_block: Option<alloy_eips::BlockNumberOrTag>,
    /// Last block; default: the head.
    pub(crate) to_block: Option<alloy_eips::BlockNumberOrTag>,
    /// Oldest first instead of newest first.
    #[serde(default)]
    pub(crate) oldest_first: bool,
    /// Most receipts to give; default 100, at most 1,000.
    pub(crate) limit: Option<usize>,
    /// Where the last page ended: its `next`.
    pub(crate) after: Option<Bytes>,
}

/// A page of receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceiptPage {
    /// The receipts.
    pub(crate) receipts: Vec<SettledReceipt>,
    /// `after` of the next page; null: there is none.
    pub(crate) next: Option<Bytes>,
}

/// A datanet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatanetInfo {
    /// Its id.
    pub(crate) datanet_id: B256,
    /// Who made it.
    pub(crate) creator: Address,
    /// Who lets contributors in; zero: anyone contributes.
    pub(crate) curator: Address,
    /// Leaves of its log.
    pub(crate) size: u64,
    /// Head of its log.
    pub(crate) head: B256,
    /// Contributions: ranges of leaves with one contributor each.
    pub(crate) contributions: U256,
    /// Where it says more about itself.
    pub(crate) uri: Option<String>,
    /// Where it was made.
    pub(crate) created: Option<LogPlace>,
}

/// Which part of an account's contributions and payouts to give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ContributorQuery {
    /// Most of each list, newest first; default 100, at most 1,000.
    pub(crate) limit: Option<usize>,
    /// `nextContributions` of the page before.
    pub(crate) after_contributions: Option<Bytes>,
    /// `nextPayouts` of the page before.
    pub(crate) after_payouts: Option<Bytes>,
}

/// What an account contributed and earned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContributorInfo {
    /// The account.
    pub(crate) contributor: Address,
    /// Its contributions, newest first.
    pub(crate) contributions: Vec<ContributionInfo>,
    /// What it was paid, newest first.
    pub(crate) payouts: Vec<PayoutInfo>,
    /// What it can claim of the native token and of those in `payouts`.
    pub(crate) balances: Vec<TokenBalance>,
    /// `afterContributions` of the next page.
    pub(crate) next_contributions: Option<Bytes>,
    /// `afterPayouts` of the next page.
    pub(crate) next_payouts: Option<Bytes>,
}

/// A range of leaves with one contributor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContributionInfo {
    /// The datanet.
    pub(crate) datanet_id: B256,
    /// Place of the first leaf.
    pub(crate) first_index: u64,
    /// How many leaves.
    pub(crate) count: u64,
    /// Where they were contributed.
    pub(crate) contributed: LogPlace,
}

/// A contributor's part of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PayoutInfo {
    /// The request whose receipt pays.
    pub(crate) request_id: B256,
    /// The datanet.
    pub(crate) datanet_id: B256,
    /// What it is paid in; zero: the native token.
    pub(crate) token: Address,
    /// The account's part.
    pub(crate) amount: U256,
    /// Where it was paid.
    pub(crate) paid: LogPlace,
}

/// An amount that can be claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenBalance {
    /// Zero: the native token.
    pub(crate) token: Address,
    /// The amount.
    pub(crate) amount: U256,
}

/// Arguments of `IAttribution.verifyInclusion`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InclusionProof {
    /// The log's head at `size`.
    pub(crate) log_head: B256,
    /// The log's size.
    pub(crate) size: u64,
    /// Places of the leaves.
    pub(crate) indices: Vec<u64>,
    /// The leaves.
    pub(crate) leaf_hashes: Vec<B256>,
    /// For each leaf, the number of the contribution that holds it: `IDatanets` takes them.
    pub(crate) ranges: Vec<u64>,
    /// The proof's nodes.
    pub(crate) proof: Vec<B256>,
}

/// What an output root is the hash of
/// (<https://specs.optimism.io/protocol/proposals.html#l2-output-commitment-construction>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutputRootParts {
    /// Zero.
    pub(crate) version: B256,
    /// The block's state root.
    pub(crate) state_root: B256,
    /// Storage root of the message passer.
    pub(crate) message_passer_storage_root: B256,
    /// The block's hash.
    pub(crate) latest_blockhash: B256,
}

/// From an output root to a receipt's hash in `Inference`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceiptProof {
    /// The request.
    pub(crate) request_id: B256,
    /// EIP-712 hash of its receipt.
    pub(crate) receipt_hash: B256,
    /// The block whose state is proven.
    pub(crate) block_number: u64,
    /// Its output root, as the rollup's contracts on L1 hold it.
    pub(crate) output_root: B256,
    /// The output root's parts.
    pub(crate) output_root_parts: OutputRootParts,
    /// `Inference`'s address.
    pub(crate) contract: Address,
    /// The storage slot with the receipt's hash.
    pub(crate) slot: B256,
    /// Nodes of the state trie down to `Inference`'s account.
    pub(crate) account_proof: Vec<Bytes>,
    /// Nodes of its storage trie down to the slot.
    pub(crate) storage_proof: Vec<Bytes>,
}

/// What `assay_subscribe` sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SubscriptionKind {
    /// Opened sessions.
    Sessions,
    /// Settled receipts.
    Receipts,
}

/// Which of them: those that fit every field that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SubscriptionFilter {
    /// A session's controller.
    pub(crate) controller: Option<Address>,
    /// A session's code.
    pub(crate) identity: Option<B256>,
    /// A receipt's model.
    pub(crate) model_id: Option<B256>,
    /// A receipt's provider.
    pub(crate) provider: Option<Address>,
    /// A receipt's requester.
    pub(crate) requester: Option<Address>,
}
