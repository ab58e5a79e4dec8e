//! The transactions of the demonstration, one scene each.

use super::{
    DemoError, PATIENCE, POLL,
    client::{Account, Rpc, Sent},
};
use crate::network::Network;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, b256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolValue, sol};
use assay_attestation::{
    Anchors, Backend,
    dev::{DevPlatform, DevReport},
    kind,
};
use assay_attribution::{LogBuilder, leaf_hash};
use assay_chainspec::preset::{DEV_ACCOUNTS, inference_demo_code};
use assay_precompiles::gas;
use std::time::Instant;

sol! {
    /// OptimismPortal, as far as the demonstration calls it.
    interface OptimismPortal {
        function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes data) external payable;
    }

    /// `genesis/contracts/src/InferenceDemo.sol`.
    interface InferenceDemo {
        function verifyAt(uint8 kind, bytes evidence, bytes collateral, uint64 time) external;
        function openKey(bytes evidence, bytes collateral, bytes key) external;
        function settle(bytes key, bytes32[] digests, bytes[] signatures, bytes32 logHead, uint64 logSize, uint64[] indices, bytes32[] proof, address[] contributors, uint256[] weights) external payable;
    }
}

/// A TDX quote that Intel signed, from dcap-qvl's samples, with its collateral.
const INTEL_QUOTE: &[u8] = include_bytes!("../../../attestation/testdata/dcap/tdx_v4.quote");
const INTEL_COLLATERAL: &[u8] =
    include_bytes!("../../../attestation/testdata/dcap/tdx_v4.collateral.json");

/// Who gets the deposit: an account that has nothing.
const DEPOSITEE: Address = address!("0x00000000000000000000000000000000000d3905");
const DEPOSIT: U256 = U256::from_limbs([5_000_000_000_000_000_000, 0, 0, 0]);
/// The enclave's session key.
const SESSION_KEY: B256 =
    b256!("0x1111111111111111111111111111111111111111111111111111111111111111");
/// What the contributors share: a prime number of wei, which no weights divide evenly.
const POOL: U256 = U256::from_limbs([1_000_000_000_000_000_003, 0, 0, 0]);
const STATEMENTS: u64 = 8;
const LOG_SIZE: u64 = 100;
/// Places in the log of those who contributed, and how much.
const CONTRIBUTIONS: [(u64, u64); 7] =
    [(0, 1), (7, 250), (8, 31), (42, 7), (63, 7), (64, 999), (99, 3)];

/// What was settled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settled {
    pub(super) statements: u64,
    pub(super) contributors: u64,
    pub(super) paid: U256,
}

/// The actors, and what they sent.
#[derive(Debug)]
pub(super) struct Scenes {
    l2: Rpc,
    l1_user: Account,
    user: Account,
    portal: Address,
    chain_id: u64,
    contract: Address,
    sent: Vec<(&'static str, Sent)>,
}

impl Scenes {
    pub(super) fn new(network: &Network) -> Result<Self, DemoError> {
        let rollup = network.rollup();
        let http = network
            .node()
            .http_address()
            .ok_or_else(|| DemoError::Wrong("the node serves no HTTP".into()))?;
        let l1 = Rpc::new(&network.l1().url())?;
        let l2 = Rpc::new(&format!("http://{http}"))?;
        Ok(Self {
            l1_user: Account::new(l1, DEV_ACCOUNTS[0].key, rollup.l1_chain_id)?,
            user: Account::new(l2.clone(), DEV_ACCOUNTS[1].key, rollup.l2_chain_id)?,
            l2,
            portal: rollup.deposit_contract_address,
            chain_id: rollup.l2_chain_id,
            contract: Address::ZERO,
            sent: Vec::new(),
        })
    }

    pub(super) const fn l2(&self) -> &Rpc {
        &self.l2
    }

    /// Sends ether from L1 and waits for it on L2.
    pub(super) async fn deposit(&mut self) -> Result<(), DemoError> {
        let call = OptimismPortal::depositTransactionCall {
            to: DEPOSITEE,
            value: DEPOSIT,
            gasLimit: 100_000,
            isCreation: false,
            data: Bytes::new(),
        };
        let sent =
            self.l1_user.send(TxKind::Call(self.portal), DEPOSIT, call.abi_encode().into()).await?;
        self.l1_user.confirm("the deposit on L1", &sent).await?;
        let start = Instant::now();
        while self.l2.balance(DEPOSITEE).await? != DEPOSIT {
            if start.elapsed() > PATIENCE {
                return Err(DemoError::Timeout("the deposit on L2"));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Deploys the contract.
    pub(super) async fn deploy(&mut self) -> Result<(), DemoError> {
        self.contract = self.user.address().create(self.user.next_nonce());
        let init = init_code(&inference_demo_code())?;
        self.transact("the contract's deployment", TxKind::Create, U256::ZERO, init).await
    }

    /// Has the contract verify Intel's quote; gives what the precompile charges for it.
    pub(super) async fn verify_intel_quote(&mut self) -> Result<u64, DemoError> {
        // The collateral has run out since: ask whether it held when it was issued.
        let claims = assay_attestation::verify(
            kind::INTEL_DCAP,
            INTEL_QUOTE,
            INTEL_COLLATERAL,
            &Anchors::default(),
            Backend::default(),
        )
        .map_err(|refusal| DemoError::Evidence(refusal.to_string()))?;
        let call = InferenceDemo::verifyAtCall {
            kind: kind::INTEL_DCAP,
            evidence: Bytes::from_static(INTEL_QUOTE),
            collateral: Bytes::from_static(INTEL_COLLATERAL),
            time: claims.not_before,
        };
        self.call("the Intel quote", U256::ZERO, call.abi_encode()).await?;
        gas::verify_call(kind::INTEL_DCAP, INTEL_QUOTE, INTEL_COLLATERAL)
            .map_err(|refusal| DemoError::Evidence(refusal.to_string()))?
            .ok_or_else(|| DemoError::Evidence("its gas does not fit 64 bits".into()))
    }

    /// Opens the session key under a quote that binds it to this chain and contract.
    pub(super) async fn open_key(&mut self, platform: &DevPlatform) -> Result<(), DemoError> {
        let key = session_key()?;
        let binding = (
            keccak256("assay.demo.key.v1"),
            U256::from(self.chain_id),
            self.contract,
            keccak256(public_key(&key)),
        );
        let mut report_data = [0; 64];
        report_data[..32].copy_from_slice(keccak256(binding.abi_encode()).as_slice());
        let report = DevReport::Tdx { mr_td: [7; 48], registers: [[1; 48]; 4], report_data };
        let evidence = platform.attest(&report);
        let call = InferenceDemo::openKeyCall {
            evidence: evidence.evidence,
            collateral: evidence.collateral,
            key: public_key(&key),
        };
        self.call("the session key", U256::ZERO, call.abi_encode()).await
    }

    /// Settles signed statements and pays the contributors; checks every payment.
    pub(super) async fn settle(&mut self) -> Result<Settled, DemoError> {
        let key = session_key()?;
        let mut digests = Vec::new();
        let mut signatures = Vec::new();
        for statement in 0..STATEMENTS {
            let digest = keccak256(("assay.demo.statement", statement).abi_encode());
            let signature = key
                .sign_hash_sync(&digest)
                .map_err(|error| DemoError::Evidence(error.to_string()))?;
            digests.push(digest);
            signatures.push(Bytes::copy_from_slice(&signature.as_bytes()[..64]));
        }
        let log =
            LogBuilder::new((0..LOG_SIZE).map(|i| leaf_hash(contributor(i).as_slice())).collect());
        let indices: Vec<u64> = CONTRIBUTIONS.iter().map(|(index, _)| *index).collect();
        let contributors: Vec<Address> = indices.iter().copied().map(contributor).collect();
        let weights: Vec<U256> =
            CONTRIBUTIONS.iter().map(|(_, weight)| U256::from(*weight)).collect();
        let proof = log
            .inclusion_proof(&indices)
            .ok_or_else(|| DemoError::Wrong("the contributors are not in the log".into()))?;
        let call = InferenceDemo::settleCall {
            key: public_key(&key),
            digests,
            signatures,
            logHead: log.head(),
            logSize: LOG_SIZE,
            indices,
            proof,
            contributors: contributors.clone(),
            weights: weights.clone(),
        };
        self.call("the settlement", POOL, call.abi_encode()).await?;

        let parts = assay_attribution::apportion(POOL, &weights)
            .map_err(|error| DemoError::Wrong(error.to_string()))?;
        let mut paid = U256::ZERO;
        for (contributor, part) in contributors.iter().zip(&parts) {
            let balance = self.l2.balance(*contributor).await?;
            if balance != *part {
                return Err(DemoError::Wrong(format!(
                    "contributor {contributor} has {balance} wei, is owed {part}"
                )));
            }
            paid += balance;
        }
        if paid != POOL {
            return Err(DemoError::Wrong(format!("{paid} of {POOL} wei were paid")));
        }
        Ok(Settled { statements: STATEMENTS, contributors: contributors.len() as u64, paid })
    }

    /// Makes sure that every transaction stands, whatever L1 did in the meantime.
    pub(super) async fn confirm_all(&self) -> Result<(), DemoError> {
        let mut last = 0;
        for (what, sent) in &self.sent {
            let receipt = self.user.confirm(what, sent).await?;
            let block = receipt.block_number.to::<u64>();
            if block < last {
                return Err(DemoError::Wrong(format!("{what} is in block {block}, before {last}")));
            }
            last = block;
        }
        Ok(())
    }

    async fn call(
        &mut self,
        what: &'static str,
        value: U256,
        data: Vec<u8>,
    ) -> Result<(), DemoError> {
        self.transact(what, TxKind::Call(self.contract), value, data.into()).await
    }

    async fn transact(
        &mut self,
        what: &'static str,
        to: TxKind,
        value: U256,
        data: Bytes,
    ) -> Result<(), DemoError> {
        let sent = self.user.send(to, value, data).await?;
        self.user.confirm(what, &sent).await?;
        self.sent.push((what, sent));
        Ok(())
    }
}

/// Init code that deploys `runtime`: PUSH2 length, DUP1, PUSH1 11, PUSH0-free zero, CODECOPY, RETURN.
fn init_code(runtime: &[u8]) -> Result<Bytes, DemoError> {
    let length = u16::try_from(runtime.len())
        .map_err(|_| DemoError::Wrong("the contract is too large".into()))?
        .to_be_bytes();
    let mut code = vec![0x61, length[0], length[1], 0x80, 0x60, 12, 0x60, 0, 0x39, 0x60, 0, 0xf3];
    code.extend_from_slice(runtime);
    Ok(code.into())
}

fn session_key() -> Result<PrivateKeySigner, DemoError> {
    PrivateKeySigner::from_bytes(&SESSION_KEY)
        .map_err(|error| DemoError::Evidence(error.to_string()))
}

/// The uncompressed point, as evidence kind 32 has it.
fn public_key(key: &PrivateKeySigner) -> Bytes {
    Bytes::copy_from_slice(key.credential().verifying_key().to_encoded_point(false).as_bytes())
}

/// The address at a place of the contribution log.
fn contributor(index: u64) -> Address {
    Address::from_word(keccak256(("assay.demo.contributor", index).abi_encode()))
}
