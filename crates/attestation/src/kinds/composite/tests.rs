use crate::{
    Anchors, Backend, Claims, Code, Refusal, assess,
    claims::identity,
    dev::{
        DevDocument, DevEvidence, DevGpu, DevNitro, DevPlatform, DevReport, DevSnp, DevSnpReport,
        composite_evidence, gpu::Product,
    },
    kind,
    kinds::{
        dcap::{
            offchain::{join_compact, split_collateral},
            tests as dcap,
        },
        nvidia::tests as nvidia,
    },
    status,
    testing::check_golden,
    verify, verify_collateral, verify_with, work, work_with,
};
use alloy_primitives::{B256, Bytes, keccak256};
use std::ops::Range;

const CPU_VALIDITY: Range<u64> = 1_799_990_000..1_800_001_800;
const GPU_VALIDITY: Range<u64> = 1_800_000_000..1_800_003_600;
const NONCE: B256 = B256::repeat_byte(0xa5);
const COMMITMENT: B256 = B256::repeat_byte(0xc0);

fn platform() -> DevPlatform {
    DevPlatform::new(B256::repeat_byte(7), CPU_VALIDITY)
}

fn gpus() -> DevGpu {
    DevGpu::new(B256::repeat_byte(8), GPU_VALIDITY)
}

fn anchors() -> Anchors {
    Anchors::new(&[(kind::INTEL_DCAP, vec![platform().root()])].into_iter().collect()).unwrap()
}

fn report_data(nonce: B256) -> [u8; 64] {
    let mut data = [0; 64];
    data[..32].copy_from_slice(COMMITMENT.as_slice());
    data[32..].copy_from_slice(nonce.as_slice());
    data
}

fn cpu(nonce: B256) -> DevEvidence {
    let report =
        DevReport::Tdx { mr_td: [1; 48], registers: [[2; 48]; 4], report_data: report_data(nonce) };
    platform().attest(&report)
}

/// Evidence and the CPU's collateral.
fn good() -> (Bytes, Bytes) {
    let cpu = cpu(NONCE);
    let gpu = gpus().attest(NONCE, 2);
    (composite_evidence(kind::INTEL_DCAP, &cpu.evidence, &gpu), cpu.collateral)
}

fn run(kind: u8, evidence: &[u8], collateral: &[u8]) -> Result<Claims, Refusal> {
    let run = |backend| verify(kind, evidence, collateral, &anchors(), backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable));
    native
}

fn refused(code: Code) -> Result<Claims, Refusal> {
    Err(Refusal::Refused(code))
}

#[test]
fn two_halves_give_one_claims() {
    let (evidence, collateral) = good();
    let cpu = run(kind::INTEL_DCAP, &self::cpu(NONCE).evidence, &collateral).unwrap();
    let gpu = run(kind::NVIDIA_GPU, &gpus().attest(NONCE, 2), &[]).unwrap();
    let claims = run(kind::CPU_WITH_GPU, &evidence, &collateral).unwrap();
    let prefixed = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let measurement = [vec![1], prefixed(&cpu.measurement), prefixed(&gpu.measurement)].concat();
    let expected = Claims {
        kind: kind::CPU_WITH_GPU,
        assurance: 4,
        identity: identity(kind::CPU_WITH_GPU, &measurement),
        measurement,
        platform: keccak256([cpu.platform, gpu.platform].concat()),
        bound: report_data(NONCE).to_vec(),
        id: cpu.id,
        anchors: vec![cpu.anchors[0], gpu.anchors[0]],
        collateral: cpu.collateral,
        issued_at: GPU_VALIDITY.start,
        not_before: GPU_VALIDITY.start,
        not_after: CPU_VALIDITY.end,
        status: cpu.status | gpu.status,
        tcb: [&[1][..], &cpu.tcb].concat(),
    };
    assert_eq!(claims, expected);
    check_golden("composite/dev_tdx_2_gpus", &claims);
    assert_eq!(claims.status & status::ANCHOR_LEFT_TO_POLICY, status::ANCHOR_LEFT_TO_POLICY);

    let counted = work(kind::CPU_WITH_GPU, &evidence, &collateral).unwrap();
    let alone = work(kind::INTEL_DCAP, &self::cpu(NONCE).evidence, &collateral).unwrap();
    assert_eq!((counted.p256, counted.p384), (alone.p256, alone.p384 + 3));
    assert_eq!(counted.certificates, alone.certificates);
    assert_eq!(counted.evidence_bytes, evidence.len() as u64);
    assert_eq!(counted.collateral_bytes, collateral.len() as u64);
}

/// What the CPU states is one statement, by itself and beside tokens about these GPUs or those: a
/// contract that took identity and id together would take it again.
#[test]
fn one_statement_of_the_cpus_keeps_its_id() {
    let cpu = cpu(NONCE);
    let alone = run(kind::INTEL_DCAP, &cpu.evidence, &cpu.collateral).unwrap();
    let beside = |gpus: DevGpu, count| {
        let gpu = gpus.attest(NONCE, count);
        let joined = composite_evidence(kind::INTEL_DCAP, &cpu.evidence, &gpu);
        run(kind::CPU_WITH_GPU, &joined, &cpu.collateral).unwrap()
    };
    let one = beside(gpus(), 1);
    let two = beside(gpus(), 2);
    let others = beside(DevGpu::new(B256::repeat_byte(9), GPU_VALIDITY), 2);
    assert!([&one, &two, &others].iter().all(|claims| claims.id == alone.id));
    assert_ne!(one.identity, two.identity);
    assert_eq!(two.identity, others.identity);
    assert_ne!(two.platform, others.platform);
}

#[test]
fn halves_that_do_not_belong_together() {
    let other = B256::repeat_byte(0xa6);
    let (evidence, collateral) = good();
    let run = |evidence: &[u8]| run(kind::CPU_WITH_GPU, evidence, &collateral);
    let join = |cpu_nonce, gpu_nonce| {
        let gpu = gpus().attest(gpu_nonce, 1);
        composite_evidence(kind::INTEL_DCAP, &cpu(cpu_nonce).evidence, &gpu)
    };
    assert!(run(&join(NONCE, NONCE)).is_ok());
    assert_eq!(run(&join(NONCE, other)), refused(Code::CompositeNonce));
    assert_eq!(run(&join(B256::ZERO, NONCE)), refused(Code::CompositeNonce));
    // Anyone can have GPUs attest under the nonce that a CPU's code has left empty.
    assert_eq!(run(&join(B256::ZERO, B256::ZERO)), refused(Code::CompositeNonce));
    // The commitment is not the nonce's place.
    let mut swapped = report_data(NONCE);
    swapped.rotate_left(32);
    let report = DevReport::Sgx { mr_enclave: NONCE, mr_signer: NONCE, report_data: swapped };
    let sgx = platform().attest(&report);
    let joined = composite_evidence(kind::INTEL_DCAP, &sgx.evidence, &gpus().attest(NONCE, 1));
    let refusal = self::run(kind::CPU_WITH_GPU, &joined, &sgx.collateral);
    assert_eq!(refusal, refused(Code::CompositeNonce));

    let late = DevGpu::new(B256::repeat_byte(8), CPU_VALIDITY.end..CPU_VALIDITY.end + 60);
    let gpu = late.attest(NONCE, 1);
    let joined = composite_evidence(kind::INTEL_DCAP, &cpu(NONCE).evidence, &gpu);
    assert_eq!(run(&joined), refused(Code::EmptyWindow));
    assert!(run(&evidence).is_ok());
}

#[test]
fn each_half_is_refused_as_its_own_kind() {
    let (_, collateral) = good();
    let run = |kind, cpu: &[u8], gpu: &[u8], collateral: &[u8]| {
        run(kind::CPU_WITH_GPU, &composite_evidence(kind, cpu, gpu), collateral)
    };
    let quote = cpu(NONCE).evidence;
    let tokens = gpus().attest(NONCE, 1);
    assert_eq!(run(1, &quote[..100], &tokens, &collateral), refused(Code::QuoteTruncated));
    assert_eq!(run(1, &quote, &tokens, &[]), refused(Code::CollateralJson));
    assert_eq!(run(1, &quote, &tokens[32..], &collateral), refused(Code::GpuEvidence));
    assert_eq!(run(1, &quote, &[], &collateral), refused(Code::GpuEvidence));
    // The CPU's half comes first.
    assert_eq!(run(1, &[], &[], &collateral), refused(Code::QuoteTruncated));
    let stranger = verify(
        kind::CPU_WITH_GPU,
        &composite_evidence(1, &quote, &tokens),
        &collateral,
        &Anchors::default(),
        Backend::Native,
    );
    assert_eq!(stranger, refused(Code::UnknownRoot));
    for kind in (0..=255).filter(|kind| !(1..=3).contains(kind)) {
        let refusal = run(kind, &quote, &tokens, &collateral);
        assert_eq!(refusal, refused(Code::CompositeCpuKind), "{kind}");
    }
}

/// Every mistake that each half's own tests know, in a pair whose other half is sound.
#[test]
fn mistakes_of_the_halves_keep_their_codes() {
    let anchors = [(kind::INTEL_DCAP, vec![platform().root(), dcap::platform().root()])];
    let anchors = Anchors::new(&anchors.into_iter().collect()).unwrap();
    let run = |evidence: &[u8], collateral: &[u8]| {
        verify(kind::CPU_WITH_GPU, evidence, collateral, &anchors, Backend::Native)
    };
    // The CPU's tests fill report data with threes, and hold from 1.7 to 1.8 billion seconds.
    let gpu = DevGpu::new(B256::repeat_byte(8), 1_750_000_000..1_750_003_600)
        .attest(B256::repeat_byte(3), 1);
    let join = |cpu: &[u8]| composite_evidence(kind::INTEL_DCAP, cpu, &gpu);
    let sound = dcap::platform().recipe(&dcap::TDX);
    let product = sound.product();
    assert!(run(&join(&product.evidence), &product.collateral).is_ok());
    for (index, (code, report, change)) in dcap::mutations::SIGNED.iter().enumerate() {
        let mut recipe = dcap::platform().recipe(report);
        change(&mut recipe);
        let product = recipe.product();
        let refusal = run(&join(&product.evidence), &product.collateral);
        assert_eq!(refusal, refused(*code), "signed {index}");
    }
    for (index, (code, forge)) in dcap::mutations::FORGED.iter().enumerate() {
        let product = sound.product();
        let (evidence, collateral) = forge(&sound, (product.evidence, product.collateral));
        assert_eq!(run(&join(&evidence), &collateral), refused(*code), "forged {index}");
    }

    let made = cpu(NONCE);
    let join = |gpu: &[u8]| composite_evidence(kind::INTEL_DCAP, &made.evidence, gpu);
    let sound = nvidia::recipe(2).product();
    assert!(run(&join(&sound.evidence()), &made.collateral).is_ok());
    for (name, change, code) in nvidia::mutations::SIGNED {
        let mut recipe = nvidia::recipe(2);
        change(&mut recipe);
        let product = Product { key: sound.key.clone(), ..recipe.product() };
        let refusal = run(&join(&product.evidence()), &made.collateral);
        assert_eq!(refusal, refused(*code), "{name}");
    }
    for (name, product, code) in nvidia::mutations::token_changes(&sound) {
        let refusal = run(&join(&product.evidence()), &made.collateral);
        assert_eq!(refusal, refused(code), "{name}");
    }
}

#[test]
fn encodings_and_sizes() {
    let (evidence, collateral) = good();
    let run = |evidence: &[u8]| run(kind::CPU_WITH_GPU, evidence, &collateral);
    for length in (0..evidence.len()).step_by(97) {
        assert_eq!(run(&evidence[..length]), refused(Code::CompositeEvidence), "{length}");
    }
    assert_eq!(run(&[&evidence[..], &[0; 32]].concat()), refused(Code::CompositeEvidence));
    for at in [0, 30, 63, 95, 96] {
        let mut changed = evidence.to_vec();
        changed[at] ^= 1;
        assert_eq!(run(&changed), refused(Code::CompositeEvidence), "{at}");
    }
    let large = |size, limit| Err(Refusal::TooLarge { size, limit });
    assert_eq!(run(&vec![0; 82_177]), large(82_177, 82_176));
    let gpu = gpus().attest(NONCE, 1);
    assert_eq!(run(&composite_evidence(1, &[0; 16_385], &gpu)), large(16_385, 16_384));
    assert_eq!(run(&composite_evidence(1, &[], &[0; 65_537])), large(65_537, 65_536));
    assert_eq!(self::run(kind::CPU_WITH_GPU, &evidence, &vec![0; 65_537]), large(65_537, 65_536));
    let nothing = work(kind::CPU_WITH_GPU, &[1; 64], &[]).unwrap();
    assert_eq!((nothing.p256, nothing.p384, nothing.evidence_bytes), (0, 0, 64));
}

/// A Nitro document's user data holds both halves.
#[test]
fn nitro_with_gpus() {
    let nitro = DevNitro::new(B256::repeat_byte(9), CPU_VALIDITY);
    let anchors = [(kind::AWS_NITRO, vec![nitro.root()])].into_iter().collect();
    let anchors = Anchors::new(&anchors).unwrap();
    let attest = |user_data: &[u8], nonce: Option<Bytes>| {
        let cpu = nitro.attest(&DevDocument {
            pcrs: (0..3).map(|index| (index, [index + 1; 48])).collect(),
            user_data: Some(Bytes::copy_from_slice(user_data)),
            nonce,
            public_key: None,
            time: GPU_VALIDITY.start - 60,
        });
        composite_evidence(kind::AWS_NITRO, &cpu, &gpus().attest(NONCE, 1))
    };
    let run = |evidence: &[u8]| {
        let run = |backend| verify(kind::CPU_WITH_GPU, evidence, &[], &anchors, backend);
        let native = run(Backend::Native);
        assert_eq!(native, run(Backend::Portable));
        native
    };
    let claims = run(&attest(&report_data(NONCE), None)).unwrap();
    assert_eq!((claims.assurance, claims.tcb[0]), (4, kind::AWS_NITRO));
    assert_eq!(claims.bound[..64], report_data(NONCE));
    // The document is a minute older than the tokens.
    assert_eq!(claims.issued_at, GPU_VALIDITY.start - 60);
    // The document's own nonce is its requester's: it is not what the enclave says.
    let nonce = Some(Bytes::copy_from_slice(NONCE.as_slice()));
    for user_data in [&[][..], COMMITMENT.as_slice()] {
        assert_eq!(run(&attest(user_data, nonce.clone())), refused(Code::CompositeNonce));
    }
}

#[test]
fn sev_snp_with_gpus() {
    let snp = DevSnp::new(B256::repeat_byte(9), CPU_VALIDITY);
    let anchors = [(kind::AMD_SEV_SNP, vec![snp.root()])].into_iter().collect();
    let anchors = Anchors::new(&anchors).unwrap();
    let attest = |nonce| {
        let report = DevSnpReport {
            measurement: [1; 48],
            host_data: [2; 32],
            report_data: report_data(nonce),
            chip_id: [3; 64],
        };
        let cpu = snp.attest(&report);
        let gpu = gpus().attest(NONCE, 1);
        (composite_evidence(kind::AMD_SEV_SNP, &cpu.evidence, &gpu), cpu.collateral)
    };
    let (evidence, collateral) = attest(NONCE);
    for backend in [Backend::Native, Backend::Portable] {
        let kind = kind::CPU_WITH_GPU;
        let claims = verify(kind, &evidence, &collateral, &anchors, backend).unwrap();
        assert_eq!((claims.assurance, claims.tcb[0]), (4, kind::AMD_SEV_SNP));
        assert_eq!(claims.bound, report_data(NONCE));
        let ahead = verify_collateral(kind::AMD_SEV_SNP, &collateral, &anchors, backend).unwrap();
        let over = verify_with(kind, &evidence, &ahead.compact, &anchors, backend).unwrap();
        assert_eq!(over.status, claims.status | status::COLLATERAL_ASSUMED);
        assert_eq!((over.id, over.identity), (claims.id, claims.identity));
        let judged = assess(kind, &claims.tcb, &ahead.compact, &anchors, backend);
        let alone = assess(kind::AMD_SEV_SNP, &claims.tcb[1..], &ahead.compact, &anchors, backend);
        assert!(judged.is_ok());
        assert_eq!(judged, alone);
        let (other, collateral) = attest(B256::repeat_byte(1));
        let refusal = verify(kind, &other, &collateral, &anchors, backend);
        assert_eq!(refusal, refused(Code::CompositeNonce));
    }
}

#[test]
fn compact_collateral_and_assessments() {
    let (evidence, collateral) = good();
    let ahead = split_collateral(&collateral).unwrap().map(|statement| {
        verify_collateral(kind::INTEL_DCAP, &statement, &anchors(), Backend::Native).unwrap()
    });
    let compact = join_compact(ahead.each_ref().map(|claims| claims.compact.as_slice())).unwrap();
    let whole = run(kind::CPU_WITH_GPU, &evidence, &collateral).unwrap();
    for backend in [Backend::Native, Backend::Portable] {
        let claims =
            verify_with(kind::CPU_WITH_GPU, &evidence, &compact, &anchors(), backend).unwrap();
        assert_eq!(claims.status, whole.status | status::COLLATERAL_ASSUMED);
        let alone =
            verify_with(kind::INTEL_DCAP, &cpu(NONCE).evidence, &compact, &anchors(), backend);
        assert_eq!(claims.collateral, alone.unwrap().collateral);
        assert_eq!((claims.identity, claims.id), (whole.identity, whole.id));
        assert_eq!((claims.not_before, claims.not_after), (whole.not_before, whole.not_after));
        let judged = assess(kind::CPU_WITH_GPU, &claims.tcb, &compact, &anchors(), backend);
        let alone = assess(kind::INTEL_DCAP, &claims.tcb[1..], &compact, &anchors(), backend);
        assert!(judged.is_ok());
        assert_eq!(judged, alone);
    }
    let unknown = verify_collateral(kind::CPU_WITH_GPU, &collateral, &anchors(), Backend::Native);
    assert_eq!(unknown.err(), Some(Refusal::UnknownKind(kind::CPU_WITH_GPU)));
}

/// What concerns collateral verified ahead goes to the CPU's kind as it is.
#[test]
fn collateral_ahead_is_the_cpus() {
    let (evidence, collateral) = good();
    let quote = cpu(NONCE).evidence;
    let gpu = gpus().attest(NONCE, 2);
    let run = |kind, evidence: &[u8], compact: &[u8]| {
        verify_with(kind, evidence, compact, &anchors(), Backend::Native)
    };
    for compact in [&[][..], &[0; 10], &collateral[..100]] {
        let alone = run(kind::INTEL_DCAP, &quote, compact);
        let joined = run(kind::CPU_WITH_GPU, &evidence, compact);
        assert_eq!(joined.err(), alone.err());
        let alone = work_with(kind::INTEL_DCAP, &quote, compact).map(|work| work.p256);
        let joined = work_with(kind::CPU_WITH_GPU, &evidence, compact).map(|work| work.p256);
        assert_eq!(joined, alone);
    }
    let refusal = run(kind::CPU_WITH_GPU, &composite_evidence(4, &quote, &gpu), &[]);
    assert_eq!(refusal, refused(Code::CompositeCpuKind));

    let claims = self::run(kind::CPU_WITH_GPU, &evidence, &collateral).unwrap();
    let judge = |kind, tcb: &[u8]| assess(kind, tcb, &[], &anchors(), Backend::Native);
    let alone = judge(kind::INTEL_DCAP, &claims.tcb[1..]);
    assert_eq!(judge(kind::CPU_WITH_GPU, &claims.tcb), alone);
    for tcb in [&[][..], &[0], &[4, 1], &[5, 1]] {
        let refusal = judge(kind::CPU_WITH_GPU, tcb).err();
        assert_eq!(refusal, Some(Refusal::Refused(Code::CompositeCpuKind)));
    }
}
