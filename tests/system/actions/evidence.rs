//! Calls of every function of the precompiles, each with the answer that the pure crates give.

use super::world::GENESIS_TIME;
use alloy_primitives::{Address, B256, Bytes, U256, b256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolError};
use assay_attestation::{
    Anchors, Backend, Claims, dcap,
    dev::{
        DevDocument, DevGpu, DevNitro, DevPlatform, DevReport, DevSnp, DevSnpReport,
        composite_evidence,
    },
    kind,
};
use assay_attribution::{Frontier, LogBuilder, leaf_hash};
use assay_chainspec::{PRECOMPILE_ADDRESSES, preset::PresetBuilder};
use assay_precompiles::{
    contracts::{IAttestation, IAttribution, ISignatures},
    span_weights_call,
};
use ed25519_dalek::Signer;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use std::collections::BTreeMap;

const ATTESTATION: Address = PRECOMPILE_ADDRESSES[0];
const ATTRIBUTION: Address = PRECOMPILE_ADDRESSES[1];
const SIGNATURES: Address = PRECOMPILE_ADDRESSES[2];

/// A TDX quote that Intel signed, with the collateral of its time.
const INTEL_QUOTE: &[u8] = include_bytes!("../../../crates/attestation/testdata/dcap/tdx_v4.quote");
const INTEL_COLLATERAL: &[u8] =
    include_bytes!("../../../crates/attestation/testdata/dcap/tdx_v4.collateral.json");

const SECRET: B256 = b256!("0x1111111111111111111111111111111111111111111111111111111111111111");
/// No evidence has this kind.
const NOT_A_KIND: u8 = 200;

/// A call of a precompile.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) target: Address,
    pub(super) input: Vec<u8>,
    /// What it returns, or what it reverts with.
    pub(super) answer: Result<Vec<u8>, Vec<u8>>,
}

/// The platform whose root the chain of these tests trusts.
pub(super) fn platform() -> DevPlatform {
    DevPlatform::new(keccak256("action tests"), GENESIS_TIME..GENESIS_TIME + 30 * 86_400)
}

/// Calls of every function, in each outcome that matters.
pub(super) fn every_case() -> Vec<Case> {
    let mut cases = quotes();
    cases.extend(key_signatures());
    cases.extend(log());
    cases.extend(split());
    cases.extend(many_signatures());
    cases.extend(other_evidence());
    cases.extend(collateral_ahead());
    cases.extend(data());
    cases
}

/// Statements of the development platforms hold this long.
const VALIDITY: std::ops::Range<u64> = GENESIS_TIME..GENESIS_TIME + 30 * 86_400;

fn nitro() -> DevNitro {
    DevNitro::new(keccak256("action tests"), VALIDITY)
}

fn snp() -> DevSnp {
    DevSnp::new(keccak256("action tests"), VALIDITY)
}

fn gpu() -> DevGpu {
    DevGpu::new(keccak256("action tests"), VALIDITY)
}

/// The roots that the chain of these tests trusts, by kind.
pub(super) fn trust() -> BTreeMap<u8, Vec<Bytes>> {
    BTreeMap::from([
        (kind::INTEL_DCAP, vec![platform().root()]),
        (kind::AWS_NITRO, vec![nitro().root()]),
        (kind::AMD_SEV_SNP, vec![snp().root()]),
        (kind::NVIDIA_GPU, vec![gpu().thumbprint()]),
    ])
}

/// A preset that trusts them.
pub(super) fn trusting(builder: PresetBuilder) -> PresetBuilder {
    trust().into_iter().fold(builder, |builder, (kind, roots)| {
        roots.into_iter().fold(builder, |builder, root| builder.trust(kind, root))
    })
}

/// The kinds that are neither Intel's nor one signature.
fn other_evidence() -> Vec<Case> {
    let document = DevDocument {
        pcrs: (0..3).map(|index| (index, [index + 1; 48])).collect(),
        user_data: Some(Bytes::from_static(b"bound")),
        time: GENESIS_TIME + 1,
        ..DevDocument::default()
    };
    let snp = snp().attest(&DevSnpReport {
        measurement: [5; 48],
        host_data: [6; 32],
        report_data: [7; 64],
        chip_id: [8; 64],
    });
    let nonce = B256::repeat_byte(9);
    let tokens = gpu().attest(nonce, 2);
    let report = DevReport::Tdx { mr_td: [7; 48], registers: [[1; 48]; 4], report_data: [9; 64] };
    let cpu = platform().attest(&report);
    let both = composite_evidence(kind::INTEL_DCAP, &cpu.evidence, &tokens);
    let now = GENESIS_TIME + 60;
    let proofs: [(&str, u8, &[u8]); 3] = [
        (
            "a Groth16 proof",
            kind::GROTH16,
            include_bytes!("../../../crates/attestation/testdata/groth16/snarkjs.evidence"),
        ),
        (
            "an SP1 proof",
            kind::SP1,
            include_bytes!("../../../crates/attestation/testdata/sp1/v6.1.0.evidence"),
        ),
        (
            "a RISC Zero proof",
            kind::RISC0,
            include_bytes!("../../../crates/attestation/testdata/risc0/v3.0.evidence"),
        ),
    ];
    let mut cases = vec![
        verify("a Nitro document", kind::AWS_NITRO, &nitro().attest(&document), &[], now),
        verify("an SNP report", kind::AMD_SEV_SNP, &snp.evidence, &snp.collateral, now),
        verify("GPU tokens", kind::NVIDIA_GPU, &tokens, &[], now),
        verify("a CPU with GPUs", kind::CPU_WITH_GPU, &both, &cpu.collateral, now),
    ];
    cases.extend(proofs.map(|(name, kind, evidence)| verify(name, kind, evidence, &[], now)));
    for case in &cases {
        assert!(case.answer.is_ok(), "{}: {:?}", case.name, case.answer);
    }
    cases
}

/// Statements by themselves, a quote by their compact forms, and its platform by them again.
fn collateral_ahead() -> Vec<Case> {
    let anchors = Anchors::new(&trust()).unwrap();
    let backend = Backend::default();
    let time = GENESIS_TIME + 60;
    let report = DevReport::Tdx { mr_td: [7; 48], registers: [[1; 48]; 4], report_data: [9; 64] };
    let made = platform().attest(&report);
    let statements = dcap::split_collateral(&made.collateral).unwrap();
    let mut cases = Vec::new();
    let mut compact: Vec<Vec<u8>> = Vec::new();
    for statement in &statements {
        let claims = assay_attestation::verify_collateral(1, statement, &anchors, backend).unwrap();
        let call = IAttestation::verifyCollateralCall {
            kind: 1,
            collateral: statement.clone().into(),
            time,
        };
        let answer = IAttestation::CollateralClaims {
            key: claims.key,
            digest: claims.digest,
            version: claims.version,
            notBefore: claims.not_before,
            notAfter: claims.not_after,
            compact: claims.compact.clone().into(),
        };
        cases.push(Case {
            name: "a statement",
            target: ATTESTATION,
            input: call.abi_encode(),
            answer: Ok(IAttestation::verifyCollateralCall::abi_encode_returns(&answer)),
        });
        compact.push(claims.compact);
    }
    let parts: [&[u8]; 4] = std::array::from_fn(|part| compact[part].as_slice());
    let joined = Bytes::from(dcap::join_compact(parts).unwrap());
    let claims =
        assay_attestation::verify_with(1, &made.evidence, &joined, &anchors, backend).unwrap();
    let with = IAttestation::verifyWithCall {
        kind: 1,
        evidence: made.evidence,
        compact: joined.clone(),
        time,
    };
    let assessed = assay_attestation::assess(1, &claims.tcb, &joined, &anchors, backend).unwrap();
    let assess =
        IAttestation::assessCall { kind: 1, tcb: claims.tcb.clone().into(), compact: joined, time };
    let standing =
        IAttestation::assessReturn { status: assessed.status, notAfter: assessed.not_after };
    cases.push(Case {
        name: "a quote by compact collateral",
        target: ATTESTATION,
        input: with.abi_encode(),
        answer: Ok(IAttestation::verifyWithCall::abi_encode_returns(&returned(claims))),
    });
    cases.push(Case {
        name: "a platform assessed",
        target: ATTESTATION,
        input: assess.abi_encode(),
        answer: Ok(IAttestation::assessCall::abi_encode_returns(&standing)),
    });
    cases
}

/// Cited spans, influence and Shapley values.
fn data() -> Vec<Case> {
    let tokens =
        |range: std::ops::Range<u32>| -> Vec<u8> { range.flat_map(u32::to_be_bytes).collect() };
    let (output, chunks) = (tokens(0..40), [tokens(3..20), tokens(15..60)]);
    let spans =
        [(0, 3, 0, 17), (1, 16, 1, 20)].map(|(chunk, output_start, chunk_start, length)| {
            assay_attribution::Span { chunk, output_start, chunk_start, length }
        });
    let slices: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
    let weighed = assay_attribution::span_weights(&output, &slices, &spans, 4).unwrap();
    let span_call = span_weights_call(&output, &chunks, &spans, 4);
    let span_answer = IAttribution::spanWeightsReturn {
        weights: weighed.weights.iter().map(|weight| U256::from(*weight)).collect(),
        leafHashes: weighed.leaf_hashes,
    };
    vec![attribution("cited spans", &span_call, &span_answer)]
}

fn verify(name: &'static str, kind: u8, evidence: &[u8], collateral: &[u8], time: u64) -> Case {
    let call = IAttestation::verifyCall {
        kind,
        evidence: Bytes::copy_from_slice(evidence),
        collateral: Bytes::copy_from_slice(collateral),
        time,
    };
    let anchors = Anchors::new(&trust()).unwrap();
    let verdict =
        assay_attestation::verify(kind, evidence, collateral, &anchors, Backend::default());
    let answer = match verdict {
        Ok(claims) if time < claims.not_before => {
            Err(IAttestation::NotYetValid { notBefore: claims.not_before }.abi_encode())
        }
        Ok(claims) if time >= claims.not_after => {
            Err(IAttestation::Expired { notAfter: claims.not_after }.abi_encode())
        }
        Ok(claims) => Ok(IAttestation::verifyCall::abi_encode_returns(&returned(claims))),
        Err(assay_attestation::Refusal::Refused(code)) => {
            Err(IAttestation::Refused { code: code.number() }.abi_encode())
        }
        Err(assay_attestation::Refusal::UnknownKind(kind)) => {
            Err(IAttestation::UnknownKind { kind }.abi_encode())
        }
        Err(other) => panic!("{name}: {other}"),
    };
    Case { name, target: ATTESTATION, input: call.abi_encode(), answer }
}

fn returned(claims: Claims) -> IAttestation::Claims {
    IAttestation::Claims {
        kind: claims.kind,
        assurance: claims.assurance,
        measurement: claims.measurement.into(),
        identity: claims.identity,
        platform: claims.platform,
        bound: claims.bound.into(),
        id: claims.id,
        anchors: claims.anchors,
        collateral: claims.collateral,
        issuedAt: claims.issued_at,
        notBefore: claims.not_before,
        notAfter: claims.not_after,
        status: claims.status,
        tcb: claims.tcb.into(),
    }
}

/// Intel's sample, which a block of now must refuse, as of now.
pub(super) fn expired_quote() -> Case {
    let case =
        verify("Intel's quote, now", kind::INTEL_DCAP, INTEL_QUOTE, INTEL_COLLATERAL, GENESIS_TIME);
    let selector = case.answer.as_ref().unwrap_err()[..4].to_vec();
    assert_eq!(selector, IAttestation::Expired::SELECTOR, "the sample is out of date");
    case
}

fn quotes() -> Vec<Case> {
    let report = DevReport::Tdx { mr_td: [7; 48], registers: [[1; 48]; 4], report_data: [9; 64] };
    let dev = platform().attest(&report);
    let intel = assay_attestation::verify(
        kind::INTEL_DCAP,
        INTEL_QUOTE,
        INTEL_COLLATERAL,
        &Anchors::default(),
        Backend::default(),
    )
    .unwrap();
    let with = |name, time| verify(name, kind::INTEL_DCAP, INTEL_QUOTE, INTEL_COLLATERAL, time);
    let cases = vec![
        verify("a dev quote", 1, &dev.evidence, &dev.collateral, GENESIS_TIME + 60),
        verify("a dev quote, early", 1, &dev.evidence, &dev.collateral, GENESIS_TIME - 1),
        with("Intel's quote, at its time", intel.not_before),
        expired_quote(),
        verify("an unknown kind", NOT_A_KIND, &[], &[], GENESIS_TIME),
    ];
    let held: Vec<bool> = cases.iter().map(|case| case.answer.is_ok()).collect();
    assert_eq!(held, [true, false, true, false, false]);
    cases
}

/// A key and its signature over a digest, by scheme.
fn signed(scheme: u8, digest: B256) -> (Vec<u8>, Vec<u8>) {
    match scheme {
        kind::SECP256K1 => {
            let key = PrivateKeySigner::from_bytes(&SECRET).unwrap();
            let signature = key.sign_hash_sync(&digest).unwrap().as_bytes()[..64].to_vec();
            let point = key.credential().verifying_key().to_encoded_point(false);
            (point.as_bytes().to_vec(), signature)
        }
        kind::P256 => {
            let key = p256::ecdsa::SigningKey::from_slice(SECRET.as_slice()).unwrap();
            let signature: p256::ecdsa::Signature = key.sign_prehash(digest.as_slice()).unwrap();
            let point = key.verifying_key().to_encoded_point(false);
            (point.as_bytes().to_vec(), signature.to_bytes().to_vec())
        }
        kind::ED25519 => {
            let key = ed25519_dalek::SigningKey::from_bytes(&SECRET);
            let signature = key.sign(digest.as_slice()).to_bytes().to_vec();
            (key.verifying_key().to_bytes().to_vec(), signature)
        }
        other => panic!("no scheme {other}"),
    }
}

const SCHEMES: [(u8, &str, &str); 3] = [
    (kind::SECP256K1, "a secp256k1 signature", "a wrong secp256k1 signature"),
    (kind::P256, "a P-256 signature", "a wrong P-256 signature"),
    (kind::ED25519, "an Ed25519 signature", "a wrong Ed25519 signature"),
];

fn key_signatures() -> Vec<Case> {
    let digest = keccak256("statement");
    let cases = SCHEMES.into_iter().flat_map(|(scheme, right, wrong)| {
        let (key, signature) = signed(scheme, digest);
        let evidence = [&key[..], &signature, digest.as_slice()].concat();
        let other = [&key[..], &signature, keccak256("another").as_slice()].concat();
        let cases = [
            verify(right, scheme, &evidence, &[], GENESIS_TIME),
            verify(wrong, scheme, &other, &[], GENESIS_TIME),
        ];
        assert!(cases[0].answer.is_ok() && cases[1].answer.is_err(), "{right}");
        cases
    });
    cases.collect()
}

fn attribution<C: SolCall>(name: &'static str, call: &C, answer: &C::Return) -> Case {
    let (input, answer) = (call.abi_encode(), Ok(C::abi_encode_returns(answer)));
    Case { name, target: ATTRIBUTION, input, answer }
}

fn log() -> Vec<Case> {
    let leaves: Vec<B256> = (0..40_u64).map(|i| leaf_hash(&i.to_be_bytes())).collect();
    let (old, new) = (LogBuilder::new(leaves[..13].to_vec()), LogBuilder::new(leaves.clone()));
    let frontier = |count: usize| {
        let empty = Frontier { size: 0, nodes: Vec::new() };
        assay_attribution::append(empty, &leaves[..count]).unwrap()
    };
    let (before, after) = (frontier(13), frontier(40));
    assert_eq!((before.head(), after.head()), (old.head(), new.head()));
    let indices = vec![0, 5, 6, 12, 39];
    let chosen: Vec<B256> =
        indices.iter().map(|index: &u64| leaves[usize::try_from(*index).unwrap()]).collect();
    let inclusion = IAttribution::verifyInclusionCall {
        logHead: new.head(),
        size: 40,
        leafHashes: chosen,
        proof: new.inclusion_proof(&indices).unwrap(),
        indices,
    };
    let mut forged = inclusion.clone();
    forged.leafHashes[1] = keccak256("forged");
    let mut reversed = inclusion.clone();
    reversed.indices.reverse();
    let consistency = IAttribution::verifyConsistencyCall {
        oldHead: old.head(),
        oldSize: 13,
        newHead: new.head(),
        newSize: 40,
        proof: new.consistency_proof(13).unwrap(),
    };
    let mut rewritten = consistency.clone();
    rewritten.oldHead = keccak256("another history");
    let malformed = assay_attribution::verify_inclusion(
        reversed.logHead,
        reversed.size,
        &reversed.indices,
        &reversed.leafHashes,
        &reversed.proof,
    )
    .unwrap_err();
    let append = IAttribution::appendCall {
        frontier: before.nodes.clone(),
        size: before.size,
        leafHashes: leaves[13..].to_vec(),
    };
    let appended = IAttribution::appendReturn {
        newFrontier: after.nodes.clone(),
        newSize: after.size,
        newHead: after.head(),
    };
    let head = IAttribution::headCall { leafHashes: leaves.clone() };
    vec![
        attribution("a head", &head, &new.head()),
        attribution("an append", &append, &appended),
        attribution("an inclusion", &inclusion, &true),
        attribution("a forged inclusion", &forged, &false),
        attribution("a consistency", &consistency, &true),
        attribution("a rewritten log", &rewritten, &false),
        Case {
            name: "indices out of order",
            target: ATTRIBUTION,
            input: reversed.abi_encode(),
            answer: Err(IAttribution::Malformed { code: malformed.0.code() }.abi_encode()),
        },
    ]
}

fn split() -> Vec<Case> {
    let pool = U256::from(1_000_000_000_000_000_003_u64);
    let weights: Vec<U256> = [1, 250, 31, 7, 7, 999, 3].map(U256::from).to_vec();
    let parts = assay_attribution::apportion(pool, &weights).unwrap();
    assert_eq!(parts.iter().sum::<U256>(), pool);
    vec![attribution("a split", &IAttribution::apportionCall { pool, weights }, &parts)]
}

fn many_signatures() -> Vec<Case> {
    let digests: Vec<B256> = (0..11_u8).map(|i| keccak256([i])).collect();
    let cases = SCHEMES.into_iter().map(|(scheme, name, _)| {
        let pairs = digests.iter().map(|digest| signed(scheme, *digest));
        let (keys, mut signatures): (Vec<Bytes>, Vec<Bytes>) =
            pairs.map(|(key, signature)| (Bytes::from(key), Bytes::from(signature))).unzip();
        // The fourth signs the third's digest; the ninth is no signature.
        signatures[3] = signatures[2].clone();
        signatures[8] = Bytes::new();
        let call =
            ISignatures::verifyManyCall { scheme, digests: digests.clone(), keys, signatures };
        let bits = Bytes::from(vec![0b1111_0111, 0b0000_0110]);
        Case {
            name,
            target: SIGNATURES,
            input: call.abi_encode(),
            answer: Ok(ISignatures::verifyManyCall::abi_encode_returns(&bits)),
        }
    });
    cases.collect()
}
