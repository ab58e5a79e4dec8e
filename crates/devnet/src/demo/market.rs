//! Models, a datanet, requests, receipts, and who is paid.

use super::{
    DemoError,
    cast::{CONTRIBUTORS, Cast},
    enclaves::Session,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_sol_types::{SolEvent, SolValue};
use assay_attribution::provider::{
    CitationOptions, Citations, Corpus, Document, cite, token_bytes,
};
use assay_chainspec::predeploys::{DATANETS, INFERENCE, SESSIONS};
use assay_client::{Receipt, Rpc};
use assay_precompiles::{
    contracts::{
        IAttribution, IDatanets,
        IInference::{self, InferenceReceipt, Settlement},
        ISessions,
    },
    span_weights_call,
};
use serde::Deserialize;
use serde_json::json;

/// Documents of the datanet: one leaf each.
const DOCUMENTS: usize = 1_000;
const DOCUMENT_TOKENS: usize = 64;
/// Tokens of the shortest span that is cited.
const MIN_LENGTH: u32 = 8;
/// Parts of 10,000 of each price.
const OWNER_SHARE: u16 = 1_500;
const DATA_SHARE: u16 = 2_500;
/// Escrow of a request, and the price charged: neither is evenly split by the shares.
const ESCROW: U256 = U256::from_limbs([100_000_000_000_000_003, 0, 0, 0]);
const PRICE: U256 = U256::from_limbs([70_000_000_000_000_001, 0, 0, 0]);
/// Seconds that a request may take, and those of the one that nobody answers.
const PATIENCE: u64 = 3_600;
const IMPATIENCE: u64 = 3;
/// Gas of each receipt in a batch.
const GAS_PER_ITEM: u64 = 1_200_000;

/// The market, once it is set up.
pub(super) struct Market {
    corpus: Corpus,
    datanet: B256,
    /// A model with the datanet, and one without.
    models: [B256; 2],
    nonce: u64,
}

/// A request that waits for its receipt.
struct Asked {
    id: B256,
    model: usize,
    input: B256,
    time: u64,
}

/// A receipt, signed, and what it cites.
struct Answer {
    settlement: Settlement,
    citations: Option<Citations>,
}

/// What the market came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Takings {
    pub(super) settled: u64,
    pub(super) refused: u64,
    pub(super) refunded: u64,
    pub(super) attributed: u64,
    pub(super) contributors_paid: u64,
    pub(super) claimed: U256,
}

/// `assay_getInclusionProof`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InclusionProof {
    log_head: B256,
    size: u64,
    leaf_hashes: Vec<B256>,
    ranges: Vec<u64>,
    proof: Vec<B256>,
}

/// The event of a transaction that must have given one.
fn event<E: SolEvent>(receipt: &Receipt) -> Result<E, DemoError> {
    let found = receipt.logs.iter().find_map(|log| log.log_decode::<E>().ok());
    found
        .map(|log| log.inner.data)
        .ok_or_else(|| DemoError::Wrong(format!("no event {}", E::SIGNATURE)))
}

/// The tokens of a document that nobody else wrote.
fn document(index: usize) -> Document {
    let tokens = (0..DOCUMENT_TOKENS)
        .map(|token| {
            let hash = keccak256(("assay demo document", index as u64, token as u64).abi_encode());
            u32::from_be_bytes([0, 0, hash[0], hash[1]])
        })
        .collect();
    Document { name: format!("document {index}"), tokens }
}

impl Market {
    /// Makes the datanet with its documents, the policy and the models.
    pub(super) async fn open(
        cast: &mut Cast,
        l2: &Rpc,
        sessions: &[Session],
    ) -> Result<Self, DemoError> {
        let corpus = Corpus::new((0..DOCUMENTS).map(document).collect(), DOCUMENT_TOKENS);
        let call = IDatanets::createCall {
            curator: cast.owner.address(),
            salt: B256::ZERO,
            uri: "https://example.org/documents".into(),
        };
        let (_, receipt) = cast.owner.transact(DATANETS, U256::ZERO, &call).await?;
        let datanet = event::<IDatanets::DatanetCreated>(&receipt)?.datanetId;
        let each = DOCUMENTS.div_ceil(CONTRIBUTORS);
        for (leaves, contributor) in corpus.log().leaf_hashes().chunks(each).zip(&cast.contributors)
        {
            let call = IDatanets::contributeCall {
                datanetId: datanet,
                contributor: contributor.address(),
                leafHashes: leaves.to_vec(),
            };
            cast.owner.transact(DATANETS, U256::ZERO, &call).await?;
        }
        let policy = policy(l2, sessions).await?;
        let call = ISessions::registerPolicyCall { policy };
        let (_, receipt) = cast.owner.transact(SESSIONS, U256::ZERO, &call).await?;
        let policy = event::<ISessions::PolicyRegistered>(&receipt)?.policyId;
        let mut models = [B256::ZERO; 2];
        for (index, model) in models.iter_mut().enumerate() {
            let with_data = index == 0;
            let call = IInference::registerModelCall {
                weights: keccak256(format!("weights of model {index}")),
                tokenizer: keccak256("tokenizer"),
                parameters: keccak256("temperature 0"),
                policyId: policy,
                datanetId: if with_data { datanet } else { B256::ZERO },
                ownerShare: OWNER_SHARE,
                dataShare: if with_data { DATA_SHARE } else { 0 },
                uri: format!("https://example.org/model/{index}"),
            };
            let (_, receipt) = cast.owner.transact(INFERENCE, U256::ZERO, &call).await?;
            *model = event::<IInference::ModelRegistered>(&receipt)?.modelId;
        }
        Ok(Self { corpus, datanet, models, nonce: 0 })
    }

    /// Requests, receipts, refunds and payments.
    pub(super) async fn trade(
        &mut self,
        cast: &mut Cast,
        l2: &Rpc,
        sessions: &[Session],
    ) -> Result<Takings, DemoError> {
        let mut takings = Takings::default();
        let forgotten = self.ask(cast, 1, IMPATIENCE).await?;

        // One receipt by itself, then one under every session in a batch, among them a forged one.
        let asked = self.ask(cast, 0, PATIENCE).await?;
        let single = self.answer(cast, l2, &asked, &sessions[0]).await?;
        let call = IInference::settleCall { settlement: single.settlement.clone() };
        cast.provider.transact(INFERENCE, U256::ZERO, &call).await?;
        takings.settled += 1;
        let mut answers = Vec::new();
        for (index, session) in sessions.iter().enumerate() {
            let asked = self.ask(cast, index % 2, PATIENCE).await?;
            answers.push(self.answer(cast, l2, &asked, session).await?);
        }
        let asked = self.ask(cast, 0, PATIENCE).await?;
        let mut forged = self.answer(cast, l2, &asked, &sessions[0]).await?;
        forged.settlement.receipt.price += U256::ONE;
        let mut settlements: Vec<Settlement> =
            answers.iter().map(|answer| answer.settlement.clone()).collect();
        settlements.insert(1, forged.settlement);
        let call = IInference::settleManyCall {
            settlements: settlements.clone(),
            gasPerItem: U256::from(GAS_PER_ITEM),
        };
        let (_, receipt) = cast.provider.transact(INFERENCE, U256::ZERO, &call).await?;
        let count = |id: B256| receipt.logs.iter().filter(|log| log.topic0() == Some(&id)).count();
        takings.settled += count(IInference::Settled::SIGNATURE_HASH) as u64;
        takings.refused += count(IInference::SettlementFailed::SIGNATURE_HASH) as u64;
        if takings.settled != 1 + sessions.len() as u64 || takings.refused != 1 {
            return Err(DemoError::Wrong(format!("of the batch, {takings:?}")));
        }

        for answer in std::iter::once(&single).chain(&answers) {
            takings.attributed += u64::from(self.attribute(cast, l2, answer).await?);
        }
        let call = IInference::refundCall { requestId: forgotten.id };
        cast.requester.transact(INFERENCE, U256::ZERO, &call).await?;
        takings.refunded += 1;
        self.pay_out(cast, l2, &mut takings).await?;
        Ok(takings)
    }

    /// A request with escrow.
    async fn ask(&self, cast: &mut Cast, model: usize, patience: u64) -> Result<Asked, DemoError> {
        let input = keccak256("what is the answer?");
        let now: U256 = {
            let block: alloy_rpc_types_eth::Block<B256> =
                cast.requester.rpc().call("eth_getBlockByNumber", json!(["latest", false])).await?;
            U256::from(block.header.timestamp)
        };
        let call = IInference::requestCall {
            modelId: self.models[model],
            inputHash: input,
            policyId: B256::ZERO,
            deadline: now.saturating_to::<u64>().saturating_add(patience),
            token: Address::ZERO,
            amount: ESCROW,
        };
        let (_, receipt) = cast.requester.transact(INFERENCE, ESCROW, &call).await?;
        let id = event::<IInference::Requested>(&receipt)?.requestId;
        let view = IInference::requestOfCall { requestId: id };
        let time = cast.requester.rpc().view(INFERENCE, &view).await?.time;
        Ok(Asked { id, model, input, time })
    }

    /// The output of a request's model, what it cites, and the receipt, signed by a session's key.
    async fn answer(
        &mut self,
        cast: &Cast,
        l2: &Rpc,
        asked: &Asked,
        session: &Session,
    ) -> Result<Answer, DemoError> {
        self.nonce += 1;
        let output = self.output(self.nonce as usize);
        let citations = if asked.model == 0 { Some(self.cite(&output)?) } else { None };
        let root = citations
            .as_ref()
            .map_or(B256::ZERO, |citations| keccak256(self.attribution(citations).abi_encode()));
        let receipt = InferenceReceipt {
            modelId: self.models[asked.model],
            inputHash: asked.input,
            outputHash: keccak256(token_bytes(&output)),
            attributionRoot: root,
            requestId: asked.id,
            requester: cast.requester.address(),
            provider: cast.provider.address(),
            price: PRICE,
            nonce: self.nonce,
            time: asked.time,
        };
        let digest =
            l2.view(INFERENCE, &IInference::receiptHashCall { receipt: receipt.clone() }).await?;
        let signature = session
            .key
            .sign_hash_sync(&digest)
            .map_err(|error| DemoError::Evidence(error.to_string()))?;
        let signature = Bytes::copy_from_slice(&signature.as_bytes()[..64]);
        let settlement = Settlement { receipt, sessionId: session.id, signature };
        Ok(Answer { settlement, citations })
    }

    /// An output that repeats parts of four documents, two of them overlapping, between words of
    /// its own.
    fn output(&self, salt: usize) -> Vec<u32> {
        let documents = self.corpus.documents();
        let part = |index: usize, from: usize, length: usize| {
            let document = &documents[(index * 271 + salt * 31) % DOCUMENTS];
            document.tokens[from..from + length].to_vec()
        };
        let own = |count: u32| (0..count).map(|word| 1_000_000 + word).collect();
        [own(5), part(1, 3, 20), own(2), part(2, 0, 40), part(3, 30, 12), own(1), part(4, 8, 30)]
            .concat()
    }

    fn cite(&self, output: &[u32]) -> Result<Citations, DemoError> {
        let options = CitationOptions { min_length: MIN_LENGTH, occurrences: 16 };
        cite(&self.corpus, output, options, &mut |_| {})
            .map_err(|error| DemoError::Wrong(error.to_string()))
    }

    fn attribution(&self, citations: &Citations) -> IDatanets::Attribution {
        let claim = claim(citations);
        IDatanets::Attribution {
            datanetId: self.datanet,
            logSize: DOCUMENTS as u64,
            indices: citations.indices.clone(),
            leafHashes: citations.leaf_hashes.clone(),
            weights: citations.weights.iter().map(|weight| U256::from(*weight)).collect(),
            spansHash: keccak256((claim.spans, claim.minLength).abi_encode_params()),
        }
    }

    /// Proves what a receipt cites, by the node's inclusion proof, which pays its contributors.
    async fn attribute(
        &self,
        cast: &mut Cast,
        l2: &Rpc,
        answer: &Answer,
    ) -> Result<bool, DemoError> {
        let Some(citations) = &answer.citations else { return Ok(false) };
        let proof: InclusionProof =
            l2.call("assay_getInclusionProof", json!([self.datanet, &citations.indices])).await?;
        let as_expected = proof.leaf_hashes == citations.leaf_hashes
            && proof.proof == citations.proof
            && proof.log_head == self.corpus.log().head()
            && proof.size == DOCUMENTS as u64;
        if !as_expected {
            return Err(DemoError::Wrong("the node's inclusion proof is another one".into()));
        }
        let IAttribution::spanWeightsCall { output, chunks, spans, minLength } = claim(citations);
        let call = IDatanets::proveCall {
            requestId: answer.settlement.receipt.requestId,
            attribution: self.attribution(citations),
            ranges: proof.ranges.into_iter().map(U256::from).collect(),
            inclusionProof: proof.proof,
            output,
            chunks,
            spans,
            minLength,
        };
        cast.provider.transact(DATANETS, U256::ZERO, &call).await?;
        Ok(true)
    }

    /// Everybody takes what is theirs; nothing is left in the contracts.
    async fn pay_out(
        &self,
        cast: &mut Cast,
        l2: &Rpc,
        takings: &mut Takings,
    ) -> Result<(), DemoError> {
        for contributor in &mut cast.contributors {
            let view =
                IDatanets::balanceOfCall { token: Address::ZERO, account: contributor.address() };
            let owed = l2.view(DATANETS, &view).await?;
            if owed.is_zero() {
                continue;
            }
            let call = IDatanets::claimCall { token: Address::ZERO, to: contributor.address() };
            let (_, receipt) = contributor.transact(DATANETS, U256::ZERO, &call).await?;
            if event::<IDatanets::Claimed>(&receipt)?.amount != owed {
                return Err(DemoError::Wrong("a claim paid another amount".into()));
            }
            takings.contributors_paid += 1;
            takings.claimed += owed;
        }
        for account in [&mut cast.owner, &mut cast.provider, &mut cast.requester] {
            let to = account.address();
            let call = IInference::withdrawCall { token: Address::ZERO, to };
            account.transact(INFERENCE, U256::ZERO, &call).await?;
        }
        // The forged receipt's request stays open, with its escrow.
        let held = [l2.balance(INFERENCE).await?, l2.balance(DATANETS).await?];
        if held != [ESCROW, U256::ZERO] {
            return Err(DemoError::Wrong(format!("the contracts hold {held:?} wei")));
        }
        Ok(())
    }
}

/// What proves the citations' weights.
fn claim(citations: &Citations) -> IAttribution::spanWeightsCall {
    let Citations { output, chunks, spans, min_length, .. } = citations;
    span_weights_call(output, chunks, spans, *min_length)
}

/// The policy that accepts just these sessions' code, under the roots that they rely on.
async fn policy(l2: &Rpc, sessions: &[Session]) -> Result<ISessions::Policy, DemoError> {
    let (mut kinds, mut identities, mut anchors) = (Vec::new(), Vec::new(), Vec::new());
    for session in sessions {
        let view = ISessions::sessionCall { sessionId: session.id };
        let opened = l2.view(SESSIONS, &view).await?;
        if !kinds.contains(&opened.kind) {
            kinds.push(opened.kind);
        }
        identities.push(opened.identity);
        for anchor in opened.anchors {
            if !anchors.contains(&anchor) {
                anchors.push(anchor);
            }
        }
    }
    Ok(ISessions::Policy {
        kinds,
        identities,
        platforms: Vec::new(),
        anchors,
        masks: Vec::new(),
        leastAssurance: 3,
        toleratedStatus: 0,
        leastEvaluation: 0,
        firmware: Vec::new(),
        greatestAge: PATIENCE,
    })
}
