//! A chain with a model, a datanet and a session that a test controls, and the ways of a request
//! through them.

use crate::harness::{Chain, Outcome, Success};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{Eip712Domain, SolCall, SolStruct, SolValue, sol};
use assay_attribution::{LogBuilder, leaf_hash, span_weights};
use assay_chainspec::predeploys::{DATANETS, INFERENCE, SESSIONS};
use assay_precompiles::contracts::{IAttribution, IDatanets, IInference};
use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

sol! {
    #![sol(extra_derives(Debug, PartialEq, Eq))]

    /// `genesis/contracts/test/TestSessions.sol`.
    interface TestSessions {
        function setSession(bytes32 sessionId, address controller, bytes calldata key) external;
        function setPolicy(bytes32 policyId) external;
        function setLive(bytes32 sessionId, bytes32 policyId, bool live) external;
    }
    /// `genesis/contracts/test/TestToken.sol`.
    interface TestToken {
        function setMode(uint8 mode) external;
        function setFee(uint256 fee) external;
        function setReentry(address target, bytes calldata data) external;
        function refuse(address account) external;
        function transfer(address to, uint256 amount) external;
        function mint(address to, uint256 amount) external;
        function burn(address from, uint256 amount) external;
        function approve(address spender, uint256 amount) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function reentry() external view returns (uint256);
        function answer() external view returns (bytes memory);
    }
    /// `genesis/contracts/test/TestActor.sol`.
    interface TestActor {
        function setMode(uint256 mode) external;
        function setReentry(address target, bytes calldata data) external;
        function act(address to, bytes calldata call) external payable;
        function reentry() external view returns (uint256);
        function answer() external view returns (bytes memory);
    }
}

/// `TestToken.Mode`.
pub mod mode {
    pub const TRUE: u8 = 0;
    pub const SILENT: u8 = 1;
    pub const FALSE: u8 = 2;
    pub const REVERT: u8 = 3;
    pub const BOMB: u8 = 4;
    pub const BURN: u8 = 5;
    pub const LONG: u8 = 6;
    pub const TWO: u8 = 7;
    pub const LIE: u8 = 8;
}

pub const NATIVE: Address = Address::ZERO;
pub const TOKEN: Address = Address::repeat_byte(0x70);
pub const ACTOR: Address = Address::repeat_byte(0xac);
pub const OWNER: Address = Address::repeat_byte(0x01);
pub const PROVIDER: Address = Address::repeat_byte(0x02);
pub const REQUESTER: Address = Address::repeat_byte(0x03);
pub const CHALLENGER: Address = Address::repeat_byte(0x04);
pub const ANYONE: Address = Address::repeat_byte(0x05);
/// Contributors of [`World::corpus`].
pub const CONTRIBUTORS: [Address; 3] =
    [Address::repeat_byte(0xc1), Address::repeat_byte(0xc2), Address::repeat_byte(0xc3)];
pub const SESSION: B256 = B256::repeat_byte(0x51);
pub const MODEL_POLICY: B256 = B256::repeat_byte(0x61);
pub const USER_POLICY: B256 = B256::repeat_byte(0x62);
/// Shares of the model: parts of 10,000.
pub const OWNER_SHARE: u16 = 1_500;
pub const DATA_SHARE: u16 = 2_333;
/// Seconds from request to deadline.
pub const PATIENCE: u64 = 600;
pub const DAY: u64 = 86_400;

pub fn ether(count: u64) -> U256 {
    U256::from(count) * U256::from(1_000_000_000_000_000_000u64)
}

/// Code of a contract of `genesis/contracts/test`.
pub fn test_code(name: &str) -> Bytes {
    static CODE: LazyLock<BTreeMap<String, Bytes>> =
        LazyLock::new(|| serde_json::from_str(include_str!("contracts.json")).expect("JSON"));
    CODE[name].clone()
}

/// What the first 32 bytes of a field's name are in `WrongReceipt`.
pub fn field(name: &str) -> B256 {
    let mut word = B256::ZERO;
    word[..name.len()].copy_from_slice(name.as_bytes());
    word
}

#[derive(Clone)]
pub struct World {
    pub chain: Chain,
    pub key: PrivateKeySigner,
    pub model: B256,
    pub datanet: B256,
    pub nonce: u64,
}

/// An attribution with all that proves it.
#[derive(Debug, Clone)]
pub struct Cited {
    pub attribution: IDatanets::Attribution,
    pub ranges: Vec<U256>,
    pub proof: Vec<B256>,
    pub output: Bytes,
    pub chunks: Vec<Bytes>,
    pub spans: Vec<IAttribution::Span>,
    pub min_length: u32,
}

/// Packed tokens.
pub fn tokens(of: impl IntoIterator<Item = u32>) -> Vec<u8> {
    of.into_iter().flat_map(u32::to_be_bytes).collect()
}

/// Document `index` of the corpus: twenty tokens that no other document has.
pub fn document(index: u32) -> Vec<u8> {
    tokens((0..20).map(|token| index * 100 + token))
}

pub fn uncompressed(key: &PrivateKeySigner) -> Bytes {
    key.credential().verifying_key().to_encoded_point(false).as_bytes().to_vec().into()
}

impl World {
    /// One model whose datanet has [`Self::corpus`], one session, both policies live.
    pub fn new() -> Self {
        let mut chain = Chain::new();
        chain.set_code(SESSIONS, test_code("TestSessions"));
        chain.set_code(TOKEN, test_code("TestToken"));
        chain.set_code(ACTOR, test_code("TestActor"));
        for account in [OWNER, PROVIDER, REQUESTER, CHALLENGER, ANYONE, ACTOR] {
            chain.set_balance(account, ether(1_000));
        }
        let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).expect("a key");
        let mut world =
            Self { chain, key: key.clone(), model: B256::ZERO, datanet: B256::ZERO, nonce: 0 };
        world.open_session(SESSION, PROVIDER, &key);
        for policy in [MODEL_POLICY, USER_POLICY] {
            world.tell(SESSIONS, &TestSessions::setPolicyCall { policyId: policy });
            world.set_live(SESSION, policy, true);
        }
        world.datanet = world.corpus();
        world.model = world.register(world.datanet, OWNER_SHARE, DATA_SHARE, 1);
        world.give_tokens(REQUESTER, ether(1_000));
        world
    }

    /// Sends a call that must succeed.
    #[track_caller]
    pub fn tell(&mut self, to: Address, call: &impl SolCall) -> Success {
        self.chain.send(ANYONE, to, call).ok()
    }

    pub fn open_session(&mut self, session: B256, controller: Address, key: &PrivateKeySigner) {
        let call =
            TestSessions::setSessionCall { sessionId: session, controller, key: uncompressed(key) };
        self.tell(SESSIONS, &call);
    }

    pub fn set_live(&mut self, session: B256, policy: B256, live: bool) {
        let call = TestSessions::setLiveCall { sessionId: session, policyId: policy, live };
        self.tell(SESSIONS, &call);
    }

    pub fn give_tokens(&mut self, to: Address, amount: U256) {
        self.tell(TOKEN, &TestToken::mintCall { to, amount });
        let approve = TestToken::approveCall { spender: INFERENCE, amount: U256::MAX };
        self.chain.send(to, TOKEN, &approve).ok();
    }

    pub fn set_mode(&mut self, mode: u8) {
        self.tell(TOKEN, &TestToken::setModeCall { mode });
    }

    /// Registers a model of [`OWNER`]; `version` tells its weights from another's.
    pub fn register(&mut self, datanet: B256, owner: u16, data: u16, version: u8) -> B256 {
        let call = model_call(datanet, owner, data, version);
        let sent = self.chain.send(OWNER, INFERENCE, &call).ok();
        sent.returned::<IInference::registerModelCall>()
    }

    /// A datanet with five documents of the first contributor, three of the second and two of the
    /// third, in three contributions.
    pub fn corpus(&mut self) -> B256 {
        let create = IDatanets::createCall {
            curator: Address::ZERO,
            salt: B256::ZERO,
            uri: "ipfs://corpus".into(),
        };
        let datanet =
            self.chain.send(OWNER, DATANETS, &create).ok().returned::<IDatanets::createCall>();
        for (contributor, documents) in CONTRIBUTORS.into_iter().zip([0..5, 5..8, 8..10]) {
            self.contribute(datanet, contributor, &documents.collect::<Vec<_>>()).ok();
        }
        datanet
    }

    pub fn contribute(
        &mut self,
        datanet: B256,
        contributor: Address,
        documents: &[u32],
    ) -> Outcome {
        let leaves = documents.iter().map(|index| leaf_hash(&document(*index))).collect();
        let call =
            IDatanets::contributeCall { datanetId: datanet, contributor, leafHashes: leaves };
        self.chain.send(contributor, DATANETS, &call)
    }

    /// An output that has `length` tokens of each of these documents of the corpus, ascending.
    pub fn cite(&self, parts: &[(u32, u32)]) -> Cited {
        let log = LogBuilder::new((0..10).map(|index| leaf_hash(&document(index))).collect());
        let mut output = Vec::new();
        let mut spans = Vec::new();
        for (chunk, (index, length)) in (0u32..).zip(parts) {
            let start = u32::try_from(output.len() / 4).expect("small");
            output.extend(&document(*index)[8..][..*length as usize * 4]);
            if *length > 0 {
                spans.push(IAttribution::Span {
                    chunk,
                    outputStart: start,
                    chunkStart: 2,
                    length: *length,
                });
            }
        }
        let chunks: Vec<Vec<u8>> = parts.iter().map(|(index, _)| document(*index)).collect();
        let weighed = span_weights(
            &output,
            &chunks.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            &spans.iter().map(plain_span).collect::<Vec<_>>(),
            1,
        )
        .expect("true spans");
        let indices: Vec<u64> = parts.iter().map(|(index, _)| u64::from(*index)).collect();
        let range = |index: u64| U256::from(u8::from(index >= 5) + u8::from(index >= 8));
        Cited {
            ranges: indices.iter().map(|index| range(*index)).collect(),
            proof: log.inclusion_proof(&indices).expect("in the log"),
            attribution: IDatanets::Attribution {
                datanetId: self.datanet,
                logSize: 10,
                indices,
                leafHashes: weighed.leaf_hashes,
                weights: weighed.weights.into_iter().map(U256::from).collect(),
                spansHash: keccak256((spans.clone(), 1u32).abi_encode_params()),
            },
            output: output.into(),
            chunks: chunks.into_iter().map(Bytes::from).collect(),
            spans,
            min_length: 1,
        }
    }

    /// The usual citation: weights 7, 1 and 5, of three contributors.
    pub fn cited(&self) -> Cited {
        self.cite(&[(1, 7), (6, 1), (9, 5)])
    }

    /// The requester's call: the model's input 1, under his own policy.
    pub fn request_call(&self, token: Address, amount: U256) -> IInference::requestCall {
        IInference::requestCall {
            modelId: self.model,
            inputHash: B256::repeat_byte(1),
            policyId: USER_POLICY,
            deadline: self.chain.timestamp() + PATIENCE,
            token,
            amount,
        }
    }

    /// Makes a request.
    #[track_caller]
    pub fn request(&mut self, token: Address, amount: U256) -> B256 {
        let call = self.request_call(token, amount);
        self.send_request(&call).ok().returned::<IInference::requestCall>()
    }

    pub fn send_request(&mut self, call: &IInference::requestCall) -> Outcome {
        let value = if call.token == NATIVE { call.amount } else { U256::ZERO };
        self.chain.pay(REQUESTER, INFERENCE, value, call)
    }

    pub fn request_of(&self, request: B256) -> IInference::Request {
        self.chain.call(INFERENCE, &IInference::requestOfCall { requestId: request })
    }

    /// The receipt that answers a request, for a price, citing what is cited.
    pub fn receipt(
        &mut self,
        request: B256,
        price: U256,
        cited: Option<&Cited>,
    ) -> IInference::InferenceReceipt {
        let asked = self.request_of(request);
        self.nonce += 1;
        IInference::InferenceReceipt {
            modelId: asked.modelId,
            inputHash: asked.inputHash,
            outputHash: cited.map_or(B256::repeat_byte(9), Cited::output_hash),
            attributionRoot: cited.map_or(B256::ZERO, Cited::root),
            requestId: request,
            requester: asked.requester,
            provider: PROVIDER,
            price,
            nonce: self.nonce,
            time: self.chain.timestamp(),
        }
    }

    /// EIP-712 as alloy computes it.
    pub fn digest(&self, receipt: &IInference::InferenceReceipt) -> B256 {
        receipt.eip712_signing_hash(&Eip712Domain {
            name: Some(Cow::Borrowed("Assay Inference")),
            version: Some(Cow::Borrowed("1")),
            chain_id: Some(U256::from(self.chain.chain_id())),
            verifying_contract: Some(INFERENCE),
            salt: None,
        })
    }

    pub fn sign(&self, receipt: IInference::InferenceReceipt) -> IInference::Settlement {
        let signature = self.key.sign_hash_sync(&self.digest(&receipt)).expect("signs");
        IInference::Settlement {
            receipt,
            sessionId: SESSION,
            signature: Bytes::copy_from_slice(&signature.as_bytes()[..64]),
        }
    }

    pub fn settle(&mut self, settlement: IInference::Settlement) -> Outcome {
        self.chain.send(ANYONE, INFERENCE, &IInference::settleCall { settlement })
    }

    /// Requests, and settles with this citation.
    #[track_caller]
    pub fn settled(
        &mut self,
        token: Address,
        escrow: U256,
        price: U256,
        cited: Option<&Cited>,
    ) -> B256 {
        let request = self.request(token, escrow);
        let receipt = self.receipt(request, price, cited);
        let settlement = self.sign(receipt);
        self.settle(settlement).ok();
        request
    }

    /// What an account may withdraw from Inference.
    pub fn owed(&self, token: Address, account: Address) -> U256 {
        self.chain.call(INFERENCE, &IInference::balanceOfCall { token, account })
    }

    /// What an account may claim from Datanets.
    pub fn due(&self, token: Address, account: Address) -> U256 {
        self.chain.call(DATANETS, &IDatanets::balanceOfCall { token, account })
    }

    /// What an account has of a token.
    pub fn has(&self, token: Address, account: Address) -> U256 {
        if token == NATIVE {
            return self.chain.balance(account);
        }
        self.chain.call(token, &TestToken::balanceOfCall { account })
    }

    pub fn credit_of(&self, request: B256) -> IDatanets::Credit {
        self.chain.call(DATANETS, &IDatanets::creditOfCall { requestId: request })
    }
}

fn plain_span(span: &IAttribution::Span) -> assay_attribution::Span {
    assay_attribution::Span {
        chunk: span.chunk,
        output_start: span.outputStart,
        chunk_start: span.chunkStart,
        length: span.length,
    }
}

pub fn model_call(
    datanet: B256,
    owner: u16,
    data: u16,
    version: u8,
) -> IInference::registerModelCall {
    IInference::registerModelCall {
        weights: B256::repeat_byte(version),
        tokenizer: B256::repeat_byte(0x12),
        parameters: B256::repeat_byte(0x13),
        policyId: MODEL_POLICY,
        datanetId: datanet,
        ownerShare: owner,
        dataShare: data,
        uri: "https://model.example".into(),
    }
}

impl Cited {
    pub fn root(&self) -> B256 {
        keccak256(self.attribution.abi_encode())
    }

    pub fn output_hash(&self) -> B256 {
        keccak256(&self.output)
    }

    pub fn distribute(&self, request: B256) -> IDatanets::distributeCall {
        IDatanets::distributeCall {
            requestId: request,
            attribution: self.attribution.clone(),
            ranges: self.ranges.clone(),
            inclusionProof: self.proof.clone(),
        }
    }

    pub fn prove(&self, request: B256) -> IDatanets::proveCall {
        IDatanets::proveCall {
            requestId: request,
            attribution: self.attribution.clone(),
            ranges: self.ranges.clone(),
            inclusionProof: self.proof.clone(),
            output: self.output.clone(),
            chunks: self.chunks.clone(),
            spans: self.spans.clone(),
            minLength: self.min_length,
        }
    }
}
