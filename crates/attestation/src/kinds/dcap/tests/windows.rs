use super::*;
use crate::{TimeRefusal, check_time, dev::recipe};

type Edit = (&'static str, fn(&mut Recipe, u64, u64));

/// Every statement with dates, and whether its last second is stated (or the end).
const STATEMENTS: [(Edit, bool); 8] = [
    (("root", |r, from, to| (r.root.not_before, r.root.not_after) = (from, to)), true),
    (("authority", |r, from, to| set(&mut r.authority, from, to)), true),
    (("pck", |r, from, to| set(&mut r.pck, from, to)), true),
    (("signer", |r, from, to| set(&mut r.tcb_signer, from, to)), true),
    (("qe signer", |r, from, to| set(&mut r.qe_signer, from, to)), true),
    (
        ("root list", |r, from, to| {
            (r.root_crl.this_update, r.root_crl.next_update) = (from, to);
        }),
        false,
    ),
    (
        ("pck list", |r, from, to| (r.pck_crl.this_update, r.pck_crl.next_update) = (from, to)),
        false,
    ),
    (
        ("statements", |r, from, to| {
            let honest = recipe::dates(START, END - 1);
            r.tcb_info = r.tcb_info.replace(&honest, &recipe::dates(from, to));
            r.qe_identity = r.qe_identity.replace(&honest, &recipe::dates(from, to));
        }),
        true,
    ),
];

fn set(certificate: &mut crate::dev::x509::Certificate, from: u64, to: u64) {
    (certificate.not_before, certificate.not_after) = (from, to);
}

/// The root is part of the genesis, so narrowing it makes another root.
fn claims(recipe: &Recipe) -> Result<Claims, Refusal> {
    let root = recipe.root.signed(&recipe.root_key).into();
    let anchors = Anchors::new(&[(1, vec![root])].into_iter().collect()).unwrap();
    let product = recipe.product();
    verdict(&product.evidence, &product.collateral, &anchors)
}

#[test]
fn each_statement_narrows_the_window_exactly() {
    for ((name, edit), inclusive) in STATEMENTS {
        let mut recipe = platform().recipe(&TDX);
        edit(&mut recipe, START + 10, END - 20);
        let claims = claims(&recipe).unwrap();
        let end = END - 20 + u64::from(inclusive);
        assert_eq!((claims.not_before, claims.not_after), (START + 10, end), "{name}");
    }
}

#[test]
fn a_window_without_a_moment_is_refused() {
    for ((name, edit), inclusive) in STATEMENTS {
        let mut recipe = platform().recipe(&SGX);
        let last = END - 2 + u64::from(!inclusive);
        edit(&mut recipe, END - 2, last);
        let one = claims(&recipe).unwrap();
        assert_eq!((one.not_before, one.not_after), (END - 2, END - 1), "{name}");
        edit(&mut recipe, START, END);
        let mut recipe = platform().recipe(&SGX);
        edit(&mut recipe, END - 1, last - 1);
        assert_eq!(claims(&recipe), Err(Refusal::Refused(Code::EmptyWindow)), "{name}");
        // Each may hold for long, but not at the same time.
        let mut recipe = platform().recipe(&SGX);
        edit(&mut recipe, END + 1, END + 100);
        assert_eq!(claims(&recipe), Err(Refusal::Refused(Code::EmptyWindow)), "{name}");
    }
}

#[test]
fn time_is_compared_last() {
    let claims = cook(&platform().recipe(&TDX)).unwrap();
    assert_eq!(check_time(&claims, START - 1), Err(TimeRefusal::NotYetValid(START)));
    assert_eq!(check_time(&claims, START), Ok(()));
    assert_eq!(check_time(&claims, END - 1), Ok(()));
    assert_eq!(check_time(&claims, END), Err(TimeRefusal::Expired(END)));
    assert_eq!(check_time(&claims, 0), Err(TimeRefusal::NotYetValid(START)));
    assert_eq!(check_time(&claims, u64::MAX), Err(TimeRefusal::Expired(END)));
}
