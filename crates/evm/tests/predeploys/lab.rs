//! A chain that trusts development roots, and everything that opens sessions on it.

use crate::harness::{Chain, Outcome, Success};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolValue;
use assay_attestation::{
    dcap,
    dev::{
        DEV_EVALUATION, DevDocument, DevEvidence, DevGpu, DevNitro, DevPlatform, DevReport, DevSnp,
        DevSnpReport, DevStatements, composite_evidence,
    },
    kind, snp_collateral_key,
};
use assay_chainspec::{
    predeploys::{COLLATERAL, SESSIONS},
    preset::Preset,
};
use assay_precompiles::contracts::{ICollateral, ISessions};
use std::{collections::BTreeMap, ops::Range};

/// When the preset's chain starts.
pub const START: u64 = 1_750_000_000;
/// When the development platforms' certificates hold.
pub const VALIDITY: Range<u64> = START - 1_000_000..START + 40_000_000;
pub const DAY: u64 = 86_400;

pub const ANYONE: Address = Address::repeat_byte(0xa1);
pub const CONTROLLER: Address = Address::repeat_byte(0xc0);
pub const ENCLAVE: B256 = B256::repeat_byte(0x11);
const SIGNER: B256 = B256::repeat_byte(0x22);

#[derive(Clone)]
pub struct Lab {
    pub chain: Chain,
    pub platform: DevPlatform,
    pub nitro: DevNitro,
    pub snp: DevSnp,
    pub gpu: DevGpu,
    pub key: PrivateKeySigner,
}

impl Lab {
    pub fn new() -> Self {
        let seed = |byte| B256::repeat_byte(byte);
        let platform = DevPlatform::new(seed(1), VALIDITY);
        let nitro = DevNitro::new(seed(2), VALIDITY);
        let snp = DevSnp::new(seed(3), VALIDITY);
        let gpu = DevGpu::new(seed(4), START - 60..START + 3_600);
        let builder = Preset::Dev
            .builder()
            .trust(kind::INTEL_DCAP, platform.root())
            .trust(kind::AWS_NITRO, nitro.root())
            .trust(kind::AMD_SEV_SNP, snp.root());
        let key = PrivateKeySigner::from_bytes(&seed(7)).expect("a key");
        Self { chain: Chain::of(&builder), platform, nitro, snp, gpu, key }
    }

    /// A lab whose Collateral holds statements of `window`.
    pub fn stating(window: Range<u64>) -> Self {
        let mut lab = Self::new();
        lab.state(&good(window)).ok();
        lab
    }

    /// Puts the four statements about the platform, for SGX.
    pub fn state(&mut self, statements: &DevStatements) -> Outcome {
        let statements = self.statements(statements, &sgx(ENCLAVE, [0; 64]));
        self.put_many(&statements)
    }

    pub fn put_many(&mut self, statements: &[Vec<u8>; 4]) -> Outcome {
        let collateral = statements.iter().cloned().map(Bytes::from).collect();
        let call = ICollateral::putManyCall { kind: kind::INTEL_DCAP, collateral };
        self.chain.send(ANYONE, COLLATERAL, &call)
    }

    /// The inputs of `put`: root's list, PCK list, TCB info, QE identity.
    pub fn statements(&self, statements: &DevStatements, report: &DevReport) -> [Vec<u8>; 4] {
        let DevEvidence { collateral, .. } =
            self.platform.clone().stating(statements.clone()).attest(report);
        dcap::split_collateral(&collateral).expect("development collateral")
    }

    /// A binding to the parent block, and its hash.
    pub fn binding(&self, controller: Address) -> (ISessions::Binding, B256) {
        let (header, hash) = self.chain.parent();
        let binding = ISessions::Binding {
            controller,
            key: session_key(&self.key),
            encryptionKey: vec![9; 33].into(),
            header,
        };
        let hash = self.hash(&binding, self.chain.number() - 1, hash);
        (binding, hash)
    }

    /// What the evidence must bind.
    pub fn hash(&self, binding: &ISessions::Binding, number: u64, hash: B256) -> B256 {
        let fields = (
            keccak256("assay.session.v1"),
            U256::from(self.chain.chain_id()),
            SESSIONS,
            binding.controller,
            binding.key.clone(),
            binding.encryptionKey.clone(),
            U256::from(number),
            hash,
        );
        keccak256(fields.abi_encode_params())
    }

    /// A quote of the enclave and the keys of what judges it.
    pub fn quote(&self, report: &DevReport) -> (Bytes, Vec<B256>) {
        let evidence = self.platform.attest(report).evidence;
        let keys = collateral_keys(&evidence, DEV_EVALUATION);
        (evidence, keys)
    }

    /// The call that opens a session by an SGX quote.
    pub fn sgx_call(&self, controller: Address) -> ISessions::openCall {
        let (binding, hash) = self.binding(controller);
        let (evidence, keys) = self.quote(&sgx(ENCLAVE, data(hash, B256::ZERO)));
        ISessions::openCall { kind: kind::INTEL_DCAP, evidence, collateralKeys: keys, binding }
    }

    /// Opens a session by an SGX quote.
    #[track_caller]
    pub fn open_sgx(&mut self, controller: Address) -> B256 {
        let call = self.sgx_call(controller);
        self.open(&call).ok().returned::<ISessions::openCall>()
    }

    pub fn open(&mut self, call: &ISessions::openCall) -> Outcome {
        self.chain.send(ANYONE, SESSIONS, call)
    }

    /// A Nitro document, made now, whose user data is `bound`.
    pub fn nitro_document(&self, bound: &[u8]) -> Bytes {
        let pcrs: BTreeMap<u8, [u8; 48]> = (0..=2).map(|index| (index, [index + 1; 48])).collect();
        self.nitro.attest(&DevDocument {
            pcrs,
            user_data: Some(Bytes::copy_from_slice(bound)),
            time: self.chain.timestamp(),
            ..Default::default()
        })
    }

    /// Puts the revocation list of the SEV-SNP root.
    pub fn state_snp(&mut self) {
        let key = self.put_list(&self.snp.clone()).ok().returned::<ICollateral::putCall>();
        assert_eq!(vec![key], self.snp_keys());
    }

    /// Puts the revocation list of this platform's root.
    pub fn put_list(&mut self, platform: &DevSnp) -> Outcome {
        let collateral = platform.attest(&snp_report([1; 64])).collateral;
        let call = ICollateral::putCall { kind: kind::AMD_SEV_SNP, collateral };
        self.chain.send(ANYONE, COLLATERAL, &call)
    }

    /// The call that opens a session by an SEV-SNP report, alone or with a GPU.
    pub fn snp_call(&self, with_gpu: bool) -> ISessions::openCall {
        let (binding, hash) = self.binding(CONTROLLER);
        let nonce = B256::repeat_byte(0x99);
        let report = self.snp.attest(&snp_report(data(hash, nonce))).evidence;
        let (kind, evidence) = if with_gpu {
            let gpus = self.gpu.attest(nonce, 1);
            (kind::CPU_WITH_GPU, composite_evidence(kind::AMD_SEV_SNP, &report, &gpus))
        } else {
            (kind::AMD_SEV_SNP, report)
        };
        ISessions::openCall { kind, evidence, collateralKeys: self.snp_keys(), binding }
    }

    pub fn snp_keys(&self) -> Vec<B256> {
        vec![snp_collateral_key(keccak256(self.snp.root()))]
    }

    /// A policy that a session of [`Self::open_sgx`] meets for a day.
    pub fn policy(&self) -> ISessions::Policy {
        ISessions::Policy {
            kinds: vec![kind::INTEL_DCAP],
            identities: vec![sgx_identity(ENCLAVE)],
            platforms: vec![],
            anchors: vec![self.anchor()],
            masks: vec![],
            leastAssurance: 3,
            toleratedStatus: 0,
            leastEvaluation: 0,
            firmware: vec![],
            greatestAge: DAY,
        }
    }

    pub fn anchor(&self) -> B256 {
        keccak256(self.platform.root())
    }

    #[track_caller]
    pub fn register(&mut self, policy: &ISessions::Policy) -> B256 {
        let call = ISessions::registerPolicyCall { policy: policy.clone() };
        self.chain.send(ANYONE, SESSIONS, &call).ok().returned::<ISessions::registerPolicyCall>()
    }

    #[track_caller]
    pub fn is_live(&self, session: B256, policy: B256) -> bool {
        let call = ISessions::isLiveCall { sessionId: session, policyId: policy };
        self.chain.call(SESSIONS, &call)
    }

    /// Status and end by the newest collateral.
    #[track_caller]
    pub fn standing(&self, session: B256) -> (u32, u64) {
        let standing = self.chain.call(SESSIONS, &ISessions::standingCall { sessionId: session });
        (standing.status, standing.notAfter)
    }

    pub fn refresh(&mut self, session: B256) -> Success {
        self.chain.send(ANYONE, SESSIONS, &ISessions::refreshCall { sessionId: session }).ok()
    }

    pub fn close(&mut self, from: Address, session: B256) -> Outcome {
        self.chain.send(from, SESSIONS, &ISessions::closeCall { sessionId: session })
    }

    pub fn sign(&self, digest: B256) -> Bytes {
        signature(&self.key, digest)
    }
}

/// Statements that speak well of the platform.
pub fn good(window: Range<u64>) -> DevStatements {
    DevStatements { window: Some(window), ..Default::default() }
}

/// Keys in the kind's order.
pub fn collateral_keys(quote: &[u8], evaluation: u32) -> Vec<B256> {
    let (_, keys) = dcap::collateral_keys(quote, evaluation).expect("a quote");
    vec![keys.root_crl, keys.pck_crl, keys.tcb_info, keys.qe_identity]
}

/// Report data of two words.
pub fn data(first: B256, second: B256) -> [u8; 64] {
    let mut data = [0; 64];
    data[..32].copy_from_slice(first.as_slice());
    data[32..].copy_from_slice(second.as_slice());
    data
}

pub const fn sgx(mr_enclave: B256, report_data: [u8; 64]) -> DevReport {
    DevReport::Sgx { mr_enclave, mr_signer: SIGNER, report_data }
}

pub const fn snp_report(report_data: [u8; 64]) -> DevSnpReport {
    DevSnpReport { measurement: [0x55; 48], host_data: [0; 32], report_data, chip_id: [0x66; 64] }
}

pub const fn tdx(report_data: [u8; 64]) -> DevReport {
    DevReport::Tdx { mr_td: [0x33; 48], registers: [[0x44; 48]; 4], report_data }
}

/// keccak256(abi.encode(kind, measurement)).
pub fn identity(kind: u8, measurement: &[u8]) -> B256 {
    keccak256((U256::from(kind), Bytes::copy_from_slice(measurement)).abi_encode_params())
}

/// The measurement of a development SGX enclave, as docs/attestation.md lays it out.
pub fn sgx_measurement(mr_enclave: B256) -> Vec<u8> {
    let mut measurement = vec![0; 154];
    measurement[..32].copy_from_slice(mr_enclave.as_slice());
    measurement[32..64].copy_from_slice(SIGNER.as_slice());
    // INIT, MODE64BIT, PROVISION_KEY.
    measurement[64] = 0x15;
    measurement
}

pub fn sgx_identity(mr_enclave: B256) -> B256 {
    identity(kind::INTEL_DCAP, &sgx_measurement(mr_enclave))
}

/// Scheme 32 and the uncompressed key.
pub fn session_key(key: &PrivateKeySigner) -> Bytes {
    let point = key.credential().verifying_key().to_encoded_point(false);
    [&[32], point.as_bytes()].concat().into()
}

/// `r ‖ s`.
pub fn signature(key: &PrivateKeySigner, digest: B256) -> Bytes {
    let signature = key.sign_hash_sync(&digest).expect("a signature").as_bytes();
    Bytes::copy_from_slice(&signature[..64])
}
