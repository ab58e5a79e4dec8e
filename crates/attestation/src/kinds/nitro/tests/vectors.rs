use super::*;
use crate::{dev::cbor, testing::check_golden};
use alloy_primitives::hex;
use proptest::prelude::*;

#[test]
fn the_root_is_awss() {
    let fingerprint = hex!("641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b");
    assert_eq!(Backend::Native.sha256(AWS_ROOT_DER), fingerprint);
    assert_eq!(check_root(AWS_ROOT_DER), Ok(()));
}

#[test]
fn awss_document_gives_the_golden_claims() {
    let claims = verdict(PRODUCTION, &Anchors::default()).unwrap();
    check_golden("nitro/production", &claims);
    // What the document itself says, read by eye.
    assert_eq!(claims.issued_at, 1_736_179_625);
    assert_eq!(claims.platform, keccak256("i-0bee92034f3d60691"));
    assert_eq!(claims.measurement[..4], [0, 0, 0, 7]);
    assert_eq!(claims.measurement.len(), 4 + 3 * 48);
    assert_eq!(
        claims.measurement[4..52],
        hex!(
            "8bb159f202bb95d6d4d98e0e103918246cea734f1d57cd263e4fd56075ed53f6fa8c68854817a32749a241e11874c26b"
        )
    );
    // Three hours, with the leaf's last second.
    assert_eq!((claims.not_before, claims.not_after), (1_736_179_622, 1_736_190_426));
    assert_eq!(claims.tcb.len(), 1 + 4 + 32 + 2 * 48 + 4 * 52);
}

#[test]
fn a_debug_enclave_is_refused() {
    assert_eq!(verdict(DEBUG, &Anchors::default()), refused(Code::DebugEnclave));
}

#[test]
fn development_documents_give_the_golden_claims() {
    let evidence = instance().attest(&document());
    assert_eq!(evidence, instance().attest(&document()));
    let claims = verdict(&evidence, &anchors()).unwrap();
    check_golden("nitro/dev", &claims);
    assert_eq!((claims.not_before, claims.not_after), (START, END));
    assert_eq!(verdict(&evidence, &Anchors::default()), refused(Code::UnknownRoot));
}

#[test]
fn sizes_are_capped() {
    let most = vec![0; MAX_EVIDENCE + 1];
    let too_large = |size: usize, limit: usize| {
        Err(Refusal::TooLarge { size: size as u64, limit: limit as u64 })
    };
    assert_eq!(verdict(&most, &Anchors::default()), too_large(most.len(), MAX_EVIDENCE));
    assert_eq!(verdict(&most[1..], &Anchors::default()), refused(Code::CoseEncoding));
    let with = |collateral: &[u8]| {
        crate::verify(2, PRODUCTION, collateral, &Anchors::default(), Backend::Native)
    };
    assert_eq!(with(&[0]), refused(Code::CollateralNotEmpty));
    assert_eq!(with(&[0; MAX_COLLATERAL + 1]), too_large(MAX_COLLATERAL + 1, MAX_COLLATERAL));
    let work = crate::work(2, PRODUCTION, &[]).unwrap();
    assert_eq!((work.evidence_bytes, work.collateral_bytes), (4781, 0));
    assert_eq!((work.p384, work.p256, work.certificates), (5, 0, 5));
}

/// The largest of everything fits, and is accepted.
#[test]
fn the_largest_document_fits() {
    let mut largest = document();
    largest.pcrs.extend((0..32).map(|index| (index, [index + 1; 48])));
    largest.user_data = Some(vec![1; 512].into());
    largest.nonce = Some(vec![2; 512].into());
    largest.public_key = Some(vec![3; 1024].into());
    let mut recipe = instance().recipe(&largest);
    for certificate in &mut recipe.certificates[1..] {
        certificate.extensions.push((vec![0x2a, 3, 4], false, vec![0; 560]));
    }
    let evidence = recipe.product();
    assert!(evidence.len() < MAX_EVIDENCE, "{}", evidence.len());
    let claims = verdict(&evidence, &anchors()).unwrap();
    assert_eq!(claims.bound.len(), 2048 + 6);
    assert_eq!(claims.measurement[..4], (u32::MAX ^ 0b11000).to_be_bytes());
    assert_eq!(claims.measurement.len(), 4 + 30 * 48);
}

#[test]
fn what_is_bound_is_laid_out_unambiguously() {
    let bound = |user_data: Option<&'static [u8]>, nonce, public_key: Option<&'static [u8]>| {
        let mut document = document();
        let bytes = |data: Option<&'static [u8]>| data.map(Into::into);
        document.user_data = bytes(user_data);
        document.nonce = bytes(nonce);
        document.public_key = bytes(public_key);
        verdict(&instance().attest(&document), &anchors()).unwrap().bound
    };
    let zeros = [0u8; 64];
    let absent = [0xff; 6];
    assert_eq!(bound(None, None, None), [&zeros[..], &absent].concat());
    assert_eq!(bound(Some(&[]), None, None), [&zeros[..], &[0; 2], &absent[..4]].concat());
    let hello = [b"hello", &zeros[5..]].concat();
    assert_eq!(
        bound(Some(b"hello"), Some(b"no"), Some(b"key")),
        [&hello, &b"nokey"[..], &[0, 5, 0, 2, 0, 3]].concat()
    );
    assert_eq!(
        bound(Some(&[7; 70]), Some(&[]), None),
        [&[7; 70][..], &[0, 70, 0, 0, 0xff, 0xff]].concat()
    );
    // A nonce never stands where user data is looked for.
    assert_eq!(bound(None, Some(&[9; 64]), None)[..64], zeros);
}

#[test]
fn the_measurement_leaves_the_parent_out() {
    let measurement = |change: &dyn Fn(&mut DevDocument)| {
        let mut document = document();
        change(&mut document);
        verdict(&instance().attest(&document), &anchors()).unwrap()
    };
    let honest = measurement(&|_| {});
    assert_eq!(honest.measurement[..4], 0b1_0000_0111u32.to_be_bytes());
    let elsewhere = measurement(&|document| {
        document.pcrs.extend([(3, [0x33; 48]), (4, [0x44; 48])]);
    });
    assert_eq!(honest.identity, elsewhere.identity);
    assert_ne!(honest.tcb, elsewhere.tcb);
    // A register that was never extended says as much as one that is not stated.
    let unstated =
        measurement(&|document| document.pcrs.retain(|index, _| [0, 1, 2, 8].contains(index)));
    assert_eq!(honest.identity, unstated.identity);
    assert_ne!(honest.tcb, unstated.tcb);
    for index in [0, 1, 2, 5, 8, 15, 16, 31] {
        let other = measurement(&|document| document.pcrs.extend([(index, [0x77; 48])]));
        assert_ne!(honest.identity, other.identity, "PCR{index}");
    }
}

#[test]
fn the_platform_is_the_instance() {
    let platform = |module_id: &str| {
        let mut recipe = instance().recipe(&document());
        recipe.fields[0].1 = cbor::text(module_id);
        verdict(&recipe.product(), &anchors()).unwrap().platform
    };
    assert_eq!(platform("i-0123-enc4567"), keccak256("i-0123"));
    assert_eq!(platform("i-0123-enc89"), keccak256("i-0123"));
    assert_eq!(platform("i-enc-0123-enc89"), keccak256("i-enc-0123"));
    assert_eq!(platform("module"), keccak256("module"));
}

/// Each byte of AWS's document is relied on; `ASSAY_MUTATIONS` set tries all, else one in five.
#[test]
fn no_flipped_byte_is_accepted() {
    let step = if std::env::var_os("ASSAY_MUTATIONS").is_some() { 1 } else { 5 };
    for at in (0..PRODUCTION.len()).step_by(step) {
        let mut document = PRODUCTION.to_vec();
        document[at] ^= 1 << (at % 8);
        let verdict = verify(&document, &[], &Anchors::default(), Backend::Native);
        assert!(verdict.is_err(), "byte {at}");
    }
}

#[test]
fn no_truncation_is_accepted() {
    for length in 0..PRODUCTION.len() {
        let verdict = verify(&PRODUCTION[..length], &[], &Anchors::default(), Backend::Native);
        assert_eq!(verdict, Err(Code::CoseEncoding), "{length}");
    }
}

proptest! {
    #[test]
    fn garbage_never_panics(
        evidence in proptest::collection::vec(any::<u8>(), 0..2000),
        honest in 0..PRODUCTION.len(),
    ) {
        let _ = verdict(&evidence, &Anchors::default());
        let mut tail = PRODUCTION[..honest].to_vec();
        tail.extend_from_slice(&evidence);
        prop_assert!(verdict(&tail, &Anchors::default()).is_err());
    }
}
