//! Collateral verified ahead of the evidence, one statement at a time.
//!
//! That honest and mutated collateral fares the same both ways is checked wherever `verdict` is
//! called. Here are the mistakes that single statements can meet, one at a time.

use super::{
    mutations::{Change, stranger, swap},
    *,
};
use crate::{
    check_window, collateral_digest,
    dev::{recipe, x509},
    encoding::crl::MAX_ENTRIES,
};
use compact::Signed;

pub(super) const REFUSED: fn(Code) -> Refusal = Refusal::Refused;

/// The four inputs of a recipe's collateral.
fn inputs(recipe: &Recipe) -> [Vec<u8>; 4] {
    offchain::split_collateral(&recipe.product().collateral).unwrap()
}

pub(super) fn statements(recipe: &Recipe) -> [CollateralClaims; 4] {
    inputs(recipe).map(|input| statement(&input, &anchors()).unwrap())
}

pub(super) fn honest(report: &DevReport) -> (Vec<u8>, [CollateralClaims; 4]) {
    let recipe = platform().recipe(report);
    (recipe.product().evidence, statements(&recipe))
}

#[test]
fn intels_statements_are_kept_apart() {
    let mut keys = std::collections::BTreeSet::new();
    for (name, quote, collateral) in VECTORS {
        let inputs = offchain::split_collateral(collateral).unwrap();
        let claims = inputs.map(|input| statement(&input, &Anchors::default()).unwrap());
        let anchor = keccak256(INTEL_ROOT_DER);
        for one in &claims {
            assert_eq!(one.digest, collateral_digest(1, anchor, &one.compact), "{name}");
            assert!(one.not_before < one.not_after && one.compact.len() < 24_576);
        }
        keys.extend(claims.each_ref().map(|one| one.key));
        let info = Signed::<TcbInfo>::decode(&claims[2].compact).unwrap().statement;
        let (root, computed) = offchain::collateral_keys(quote, info.evaluation).unwrap();
        let offchain::CollateralKeys { root_crl, pck_crl, tcb_info, qe_identity } = computed;
        assert_eq!(root, anchor);
        assert_eq!(
            claims.each_ref().map(|one| one.key),
            [root_crl, pck_crl, tcb_info, qe_identity],
            "{name}"
        );
        if let Ok(whole) = verdict(quote, collateral, &Anchors::default()) {
            let of_tcb = offchain::collateral_keys_of_tcb(&whole.tcb, root, info.evaluation);
            assert_eq!(of_tcb, Ok(computed));
        }
        // A statement's version is its date; a list's has its number above it.
        assert_eq!(claims[2].version, claims[2].version & ((1 << 38) - 1));
        assert_eq!(claims[1].version >> 38, 1);
        assert_eq!(claims[1].version & ((1 << 38) - 1), claims[1].not_before);
    }
    // One root list; TCB info and identities of several models and evaluations.
    assert!(keys.len() > 6, "{}", keys.len());
}

#[test]
fn intels_quotes_fare_the_same_over_compact_forms() {
    for (name, quote, collateral) in VECTORS {
        let inputs = offchain::split_collateral(collateral).unwrap();
        let forms = inputs.map(|input| statement(&input, &Anchors::default()).unwrap());
        let ahead = with(quote, &join(&forms), &Anchors::default());
        let whole = verdict(quote, collateral, &Anchors::default());
        let expected = whole.map(|mut claims| {
            claims.status |= crate::status::COLLATERAL_ASSUMED;
            claims
        });
        assert_eq!(ahead, expected, "{name}");
        assert_eq!(ahead.is_ok(), name != "tdx_v5");
    }
}

/// Changes made before signing that one statement by itself, given by its place, must show.
pub(super) const SIGNED_ALONE: &[(usize, Code, Change)] = &[
    (0, Code::CrlEncoding, |r| r.root_crl.revoked = vec![vec![1; 21]]),
    (0, Code::CrlEncoding, |r| r.root_crl.extensions[0].2 = vec![2, 1, 0x80]),
    (0, Code::CrlEncoding, |r| r.root_crl.extensions[0].2 = vec![2, 1, 1, 0]),
    (0, Code::CrlEncoding, |r| {
        r.root_crl.extensions.push((vec![0x55, 0x1d, 0x1b], false, vec![2, 1, 1]));
    }),
    (0, Code::CrlEntryCount, |r| r.root_crl.revoked = vec![vec![0x55]; MAX_ENTRIES + 1]),
    (0, Code::CrlIssuer, |r| r.root_crl.issuer.push('x')),
    (0, Code::CertificateRevoked, |r| r.root_crl.revoked.push(r.root.serial.clone())),
    (0, Code::EmptyWindow, |r| r.root_crl.next_update = r.root_crl.this_update),
    (0, Code::EmptyWindow, |r| r.root_crl.this_update = END + 1),
    (1, Code::CrlIssuer, |r| r.pck_crl.issuer.push('x')),
    (1, Code::CrlIssuer, |r| r.pck_crl.issuer = r.root_crl.issuer.clone()),
    (1, Code::CertificateIssuer, |r| r.authority.issuer.push('x')),
    (1, Code::CertificateUsage, |r| r.authority.extensions = x509::signer_extensions()),
    (1, Code::CertificateUsage, |r| r.authority.extensions.truncate(1)),
    (1, Code::CertificateAlgorithm, |r| r.authority.key[64] ^= 1),
    (1, Code::CertificateExtension, |r| {
        r.authority.extensions.push(r.authority.extensions[0].clone());
    }),
    (1, Code::EmptyWindow, |r| r.pck_crl.next_update = START),
    (1, Code::EmptyWindow, |r| r.authority.not_after = START - 1),
    (1, Code::PckCrlSignature, |r| r.authority_key = stranger()),
    (2, Code::TcbInfoJson, |r| swap(&mut r.tcb_info, "\"fmspc\"", "\"Fmspc\"")),
    (2, Code::TcbInfoJson, |r| r.tcb_info.clear()),
    (2, Code::TcbInfoJson, |r| r.tcb_info.push('x')),
    (2, Code::DateEncoding, |r| swap(&mut r.tcb_info, "T22:13:20Z", " 22:13:20Z")),
    (2, Code::TcbInfoKind, |r| swap(&mut r.tcb_info, "\"TDX\"", "\"TDXX\"")),
    (2, Code::TcbInfoKind, |r| swap(&mut r.tcb_info, "\"version\":3", "\"version\":2")),
    (2, Code::TcbInfoKind, |r| swap(&mut r.tcb_info, "\"tcbType\":0", "\"tcbType\":1")),
    (2, Code::CertificateIssuer, |r| r.tcb_signer.issuer.push('x')),
    (2, Code::CertificateUsage, |r| r.tcb_signer.extensions = x509::authority_extensions(0)),
    (2, Code::CertificateSubject, |r| r.tcb_signer.subject = r.pck.subject.clone()),
    (3, Code::CertificateSubject, |r| r.qe_signer.subject = "SGX QE Signing".to_owned()),
    (2, Code::EmptyWindow, |r| r.tcb_signer.not_after = START - 1),
    (2, Code::EmptyWindow, |r| r.tcb_info = r.tcb_info.replace("2023-11-14", "2033-11-14")),
    (2, Code::TcbInfoSignature, |r| r.signer_key = stranger()),
    (3, Code::QeIdentityJson, |r| swap(&mut r.qe_identity, "\"isvprodid\"", "\"isvProdId\"")),
    (3, Code::QeIdentityKind, |r| swap(&mut r.qe_identity, "TD_QE", "TD-QE")),
    (3, Code::QeIdentityKind, |r| swap(&mut r.qe_identity, "\"version\":2", "\"version\":4")),
    (3, Code::DateEncoding, |r| swap(&mut r.qe_identity, "2023-11-14", "2023-11-31")),
    (3, Code::CertificateIssuer, |r| r.qe_signer.issuer.push('x')),
    (3, Code::CertificateUsage, |r| r.qe_signer.extensions.remove(0).2.clear()),
    (3, Code::EmptyWindow, |r| r.qe_signer.not_before = END + 9),
    (3, Code::QeIdentitySignature, |r| r.qe_signer.key = stranger().public()),
];

#[test]
fn single_statements_give_their_codes() {
    for (index, (place, code, change)) in SIGNED_ALONE.iter().enumerate() {
        let mut recipe = platform().recipe(&TDX);
        change(&mut recipe);
        let verdict = statement(&inputs(&recipe)[*place], &anchors());
        assert_eq!(verdict, Err(REFUSED(*code)), "change {index} to {code:?}");
    }
}

/// Where the parts of a statement's input start: type, anchor, then length and bytes.
const FIRST: usize = 1 + 32 + 4;

pub(super) type Forge = fn(&Recipe, &mut [Vec<u8>; 4]);

/// Changes to the inputs after signing.
pub(super) const FORGED_ALONE: &[(usize, Code, Forge)] = &[
    (0, Code::StatementType, |_, i| i[0].clear()),
    (0, Code::StatementType, |_, i| i[0][0] = 0),
    (0, Code::StatementType, |_, i| i[0][0] = 5),
    (0, Code::StatementParts, |_, i| i[0].truncate(32)),
    (0, Code::StatementParts, |_, i| i[0].push(0)),
    (0, Code::StatementParts, |_, i| i[0][33] = 0xff),
    (0, Code::StatementParts, |_, i| {
        _ = i[0].pop();
    }),
    // One statement in another's clothes.
    (0, Code::StatementParts, |_, i| i[0][0] = 2),
    (1, Code::StatementParts, |_, i| i[1][0] = 3),
    (1, Code::StatementParts, |_, i| i[1][0] = 1),
    (2, Code::QeIdentityJson, |_, i| i[2][0] = 4),
    (3, Code::TcbInfoJson, |_, i| i[3][0] = 3),
    (0, Code::CrlIssuer, |r, i| {
        let list = r.pck_crl.signed(&r.authority_key);
        i[0].truncate(33);
        i[0].extend((list.len() as u32).to_be_bytes());
        i[0].extend(list);
    }),
    (0, Code::UnknownRoot, |_, i| i[0][1] ^= 1),
    (1, Code::UnknownRoot, |_, i| i[1][32] ^= 1),
    (2, Code::UnknownRoot, |_, i| i[2][9] ^= 1),
    (3, Code::UnknownRoot, |_, i| i[3][9] ^= 1),
    // Intel's root has not signed it.
    (0, Code::CrlIssuer, |_, i| i[0][1..33].copy_from_slice(keccak256(INTEL_ROOT_DER).as_slice())),
    (1, Code::CertificateIssuer, |_, i| {
        i[1][1..33].copy_from_slice(keccak256(INTEL_ROOT_DER).as_slice());
    }),
    (0, Code::CrlEncoding, |_, i| i[0][FIRST] = 0x31),
    (1, Code::CertificateEncoding, |_, i| i[1][FIRST] = 0x31),
    (0, Code::RootCrlSignature, |_, i| flip_last(&mut i[0])),
    (1, Code::PckCrlSignature, |_, i| flip_last(&mut i[1])),
    (2, Code::TcbInfoSignature, |_, i| flip_last(&mut i[2])),
    (3, Code::QeIdentitySignature, |_, i| flip_last(&mut i[3])),
    (2, Code::TcbInfoSignature, |_, i| {
        let end = i[2].len();
        i[2][end - 64..].fill(0);
    }),
    (2, Code::StatementParts, |_, i| {
        let end = i[2].len();
        i[2][end - 65] = 63;
        i[2].pop();
    }),
    (2, Code::StatementParts, |r, i| {
        let at = FIRST + r.tcb_signer.signed(&r.root_key).len() + 4;
        i[2][at] = 0xff;
    }),
    (1, Code::PckCaSignature, |r, i| {
        let mut forged = r.clone();
        forged.root_key = stranger();
        i[1] = rebuild(
            r,
            &[&forged.authority.signed(&forged.root_key)],
            &[&r.pck_crl.signed(&r.authority_key)],
            2,
        );
    }),
    (2, Code::TcbSignerSignature, |r, i| {
        let signature = r.signer_key.sign(r.tcb_info.as_bytes());
        i[2] = rebuild(
            r,
            &[&r.tcb_signer.signed(&stranger())],
            &[r.tcb_info.as_bytes(), &signature],
            3,
        );
    }),
    (3, Code::QeSignerSignature, |r, i| {
        let signature = r.signer_key.sign(r.qe_identity.as_bytes());
        i[3] = rebuild(
            r,
            &[&r.qe_signer.signed(&stranger())],
            &[r.qe_identity.as_bytes(), &signature],
            4,
        );
    }),
];

fn rebuild(recipe: &Recipe, first: &[&[u8]], then: &[&[u8]], number: u8) -> Vec<u8> {
    let root = keccak256(recipe.root.signed(&recipe.root_key));
    let mut input = [&[number][..], root.as_slice()].concat();
    for part in first.iter().chain(then) {
        input.extend((part.len() as u32).to_be_bytes());
        input.extend(*part);
    }
    input
}

fn flip_last(input: &mut [u8]) {
    if let Some(last) = input.last_mut() {
        *last ^= 1;
    }
}

#[test]
fn forged_statements_give_their_codes() {
    let recipe = platform().recipe(&TDX);
    for (index, (place, code, forge)) in FORGED_ALONE.iter().enumerate() {
        let mut inputs = inputs(&recipe);
        forge(&recipe, &mut inputs);
        let verdict = statement(&inputs[*place], &anchors());
        assert_eq!(verdict, Err(REFUSED(*code)), "forgery {index} to {code:?}");
    }
}

#[test]
fn statements_have_exact_windows() {
    let window = |claims: &CollateralClaims| (claims.not_before, claims.not_after);
    let edits: [(usize, Change, (u64, u64)); 4] = [
        (
            0,
            |r| (r.root_crl.this_update, r.root_crl.next_update) = (START + 5, END - 5),
            (START + 5, END - 5),
        ),
        (
            1,
            |r| (r.authority.not_before, r.authority.not_after) = (START + 5, END - 5),
            (START + 5, END - 4),
        ),
        (
            2,
            |r| (r.tcb_signer.not_before, r.tcb_signer.not_after) = (START + 5, END - 5),
            (START + 5, END - 4),
        ),
        (
            3,
            |r| {
                let honest = recipe::dates(START, END - 1);
                r.qe_identity = r.qe_identity.replace(&honest, &recipe::dates(START + 5, END - 5));
            },
            (START + 5, END - 4),
        ),
    ];
    for (place, edit, expected) in edits {
        let mut recipe = platform().recipe(&TDX);
        assert_eq!(window(&statements(&recipe)[place]), (START, END));
        edit(&mut recipe);
        let claims = statements(&recipe);
        assert_eq!(window(&claims[place]), expected, "{place}");
        let late = check_window(claims[place].not_before, claims[place].not_after, END - 1);
        assert!(late.is_err());
    }
}

#[test]
fn newer_statements_have_greater_versions() {
    let version = |change: Change, place: usize| {
        let mut recipe = platform().recipe(&SGX);
        change(&mut recipe);
        statements(&recipe)[place].version
    };
    let number =
        |magnitude: &[u8]| -> Vec<u8> { [&[2, magnitude.len() as u8], magnitude].concat() };
    assert_eq!(version(|_| {}, 0), 1 << 38 | START);
    assert!(version(|r| r.root_crl.this_update += 1, 0) > version(|_| {}, 0));
    let later = |recipe: &mut Recipe, magnitude: &[u8]| {
        recipe.pck_crl.extensions[0].2 = number(magnitude);
        statements(recipe)[1].version
    };
    let mut recipe = platform().recipe(&SGX);
    let mut last = 0;
    for magnitude in
        [&[0][..], &[1], &[2], &[1, 0], &[1, 0, 0], &[0x03, 0xff, 0xff, 0xfe], &[0x04, 0, 0, 0]]
    {
        let version = later(&mut recipe, magnitude);
        assert!(version > last, "{magnitude:?}");
        last = version;
    }
    // Beyond 26 bits the date alone tells.
    assert_eq!(last >> 38, (1 << 26) - 1);
    assert_eq!(later(&mut recipe, &[0x7f; 20]), last);
    recipe.pck_crl.this_update += 1;
    assert_eq!(later(&mut recipe, &[0x7f; 20]), last + 1);
    recipe.pck_crl.extensions.clear();
    recipe.pck_crl.this_update = START;
    assert_eq!(statements(&recipe)[1].version, START);
    assert_eq!(
        version(
            |r| {
                let honest = recipe::dates(START, END - 1);
                r.tcb_info = r.tcb_info.replace(&honest, &recipe::dates(START + 9, END - 1));
            },
            2
        ),
        START + 9
    );
}
