//! A PCK's chain beside the quote, in the collateral: what becomes of the quote's own.

use super::*;
use crate::dev::recipe::{Product, pem};

/// Where the TDX quote's own certification data begins: its type, its length, the chain.
const CERTIFICATION: usize = 48 + 584 + 4 + 128 + 6 + 384 + 64 + 34;

fn chain(recipe: &Recipe) -> String {
    pem(&[
        &recipe.pck.signed(&recipe.authority_key),
        &recipe.authority.signed(&recipe.root_key),
        &recipe.root.signed(&recipe.root_key),
    ])
}

/// The collateral with a chain in it.
fn beside(collateral: &[u8], chain: &str) -> Vec<u8> {
    let rest = collateral.strip_prefix(b"{").unwrap();
    let field = format!("{{\"pck_certificate_chain\":\"{}\",", chain.replace('\n', "\\n"));
    [field.as_bytes(), rest].concat()
}

fn of_type(mut evidence: Vec<u8>, kind: u16) -> Vec<u8> {
    evidence[CERTIFICATION..CERTIFICATION + 2].copy_from_slice(&kind.to_le_bytes());
    evidence
}

#[test]
fn a_chain_beside_the_quote_goes_before_its_own() {
    let recipe = platform().recipe(&TDX);
    let Product { evidence, collateral } = recipe.product();
    let run = |evidence: &[u8], collateral: &[u8]| verdict(evidence, collateral, &anchors());
    let refused = |code| Err(Refusal::Refused(code));
    let honest = run(&evidence, &collateral).unwrap();
    let chain = chain(&recipe);
    let joined = beside(&collateral, &chain);
    assert_eq!(run(&evidence, &joined).as_ref(), Ok(&honest));
    assert_eq!(run(&recipe.quote(b"no chain"), &joined).as_ref(), Ok(&honest));
    assert_eq!(run(&evidence, &beside(&collateral, "no chain")), refused(Code::PemEncoding));
    let short = pem(&[&recipe.root.signed(&recipe.root_key)]);
    assert_eq!(run(&evidence, &beside(&collateral, &short)), refused(Code::ChainLength));
    // Another platform's certificate, which is as good but for another key.
    let mut other = recipe;
    other.pck_key = mutations::stranger();
    other.pck.key = other.pck_key.public();
    let other = beside(&collateral, &self::chain(&other));
    assert_eq!(run(&evidence, &other), refused(Code::QeReportSignature));
}

/// Intel's library takes quotes of five types of certification data, whatever it reads of it.
#[test]
fn types_of_certification_data() {
    let recipe = platform().recipe(&TDX);
    let Product { evidence, collateral } = recipe.product();
    let joined = beside(&collateral, &chain(&recipe));
    for kind in [0, 1, 2, 3, 4, 5, 6, 7, 0x0105, u16::MAX] {
        let quote = of_type(evidence.clone(), kind);
        let verdict = |collateral| verdict(&quote, collateral, &anchors()).map(|_| ());
        let refused = |code| Err(Refusal::Refused(code));
        let (alone, beside) = match kind {
            1..=4 => (refused(Code::QuoteCertificationType), Ok(())),
            5 => (Ok(()), Ok(())),
            _ => (refused(Code::QuoteSignatureData), refused(Code::QuoteSignatureData)),
        };
        assert_eq!(verdict(&collateral), alone, "{kind}");
        assert_eq!(verdict(&joined), beside, "{kind}");
    }
}
