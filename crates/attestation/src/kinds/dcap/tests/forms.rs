//! Compact forms and assessments: mistakes in what a caller hands on, one at a time.

use super::{
    ahead::{FORGED_ALONE, REFUSED, SIGNED_ALONE, honest, statements},
    mutations::{Change, stranger, swap},
    *,
};
use crate::{Assessment, encoding::crl::MAX_ENTRIES};
use compact::{List, Signed, StatementType};
use proptest::{prelude::*, sample::Index};

/// Compact forms of other shapes, made from other collateral.
fn of(change: Change, report: &DevReport) -> [CollateralClaims; 4] {
    let mut recipe = platform().recipe(report);
    change(&mut recipe);
    statements(&recipe)
}

type Swap = fn(&mut [Vec<u8>; 4]);

/// Offsets in a compact form.
const ANCHOR: usize = 2;
const WINDOW: usize = 34;
const BODY: usize = 50;

/// Changes to honest compact forms of a TDX platform, and what verification over them says. The
/// last column says whether an assessment says the same.
const COMPACT: &[(Code, Swap, bool)] = &[
    (Code::CompactType, |p| p.swap(0, 1), true),
    (Code::CompactType, |p| p.swap(1, 2), true),
    (Code::CompactType, |p| p.swap(2, 3), true),
    (Code::CompactType, |p| p.swap(0, 3), true),
    (Code::CompactType, |p| p[0][0] = 2, true),
    (Code::CompactType, |p| p[3][1] = 0, true),
    (Code::CompactEncoding, |p| p[0].clear(), true),
    (Code::CompactEncoding, |p| p[0].truncate(49), true),
    (Code::CompactEncoding, |p| p[1].push(0), true),
    (
        Code::CompactEncoding,
        |p| {
            _ = p[1].pop();
        },
        true,
    ),
    (Code::CompactEncoding, |p| p[2].push(0), true),
    (
        Code::CompactEncoding,
        |p| {
            _ = p[2].pop();
        },
        true,
    ),
    (Code::CompactEncoding, |p| p[3].push(0), true),
    (
        Code::CompactEncoding,
        |p| {
            _ = p[3].pop();
        },
        true,
    ),
    (Code::CompactEncoding, |p| p[2][BODY + 20] = 2, true),
    (Code::CompactEncoding, |p| p[3][BODY + 20] = 2, true),
    (Code::CompactEncoding, |p| p[2][BODY + 33] = 2, true),
    (Code::CompactEncoding, |p| *p[2].last_mut().unwrap() = 7, true),
    (Code::CompactEncoding, |p| *p[3].last_mut().unwrap() = 7, true),
    (Code::CompactWindow, |p| p[0][WINDOW..BODY].fill(0), true),
    (Code::CompactWindow, |p| p[1].copy_within(WINDOW..WINDOW + 8, WINDOW + 8), true),
    (Code::CompactWindow, |p| p[2][WINDOW] = 0xff, true),
    (Code::CompactCount, |p| p[0][BODY + 20] = 0xff, true),
    (Code::CompactCount, |p| p[1][BODY + 84] = 0x10, true),
    (Code::CompactCount, |p| p[2][BODY + 98] = 33, true),
    (
        Code::CompactCount,
        |p| {
            let at = p[3].len() - 4;
            p[3][at] = 65;
        },
        true,
    ),
    (
        Code::CompactOrder,
        |p| {
            p[0][BODY + 21] = 2;
            let serial = p[0][BODY + 22..].to_vec();
            p[0].extend(serial);
        },
        true,
    ),
    (
        Code::CompactOrder,
        |p| {
            p[1][BODY + 85] = 2;
            p[1].extend([0; 20]);
        },
        true,
    ),
    (
        Code::CompactOrder,
        |p| {
            // The first module once more.
            let at = BODY + 98;
            p[2][at] = 2;
            let length = 1 + 64 + 1 + 2 * 3;
            let module = p[2][at + 1..at + 1 + length].to_vec();
            p[2].splice(at + 1..at + 1, module);
        },
        true,
    ),
    (Code::RootMismatch, |p| p[1][ANCHOR] ^= 1, true),
    (Code::RootMismatch, |p| p[2][ANCHOR + 31] ^= 1, true),
    (Code::RootMismatch, |p| p[3][ANCHOR] ^= 1, true),
    (Code::RootMismatch, |p| p[0][ANCHOR] ^= 1, false),
    (
        Code::RootMismatch,
        |p| {
            for part in p {
                part[ANCHOR..WINDOW].copy_from_slice(keccak256(INTEL_ROOT_DER).as_slice());
            }
        },
        false,
    ),
    (Code::CrlIssuer, |p| p[1][BODY] ^= 1, true),
    (Code::CrlIssuer, |p| p[1][BODY + 31] ^= 1, true),
    (Code::PckCrlSignature, |p| p[1][BODY + 32] ^= 1, false),
    (Code::CertificateRevoked, |p| p[0] = revoking(|r| r.authority.serial.clone(), 0), true),
    (Code::CertificateRevoked, |p| p[0] = revoking(|r| r.tcb_signer.serial.clone(), 0), true),
    (Code::CertificateRevoked, |p| p[1] = revoking(|r| r.pck.serial.clone(), 1), true),
    (
        Code::CertificateRevoked,
        |p| {
            // Another certificate of the QE identity's signer, revoked alone.
            p[3] = of(|r| r.qe_signer.serial = vec![9], &TDX)[3].compact.clone();
            p[0] = of(|r| r.root_crl.revoked.push(vec![9]), &TDX)[0].compact.clone();
        },
        true,
    ),
    // An old list, whose window ends before another's begins.
    (
        Code::EmptyWindow,
        |p| {
            p[1] = of(|r| r.pck_crl.next_update = START + 10, &TDX)[1].compact.clone();
            p[2] = of(|r| r.tcb_info = r.tcb_info.replace("T22:13:20Z", "T23:13:20Z"), &TDX)[2]
                .compact
                .clone();
        },
        true,
    ),
    (
        Code::EmptyWindow,
        |p| p[0][WINDOW..BODY].copy_from_slice([END, END + 1].map(u64::to_be_bytes).as_flattened()),
        true,
    ),
    (Code::QeIdentityKind, |p| p[3] = of(|_| {}, &SGX)[3].compact.clone(), true),
    (Code::TcbInfoKind, |p| p[2] = of(|_| {}, &SGX)[2].compact.clone(), true),
    (Code::Fmspc, |p| p[2][BODY + 25] ^= 1, true),
    (Code::PceId, |p| p[2][BODY + 32] ^= 1, true),
    (Code::QeSigner, |p| p[3][BODY + 65] ^= 1, true),
    (Code::QeProduct, |p| p[3][BODY + 98] ^= 1, true),
    (Code::QeMiscSelect, |p| p[3][BODY + 25] ^= 1, true),
    (Code::QeAttributes, |p| p[3][BODY + 33] ^= 1, true),
    (
        Code::QeTcbLevel,
        |p| {
            let at = p[3].len() - 2;
            p[3][at] = 5;
        },
        true,
    ),
    (Code::TcbStatus, |p| *p[3].last_mut().unwrap() = 1, true),
    (Code::TcbRevoked, |p| *p[3].last_mut().unwrap() = 6, true),
    (Code::TdxModuleIdentity, |p| p[2][BODY + 99] = 2, true),
    (Code::TdxModuleSigner, |p| p[2][BODY + 100] = 1, true),
    (Code::TdxModuleAttributes, |p| p[2][BODY + 148] = 1, true),
    (
        Code::TcbRevoked,
        |p| {
            p[2] = of(|r| swap(&mut r.tcb_info, "UpToDate", "Revoked"), &TDX)[2].compact.clone();
        },
        true,
    ),
    (
        Code::TcbLevel,
        |p| {
            let newer: Change =
                |r| r.tcb_info = r.tcb_info.replace("\"pcesvn\":11", "\"pcesvn\":12");
            p[2] = of(newer, &TDX)[2].compact.clone();
        },
        true,
    ),
];

fn revoking(serial: fn(&Recipe) -> Vec<u8>, place: usize) -> Vec<u8> {
    let mut recipe = platform().recipe(&TDX);
    let serial = serial(&recipe);
    if place == 0 {
        recipe.root_crl.revoked.push(serial);
    } else {
        recipe.pck_crl.revoked.push(serial);
    }
    statements(&recipe)[place].compact.clone()
}

/// Joins what may be no compact form.
fn join_any(parts: &[Vec<u8>; 4]) -> Vec<u8> {
    offchain::join_compact(parts.each_ref().map(Vec::as_slice)).unwrap()
}

#[test]
fn compact_forms_give_their_codes() {
    let (quote, honest) = honest(&TDX);
    let claims = with(&quote, &join(&honest), &anchors()).unwrap();
    for (index, (code, change, assessed)) in COMPACT.iter().enumerate() {
        let mut parts = honest.each_ref().map(|claims| claims.compact.clone());
        change(&mut parts);
        let joined = join_any(&parts);
        let expected = Err(REFUSED(*code));
        assert_eq!(with(&quote, &joined, &anchors()), expected, "change {index} to {code:?}");
        let assessment = judged(&claims.tcb, &joined);
        if *assessed {
            assert_eq!(assessment, Err(REFUSED(*code)), "change {index} to {code:?}, assessed");
        } else {
            assert_ne!(assessment, Err(REFUSED(*code)), "change {index} to {code:?}, assessed");
        }
    }
}

fn judged(tcb: &[u8], compact: &[u8]) -> Result<Assessment, Refusal> {
    assess(kind::INTEL_DCAP, tcb, compact, &anchors(), Backend::Native)
}

#[test]
fn joined_lengths_are_exact() {
    let (quote, honest) = honest(&TDX);
    let joined = join(&honest);
    let refused = Err(REFUSED(Code::CompactParts));
    let mut cases = vec![vec![], vec![0; 7], joined[..joined.len() - 1].to_vec()];
    cases.push([&joined[..], &[0]].concat());
    cases.push([&[0xff], &joined[1..]].concat());
    cases.push(joined[..joined.len() - honest[3].compact.len() - 2].to_vec());
    for case in cases {
        assert_eq!(with(&quote, &case, &anchors()), refused);
        let tcb = with(&quote, &joined, &anchors()).unwrap().tcb;
        assert_eq!(judged(&tcb, &case), Err(REFUSED(Code::CompactParts)));
    }
    let long = vec![0; 1 << 16];
    assert_eq!(offchain::join_compact([&long, &[], &[], &[]]), None);
    assert!(matches!(
        with(&quote, &vec![0; MAX_COMPACT + 1], &anchors()),
        Err(Refusal::TooLarge { .. })
    ));
}

/// The quote's own faults are found as in the whole way.
#[test]
fn quotes_give_their_codes_over_compact_forms() {
    let (quote, honest) = honest(&TDX);
    let joined = join(&honest);
    type Fault = fn(&mut Vec<u8>);
    let cases: [(Code, Fault); 6] = [
        (Code::QuoteTruncated, |q| {
            _ = q.pop();
        }),
        (Code::QuoteTrailingBytes, |q| q.push(0)),
        (Code::DebugEnclave, |q| q[48 + 120] |= 1),
        (Code::ZeroMeasurement, |q| q[48 + 136..48 + 184].fill(0)),
        (Code::QuoteSignature, |q| q[48 + 520] ^= 1),
        (Code::QeReportSignature, |q| q[48 + 584 + 4 + 128 + 6 + 384] ^= 1),
    ];
    for (code, change) in cases {
        let mut quote = quote.clone();
        change(&mut quote);
        assert_eq!(with(&quote, &joined, &anchors()), Err(REFUSED(code)));
    }
    let elsewhere = with(&quote, &joined, &Anchors::default());
    assert_eq!(elsewhere, Err(REFUSED(Code::UnknownRoot)));
    // A list of another authority with the same name.
    let mut recipe = platform().recipe(&TDX);
    recipe.authority_key = stranger();
    recipe.authority.key = stranger().public();
    let mut parts = honest.clone();
    parts[1] = statements(&recipe)[1].clone();
    assert_ne!(parts[1].digest, honest[1].digest);
    assert_ne!(parts[1].key, honest[1].key);
    let verdict = with(&quote, &join(&parts), &anchors());
    assert_eq!(verdict, Err(REFUSED(Code::PckCrlSignature)));
}

#[test]
fn assessments_follow_newer_statements() {
    use crate::status::{COLLATERAL_ASSUMED, OUT_OF_DATE, SW_HARDENING_NEEDED};
    for report in [SGX, TDX] {
        let (quote, statements) = honest(&report);
        let tcb = with(&quote, &join(&statements), &anchors()).unwrap().tcb;
        let expected = |bits| {
            let status = bits | COLLATERAL_ASSUMED;
            Ok(Assessment { status, not_before: START, not_after: END })
        };
        assert_eq!(judged(&tcb, &join(&statements)), expected(0));
        let newer = of(|r| swap(&mut r.qe_identity, "UpToDate", "OutOfDate"), &report);
        assert_eq!(judged(&tcb, &join(&newer)), expected(OUT_OF_DATE));
        let newer = of(|r| r.tcb_info = r.tcb_info.replace("Number\":20", "Number\":21"), &report);
        assert_eq!(judged(&tcb, &join(&newer)), expected(0));
        if report == SGX {
            let newer = of(|r| swap(&mut r.tcb_info, "UpToDate", "SWHardeningNeeded"), &report);
            assert_eq!(judged(&tcb, &join(&newer)), expected(SW_HARDENING_NEEDED));
        }
        for text in [
            |r: &mut Recipe| swap(&mut r.tcb_info, "Number\":20", "Number\":19"),
            |r: &mut Recipe| swap(&mut r.qe_identity, "Number\":20", "Number\":19"),
        ] {
            let older = of(text, &report);
            let refused = Err(REFUSED(Code::EvaluationNumber));
            assert_eq!(judged(&tcb, &join(&older)), refused);
        }
        let elsewhere = assess(
            kind::INTEL_DCAP,
            &tcb,
            &join(&statements),
            &Anchors::default(),
            Backend::Native,
        );
        assert_eq!(elsewhere, Err(REFUSED(Code::UnknownRoot)));
    }
}

/// Changes to an honest TDX platform's `tcb`, judged by honest statements.
const TCB: &[(Code, usize, u8)] = &[
    (Code::TcbEncoding, 0, 0),
    (Code::TcbEncoding, 0, 2),
    (Code::TcbEncoding, 1, 2),
    (Code::TcbEncoding, 1, 0),
    (Code::TcbEncoding, 48, 2),
    (Code::TcbEncoding, 49, 1),
    (Code::EvaluationNumber, 2, 1),
    (Code::Fmspc, 6, 0),
    (Code::Fmspc, 11, 0),
    (Code::PceId, 12, 9),
    (Code::TcbLevel, 31, 10),
    (Code::TcbLevel, 34, 1),
    (Code::TdxModuleIdentity, 33, 7),
    (Code::TdxModuleTcbLevel, 32, 1),
    (Code::TdxModuleSigner, 65, 1),
    (Code::TdxModuleSigner, 112, 1),
    (Code::TdxModuleAttributes, 113, 1),
    (Code::TdxModuleAttributes, 120, 1),
    (Code::QeSigner, 121, 0),
    (Code::QeSigner, 152, 0),
    (Code::QeProduct, 154, 9),
    (Code::QeTcbLevel, 156, 3),
    (Code::QeMiscSelect, 157, 1),
    (Code::QeMiscSelect, 160, 1),
    (Code::QeDebug, 161, 0x17),
    (Code::QeAttributes, 162, 1),
    (Code::CrlIssuer, 177, 0),
    (Code::CrlIssuer, 208, 0),
    // The development platform's lists revoke serial number 0xff01.
    (Code::CertificateRevoked, 227, 0xff),
    (Code::CertificateRevoked, 247, 0xff),
];

#[test]
fn earlier_claims_give_their_codes() {
    let (quote, statements) = honest(&TDX);
    let joined = join(&statements);
    let honest = with(&quote, &joined, &anchors()).unwrap().tcb;
    for (index, (code, at, byte)) in TCB.iter().enumerate() {
        let mut tcb = honest.clone();
        tcb[*at] = *byte;
        if *byte == 0xff {
            tcb[at + 1] = 1;
        }
        assert_ne!(tcb, honest, "change {index}");
        assert_eq!(judged(&tcb, &joined), Err(REFUSED(*code)), "change {index} to {code:?}");
    }
    for tcb in [&honest[1..], &[&honest[..], &[0]].concat(), &[]] {
        assert_eq!(judged(tcb, &joined), Err(REFUSED(Code::TcbEncoding)));
    }
    assert!(matches!(judged(&[0; MAX_TCB + 1], &joined), Err(Refusal::TooLarge { .. })));
}

/// Intel's root may give up an authority's key and certify another under the same name. The old key
/// can sign lists as new as it likes: they are kept elsewhere and judge nothing of the new one's.
#[test]
fn a_list_by_another_key_of_the_same_name() {
    let (quote, honest) = honest(&TDX);
    let claims = with(&quote, &join(&honest), &anchors()).unwrap();
    let old = of(
        |r| {
            r.authority_key = stranger();
            r.authority.key = stranger().public();
            r.authority.serial = vec![88];
            r.pck_crl.revoked.clear();
        },
        &TDX,
    );
    assert_ne!(old[1].key, honest[1].key);
    let mut swapped = honest.clone();
    swapped[1] = old[1].clone();
    let refused = Err(REFUSED(Code::PckCrlSignature));
    assert_eq!(with(&quote, &join(&swapped), &anchors()), refused);
    assert_eq!(judged(&claims.tcb, &join(&swapped)), Err(REFUSED(Code::CrlIssuer)));
    assert!(judged(&claims.tcb, &join(&honest)).is_ok());
}

#[test]
fn every_code_of_collateral_ahead_is_reached() {
    let reached: std::collections::BTreeSet<Code> = SIGNED_ALONE
        .iter()
        .map(|case| case.1)
        .chain(FORGED_ALONE.iter().map(|case| case.1))
        .chain(COMPACT.iter().map(|case| case.0))
        .chain(TCB.iter().map(|case| case.0))
        .chain([Code::CompactParts])
        .collect();
    let mut all = Code::ALL.iter().filter(|code| (180..200).contains(&code.number()));
    assert!(all.all(|code| reached.contains(code)));
}

#[test]
fn ahead_is_bounded() {
    use crate::{Work, work_assess, work_collateral, work_with};
    let work = work_collateral(1, &[0; 100]).unwrap();
    assert_eq!((work.collateral_bytes, work.certificates, work.p256), (100, 2, 2));
    let work = work_with(1, &[0; 10], &[0; 20]).unwrap();
    assert_eq!((work.evidence_bytes, work.collateral_bytes, work.p256), (10, 20, 4));
    let work = work_assess(1, &[0; 249], &[0; 20]).unwrap();
    let read = Work { evidence_bytes: 249, collateral_bytes: 20, ..Work::default() };
    assert_eq!(work, read);
    assert!(matches!(
        work_collateral(1, &vec![0; MAX_STATEMENT + 1]),
        Err(Refusal::TooLarge { .. })
    ));
}

/// The longest forms that the readers can make fit the joined form's cap and a contract's code.
#[test]
fn the_longest_compact_forms_fit() {
    let mut recipe = platform().recipe(&TDX);
    let many = |first: u8| {
        (0..MAX_ENTRIES as u16).map(|n| [&[first; 18][..], &n.to_be_bytes()].concat()).collect()
    };
    recipe.root_crl.revoked = many(0x11);
    recipe.pck_crl.revoked = many(0x22);
    let forms = statements(&recipe);
    assert!(forms.iter().all(|form| form.compact.len() < 24_576));
    assert!(join(&forms).len() + 64 * 35 + 32 * (66 + 64 * 3) < MAX_COMPACT);
    assert!(with(&recipe.product().evidence, &join(&forms), &anchors()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// No two encodings mean the same: a form that is read is the one form of what it says.
    #[test]
    fn compact_forms_are_canonical(
        which in 0..VECTORS.len(),
        place in 0usize..4,
        edits in proptest::collection::vec((any::<Index>(), any::<u8>(), 0u8..4), 1..4),
    ) {
        let input = &offchain::split_collateral(VECTORS[which].2).unwrap()[place];
        let honest = statement(input, &Anchors::default()).unwrap().compact;
        let mut changed = honest.clone();
        for (at, byte, how) in edits {
            let at = at.index(changed.len());
            match how {
                0 => changed.insert(at, byte),
                1 => drop(changed.splice(at..=at, [])),
                _ => changed[at] = byte,
            }
        }
        // A list's number is for its version alone: nothing reads it back.
        let number = match place { 0 => BODY..BODY + 20, 1 => BODY + 64..BODY + 84, _ => 0..0 };
        let cut = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            if bytes.len() >= number.end { bytes[number.clone()].fill(0); }
            bytes
        };
        let same = cut(&honest) == cut(&changed);
        match place {
            0 | 1 => {
                let kind = StatementType::ALL[place];
                let read = List::decode(kind, &changed);
                prop_assert_eq!(read == List::decode(kind, &honest), same);
            }
            2 => prop_assert_eq!(
                Signed::<TcbInfo>::decode(&changed) == Signed::<TcbInfo>::decode(&honest), same
            ),
            _ => prop_assert_eq!(
                Signed::<QeIdentity>::decode(&changed) == Signed::<QeIdentity>::decode(&honest), same
            ),
        }
    }

    #[test]
    fn garbage_ahead_never_panics(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..600),
        number in 0u8..5,
    ) {
        let _ = statement(&bytes, &anchors());
        let _ = with(VECTORS[1].1, &bytes, &Anchors::default());
        let _ = judged(&bytes, &bytes);
        for (at, byte) in [(0, 1), (1, number)] {
            if let Some(slot) = bytes.get_mut(at) { *slot = byte; }
        }
        let _ = (List::decode(StatementType::RootCrl, &bytes), List::decode(StatementType::PckCrl, &bytes));
        let _ = (Signed::<TcbInfo>::decode(&bytes), Signed::<QeIdentity>::decode(&bytes));
        if let Some(first) = bytes.first_mut() { *first = number; }
        let _ = statement(&bytes, &anchors());
    }
}
