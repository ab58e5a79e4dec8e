//! Lists verified ahead of evidence, and what newer lists say of earlier claims.

use super::{kitchen::*, *};
use crate::{
    Assessment, CollateralClaims, collateral_digest,
    dev::{
        der,
        snp::{authority_key, root_key},
        x509::{Extension, RevocationList},
    },
};
use alloy_primitives::hex;
use proptest::prelude::*;

fn ahead(list: &[u8]) -> Result<CollateralClaims, Refusal> {
    let run = |backend| crate::verify_collateral(kind::AMD_SEV_SNP, list, &HONEST.anchors, backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable), "backends differ");
    native
}

fn assess(tcb: &[u8], compact: &[u8]) -> Result<Assessment, Refusal> {
    crate::assess(kind::AMD_SEV_SNP, tcb, compact, &HONEST.anchors, Backend::Native)
}

fn list(change: impl FnOnce(&mut RevocationList)) -> Vec<u8> {
    let mut list = HONEST.recipe.list.clone();
    change(&mut list);
    list.signed(&root_key())
}

fn numbered(number: &[u8]) -> Extension {
    (hex!("551d14").to_vec(), false, der::unsigned(number))
}

#[test]
fn the_same_claims_with_the_list_ahead() {
    let parts = honest();
    let claims = parts.verdict().unwrap();
    let statement = ahead(&parts.list).unwrap();
    assert_eq!(claims.collateral, statement.digest);
    assert_eq!(
        statement.digest,
        collateral_digest(kind::AMD_SEV_SNP, claims.anchors[0], &statement.compact)
    );
    assert_eq!((statement.not_before, statement.not_after), (START, END));
    let with = verdict_with(&parts.evidence(), &statement.compact, &HONEST.anchors).unwrap();
    assert_eq!(with, Claims { status: claims.status | COLLATERAL_ASSUMED, ..claims.clone() });

    let assessment = assess(&claims.tcb, &statement.compact).unwrap();
    assert_eq!(
        assessment,
        Assessment { status: COLLATERAL_ASSUMED, not_before: START, not_after: END }
    );
}

#[test]
fn a_newer_list_revokes_earlier_claims() {
    let claims = honest().verdict().unwrap();
    for serial in [1, 2] {
        let revoking = list(|list| list.revoked.push(vec![serial]));
        if serial == 1 {
            // A root does not revoke itself.
            assert_eq!(ahead(&revoking), Err(Code::CertificateRevoked.into()));
            continue;
        }
        let statement = ahead(&revoking).unwrap();
        assert_eq!(assess(&claims.tcb, &statement.compact), Err(Code::CertificateRevoked.into()));
        let with = verdict_with(&honest().evidence(), &statement.compact, &HONEST.anchors);
        assert_eq!(with, refused(Code::CertificateRevoked));
    }
    let other = compact(AMD_ROOTS_DER[1], &[]);
    assert_eq!(assess(&claims.tcb, &other), Err(Code::RootMismatch.into()));
    assert_eq!(
        verdict_with(&honest().evidence(), &other, &HONEST.anchors),
        refused(Code::RootMismatch)
    );
    let older = with_report(|report| report[0x1f7] -= 1).unwrap();
    let statement = ahead(&honest().list).unwrap();
    let assessment = assess(&older.tcb, &statement.compact).unwrap();
    assert_eq!(assessment.status, older.status | COLLATERAL_ASSUMED);
    assert_ne!(older.status, 0);
}

#[test]
fn later_lists_have_greater_versions_under_the_same_key() {
    let statements: Vec<CollateralClaims> = [
        (&[1][..], START),
        (&[1], START + 1),
        (&[2], START),
        (&[1, 0], START),
        (&[3, 0xff, 0xff, 0xfe], START),
        (&[1, 0, 0, 0, 0], START),
        (&[0xff; 19], START + 1),
    ]
    .into_iter()
    .map(|(number, time)| {
        ahead(&list(|list| {
            list.extensions = vec![numbered(number)];
            list.this_update = time;
        }))
        .unwrap()
    })
    .collect();
    assert!(statements.windows(2).all(|pair| pair[0].version < pair[1].version));
    assert!(statements.iter().all(|statement| statement.key == statements[0].key));
    assert_eq!(statements[0].version, 1 << 38 | START);
    assert_eq!(statements[0].key, snp_collateral_key(keccak256(&HONEST.root)));
    let unnumbered = ahead(&list(|list| list.extensions.clear()));
    assert_eq!(unnumbered.unwrap().version, START);
}

#[test]
fn lists_are_refused_alone() {
    let refuse = |list: &[u8]| ahead(list).unwrap_err();
    assert_eq!(refuse(&[]), Code::CrlEncoding.into());
    assert_eq!(refuse(&list(|list| list.issuer.push('!'))), Code::UnknownRoot.into());
    assert_eq!(refuse(&list(|list| list.next_update = START)), Code::EmptyWindow.into());
    assert_eq!(refuse(&HONEST.recipe.list.signed(&authority_key())), Code::SnpCrlSignature.into());
    let many = list(|list| list.revoked = vec![vec![9]; 1025]);
    assert_eq!(refuse(&many), Code::CrlEntryCount.into());
    // In any order, and twice: the compact form is the same.
    let orders = [[3u8, 4, 5], [5, 4, 3]].map(|order| {
        let numbers: Vec<Vec<u8>> =
            order.into_iter().chain([4]).map(|number| vec![number]).collect();
        ahead(&list(|list| list.revoked = numbers)).unwrap()
    });
    assert_eq!(orders[0], orders[1]);
    assert_eq!(orders[0].compact.len(), 72 + 3 * 20);
}

#[test]
fn compact_forms_are_canonical() {
    let root = &HONEST.root;
    let with = |bytes: &[u8]| verdict_with(&honest().evidence(), bytes, &HONEST.anchors);
    let good = compact(root, &[3, 5]);
    assert!(with(&good).is_ok());
    for length in [0, 1, 2, 49, 50, 71, 72, good.len() - 1] {
        assert_eq!(with(&good[..length]), refused(Code::CompactEncoding), "{length}");
    }
    assert_eq!(with(&[&good[..], &[0]].concat()), refused(Code::CompactEncoding));
    for (at, value, code) in [
        (0, 2, Code::CompactType),
        (1, 2, Code::CompactType),
        (2, keccak256(root)[0] ^ 1, Code::RootMismatch),
        (34, 0xff, Code::CompactWindow),
        (70, 5, Code::CompactCount),
        (71, 1, Code::CompactEncoding),
        (71, 3, Code::CompactEncoding),
        (91, 5, Code::CompactOrder),
        (91, 6, Code::CompactOrder),
        (91, 2, Code::CertificateRevoked),
    ] {
        let mut bytes = good.clone();
        bytes[at] = value;
        assert_eq!(with(&bytes), refused(code), "{at}");
    }
    let most = compact(root, &(3..1027).collect::<Vec<u32>>());
    assert_eq!(most.len(), MAX_COMPACT);
    assert!(with(&most).is_ok());
}

#[test]
fn earlier_tcbs_have_one_layout() {
    let tcb = honest().verdict().unwrap().tcb;
    assert_eq!(tcb.len(), MAX_TCB);
    assert_eq!(EarlierTcb::decode(&tcb).unwrap().encode(), tcb);
    let list = ahead(&honest().list).unwrap().compact;
    for length in 0..tcb.len() {
        assert_eq!(assess(&tcb[..length], &list), Err(Code::TcbEncoding.into()));
    }
    // Layout, product, signing key, an FMC that Genoa has not.
    for (at, value) in [(0, 2), (1, 0), (1, 4), (2, 2), (3, 1)] {
        let mut tcb = tcb.clone();
        tcb[at] = value;
        assert_eq!(assess(&tcb, &list), Err(Code::TcbEncoding.into()));
    }
}

proptest! {
    #[test]
    fn decoders_undo_encoders_and_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        at in 0..MAX_TCB,
        value: u8,
    ) {
        let _ = (read_compact(&bytes), EarlierTcb::decode(&bytes), Evidence::split(&bytes).is_ok());
        let mut tcb = [1, 2, 0].into_iter().chain(bytes).collect::<Vec<u8>>();
        tcb.resize(MAX_TCB, 0);
        tcb[at] = value;
        if let Ok(earlier) = EarlierTcb::decode(&tcb) {
            prop_assert_eq!(earlier.encode(), tcb);
        }
    }
}
