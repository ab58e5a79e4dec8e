//! Evidence: made under development roots, and real.

use super::{DemoError, cast::Cast};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U64, U256, keccak256};
use alloy_rlp::Encodable;
use alloy_signer_local::PrivateKeySigner;
use assay_attestation::{
    Anchors, Backend, dcap,
    dev::{
        DevDocument, DevGpu, DevNitro, DevPlatform, DevReport, DevSnp, DevSnpReport,
        composite_evidence,
    },
    kind,
};
use assay_chainspec::{
    PRECOMPILE_ADDRESSES,
    predeploys::{COLLATERAL, SESSIONS},
};
use assay_client::Rpc;
use assay_precompiles::contracts::{IAttestation, ICollateral, ISessions};
use serde_json::json;
use std::{collections::BTreeMap, ops::Range};

/// Real evidence, signed by its vendor or proven by its proof system. Vectors of the crates that
/// docs/attestation.md names.
const REAL: [Real; 6] = [
    Real {
        name: "a TDX quote signed by Intel",
        kind: kind::INTEL_DCAP,
        evidence: include_bytes!("../../../attestation/testdata/dcap/tdx_v4.quote"),
        collateral: include_bytes!("../../../attestation/testdata/dcap/tdx_v4.collateral.json"),
    },
    Real {
        name: "an SGX quote signed by Intel",
        kind: kind::INTEL_DCAP,
        evidence: include_bytes!("../../../attestation/testdata/dcap/sgx_v3.quote"),
        collateral: include_bytes!("../../../attestation/testdata/dcap/sgx_v3.collateral.json"),
    },
    Real {
        name: "a Nitro document signed by AWS",
        kind: kind::AWS_NITRO,
        evidence: include_bytes!("../../../attestation/testdata/nitro/production.cose"),
        collateral: &[],
    },
    Real {
        name: "a Groth16 proof by snarkjs",
        kind: kind::GROTH16,
        evidence: include_bytes!("../../../attestation/testdata/groth16/snarkjs.evidence"),
        collateral: &[],
    },
    Real {
        name: "an SP1 proof",
        kind: kind::SP1,
        evidence: include_bytes!("../../../attestation/testdata/sp1/v6.1.0.evidence"),
        collateral: &[],
    },
    Real {
        name: "a RISC Zero proof",
        kind: kind::RISC0,
        evidence: include_bytes!("../../../attestation/testdata/risc0/v3.0.evidence"),
        collateral: &[],
    },
];

struct Real {
    name: &'static str,
    kind: u8,
    evidence: &'static [u8],
    collateral: &'static [u8],
}

/// The development platforms whose roots the chain trusts.
pub(super) struct Platforms {
    intel: DevPlatform,
    nitro: DevNitro,
    amd: DevSnp,
    nvidia: DevGpu,
}

/// A key inside attested code.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) name: &'static str,
    pub(super) id: B256,
    pub(super) key: PrivateKeySigner,
}

/// Evidence that commits to a session key, and the statements that judge it.
struct Attested {
    evidence: Bytes,
    statements: Vec<(u8, Bytes)>,
}

/// What to open a session under.
const KINDS: [(&str, u8); 6] = [
    ("SGX", kind::INTEL_DCAP),
    ("TDX", kind::INTEL_DCAP),
    ("Nitro", kind::AWS_NITRO),
    ("SEV-SNP", kind::AMD_SEV_SNP),
    ("NVIDIA", kind::NVIDIA_GPU),
    ("TDX with NVIDIA", kind::CPU_WITH_GPU),
];

impl Platforms {
    /// Platforms whose statements hold for a day around the chain's genesis.
    pub(super) fn new(genesis_time: u64) -> Self {
        let validity: Range<u64> =
            genesis_time.saturating_sub(3_600)..genesis_time.saturating_add(86_400);
        let seed = |name: &str| keccak256(format!("assay demo {name}"));
        Self {
            intel: DevPlatform::new(seed("intel"), validity.clone()),
            nitro: DevNitro::new(seed("nitro"), validity.clone()),
            amd: DevSnp::new(seed("amd"), validity.clone()),
            nvidia: DevGpu::new(seed("nvidia"), validity),
        }
    }

    /// What the genesis names under `assay.trust`.
    pub(super) fn trust(&self) -> BTreeMap<u8, Vec<Bytes>> {
        BTreeMap::from([
            (kind::INTEL_DCAP, vec![self.intel.root()]),
            (kind::AWS_NITRO, vec![self.nitro.root()]),
            (kind::AMD_SEV_SNP, vec![self.amd.root()]),
            (kind::NVIDIA_GPU, vec![self.nvidia.thumbprint()]),
        ])
    }

    /// Evidence of a kind whose first 32 bytes are `binding`.
    fn attest(&self, name: &str, binding: B256, time: u64) -> Result<Attested, DemoError> {
        let nonce = keccak256([b"gpu nonce".as_slice(), binding.as_slice()].concat());
        let mut bound = [0; 64];
        bound[..32].copy_from_slice(binding.as_slice());
        let intel = |report: &DevReport| {
            let made = self.intel.attest(report);
            let statements = dcap::split_collateral(&made.collateral)
                .map_err(|code| DemoError::Evidence(code.to_string()))?
                .map(|statement| (kind::INTEL_DCAP, Bytes::from(statement)));
            Ok::<_, DemoError>((made.evidence, Vec::from(statements)))
        };
        let tdx =
            |report_data| DevReport::Tdx { mr_td: [7; 48], registers: [[1; 48]; 4], report_data };
        Ok(match name {
            "SGX" => {
                let (evidence, statements) = intel(&DevReport::Sgx {
                    mr_enclave: B256::repeat_byte(3),
                    mr_signer: B256::repeat_byte(4),
                    report_data: bound,
                })?;
                Attested { evidence, statements }
            }
            "TDX" => {
                let (evidence, statements) = intel(&tdx(bound))?;
                Attested { evidence, statements }
            }
            "Nitro" => {
                let document = DevDocument {
                    pcrs: (0..3).map(|index| (index, [index + 1; 48])).collect(),
                    user_data: Some(Bytes::copy_from_slice(binding.as_slice())),
                    time,
                    ..DevDocument::default()
                };
                let evidence = self.nitro.attest(&document);
                Attested { evidence, statements: Vec::new() }
            }
            "SEV-SNP" => {
                let made = self.amd.attest(&DevSnpReport {
                    measurement: [5; 48],
                    host_data: [6; 32],
                    report_data: bound,
                    chip_id: [8; 64],
                });
                let statements = vec![(kind::AMD_SEV_SNP, made.collateral)];
                Attested { evidence: made.evidence, statements }
            }
            "NVIDIA" => {
                Attested { evidence: self.nvidia.attest(binding, 2), statements: Vec::new() }
            }
            _ => {
                bound[32..].copy_from_slice(nonce.as_slice());
                let (cpu, statements) = intel(&tdx(bound))?;
                let gpu = self.nvidia.attest(nonce, 8);
                let evidence = composite_evidence(kind::INTEL_DCAP, &cpu, &gpu);
                Attested { evidence, statements }
            }
        })
    }

    /// Puts the statements that sessions will be judged by.
    pub(super) async fn put_collateral(&self, cast: &mut Cast) -> Result<u64, DemoError> {
        let mut by_kind: BTreeMap<u8, Vec<Bytes>> = BTreeMap::new();
        for (name, _) in KINDS {
            for (kind, statement) in self.attest(name, B256::ZERO, 0)?.statements {
                let statements = by_kind.entry(kind).or_default();
                // SGX and TDX share their lists.
                if !statements.contains(&statement) {
                    statements.push(statement);
                }
            }
        }
        let mut put = 0;
        for (kind, collateral) in by_kind {
            put += collateral.len() as u64;
            let call = ICollateral::putManyCall { kind, collateral };
            cast.provider.transact(COLLATERAL, U256::ZERO, &call).await?;
        }
        Ok(put)
    }

    /// Opens a session under every kind of evidence that speaks for running code.
    pub(super) async fn open_sessions(
        &self,
        cast: &mut Cast,
        l2: &Rpc,
    ) -> Result<Vec<Session>, DemoError> {
        let mut sessions = Vec::new();
        for (name, kind) in KINDS {
            let key = PrivateKeySigner::from_bytes(&keccak256(format!("assay demo key {name}")))
                .map_err(|error| DemoError::Evidence(error.to_string()))?;
            let header = recent_header(l2).await?;
            let binding = ISessions::Binding {
                controller: cast.provider.address(),
                key: session_key(&key),
                encryptionKey: Bytes::new(),
                header: alloy_rlp::encode(&header).into(),
            };
            let call = ISessions::bindingHashCall {
                controller: binding.controller,
                key: binding.key.clone(),
                encryptionKey: Bytes::new(),
                blockNumber: U256::from(header.number),
                blockHash: header.hash_slow(),
            };
            let hash = l2.view(SESSIONS, &call).await?;
            let Attested { evidence, statements, .. } =
                self.attest(name, hash, header.timestamp)?;
            let mut keys = Vec::new();
            for (kind, collateral) in statements {
                let call =
                    IAttestation::verifyCollateralCall { kind, collateral, time: header.timestamp };
                keys.push(l2.view(PRECOMPILE_ADDRESSES[0], &call).await?.key);
            }
            let call = ISessions::openCall { kind, evidence, collateralKeys: keys, binding };
            let (_, receipt) = cast.provider.transact(SESSIONS, U256::ZERO, &call).await?;
            let opened = receipt
                .logs
                .iter()
                .find_map(|log| log.log_decode::<ISessions::SessionOpened>().ok())
                .ok_or_else(|| DemoError::Wrong(format!("no session was opened under {name}")))?;
            sessions.push(Session { name, id: opened.inner.sessionId, key });
        }
        Ok(sessions)
    }
}

/// The head's parent: contracts see the hashes of earlier blocks alone.
async fn recent_header(l2: &Rpc) -> Result<Header, DemoError> {
    let number = U64::from(l2.block_number().await?.saturating_sub(1));
    let block: alloy_rpc_types_eth::Block<B256> =
        l2.call("eth_getBlockByNumber", json!([number, false])).await?;
    let header = block.header.inner;
    if header.hash_slow() != block.header.hash || header.length() == 0 {
        return Err(DemoError::Wrong(format!("block {} is not its hash's", header.number)));
    }
    Ok(header)
}

/// Scheme 32, then the uncompressed point.
fn session_key(key: &PrivateKeySigner) -> Bytes {
    let point = key.credential().verifying_key().to_encoded_point(false);
    [&[32], point.as_bytes()].concat().into()
}

/// Verifies real evidence in transactions to the precompile, each as of a moment when it held.
/// Gives names and gas of the precompile's calls.
pub(super) async fn verify_real(cast: &mut Cast) -> Result<Vec<(&'static str, u64)>, DemoError> {
    let precompile: Address = PRECOMPILE_ADDRESSES[0];
    let mut verified = Vec::new();
    for Real { name, kind, evidence, collateral } in REAL {
        let claims = assay_attestation::verify(
            kind,
            evidence,
            collateral,
            &Anchors::default(),
            Backend::default(),
        )
        .map_err(|refusal| DemoError::Evidence(format!("{name}: {refusal}")))?;
        let call = IAttestation::verifyCall {
            kind,
            evidence: Bytes::from_static(evidence),
            collateral: Bytes::from_static(collateral),
            time: claims.not_before,
        };
        cast.provider.transact(precompile, U256::ZERO, &call).await?;
        let gas = assay_precompiles::gas::verify_call(kind, evidence, collateral)
            .map_err(|refusal| DemoError::Evidence(refusal.to_string()))?
            .ok_or_else(|| DemoError::Evidence("its gas does not fit 64 bits".into()))?;
        verified.push((name, gas));
    }
    Ok(verified)
}
