use super::*;
use crate::testing::check_golden;
use proptest::prelude::*;

#[test]
fn intels_quotes_give_the_golden_claims() {
    for (name, quote, collateral) in VECTORS {
        if name != "tdx_v5" {
            check_golden(
                &format!("dcap/{name}"),
                &verdict(quote, collateral, &Anchors::default()).unwrap(),
            );
        }
    }
}

/// Its TDX module is too old for any level of the TCB info that comes with it.
#[test]
fn the_outdated_quote_is_refused() {
    let (_, quote, collateral) = VECTORS[2];
    let verdict = verdict(quote, collateral, &Anchors::default());
    assert_eq!(verdict, Err(Refusal::Refused(Code::TcbLevel)));
}

#[test]
fn development_quotes_give_the_golden_claims() {
    for (report, name) in [(SGX, "dev_sgx"), (TDX, "dev_tdx")] {
        let made = platform().attest(&report);
        assert_eq!(made, platform().attest(&report));
        let claims = verdict(&made.evidence, &made.collateral, &anchors()).unwrap();
        check_golden(&format!("dcap/{name}"), &claims);
        let elsewhere = verdict(&made.evidence, &made.collateral, &Anchors::default());
        assert_eq!(elsewhere, Err(Refusal::Refused(Code::UnknownRoot)));
    }
}

#[test]
fn padding_is_cut_off_before_verification() {
    for (_, quote, collateral) in VECTORS {
        let padded = [quote, &[0; 70]].concat();
        let refusal = verdict(&padded, collateral, &Anchors::default());
        assert_eq!(refusal, Err(Refusal::Refused(Code::QuoteTrailingBytes)));
        assert_eq!(trim_quote(&padded), Some(quote));
        assert_eq!(trim_quote(quote), Some(quote));
        assert_eq!(trim_quote(&quote[..quote.len() - 1]), None);
    }
}

#[test]
fn sizes_are_capped() {
    let too_large = |size: usize, limit: usize| {
        Err(Refusal::TooLarge { size: size as u64, limit: limit as u64 })
    };
    let (most, most_collateral) = (vec![0; MAX_EVIDENCE + 1], vec![0; MAX_COLLATERAL + 1]);
    let anchors = Anchors::default();
    assert_eq!(verdict(&most, &most_collateral, &anchors), too_large(most.len(), MAX_EVIDENCE));
    assert_eq!(
        verdict(&most[1..], &most_collateral, &anchors),
        too_large(most_collateral.len(), MAX_COLLATERAL)
    );
    assert_eq!(
        verdict(&most[1..], &most_collateral[1..], &anchors),
        Err(Refusal::Refused(Code::QuoteVersion))
    );
    let work = crate::work(kind::INTEL_DCAP, &most[1..], &most_collateral[1..]).unwrap();
    assert_eq!((work.evidence_bytes, work.collateral_bytes), (16 * 1024, 64 * 1024));
    assert_eq!((work.p256, work.certificates), (10, 5));
}

/// Every byte of a quote is relied on.
#[test]
fn no_flipped_byte_of_a_quote_is_accepted() {
    let (_, quote, collateral) = VECTORS[1];
    let anchors = Anchors::default();
    for at in 0..quote.len() {
        let mut quote = quote.to_vec();
        quote[at] ^= 1 << (at % 8);
        let verdict = verify(&quote, collateral, &anchors, Backend::Native);
        assert!(verdict.is_err(), "byte {at}");
    }
}

#[test]
fn no_truncation_is_accepted() {
    for (_, quote, collateral) in VECTORS {
        let anchors = Anchors::default();
        for length in (0..quote.len()).step_by(37).chain(quote.len() - 30..quote.len()) {
            assert!(verify(&quote[..length], collateral, &anchors, Backend::Native).is_err());
        }
        for length in (0..collateral.len() - 1).step_by(371) {
            let verdict = verify(quote, &collateral[..length], &anchors, Backend::Native);
            assert_eq!(verdict, Err(Code::CollateralJson));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is changed, the claims stay the same or there are none, and the backends agree.
    #[test]
    fn mutated_vectors(
        which in 0..VECTORS.len(),
        edits in proptest::collection::vec((any::<bool>(), any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (_, quote, collateral) = VECTORS[which];
        let honest = verdict(quote, collateral, &Anchors::default());
        let (mut quote, mut collateral) = (quote.to_vec(), collateral.to_vec());
        for (in_quote, at, byte) in edits {
            let target = if in_quote { &mut quote } else { &mut collateral };
            let at = at.index(target.len());
            target[at] = byte;
        }
        let mutated = verdict(&quote, &collateral, &Anchors::default());
        prop_assert!(mutated.is_err() || mutated == honest);
    }

    #[test]
    fn garbage_never_panics(
        evidence in proptest::collection::vec(any::<u8>(), 0..2000),
        collateral in proptest::collection::vec(any::<u8>(), 0..2000),
        version in 3u8..6,
    ) {
        let _ = verdict(&evidence, &collateral, &Anchors::default());
        let mut evidence = evidence;
        for (byte, good) in evidence.iter_mut().zip(VECTORS[1].1) {
            *byte = *good;
        }
        if let Some(first) = evidence.first_mut() {
            *first = version;
        }
        prop_assert!(verdict(&evidence, VECTORS[1].2, &Anchors::default()).is_err());
        let _ = trim_quote(&evidence);
    }
}
