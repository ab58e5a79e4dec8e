use super::*;
use crate::testing::{check_golden, render};

#[test]
fn a_report_of_a_real_chip_gives_the_golden_claims() {
    let list = compact(AMD_ROOTS_DER[0], &[]);
    let (report, vcek) = MILAN;
    let evidence = join_snp_evidence(report, vcek, ASK_MILAN).unwrap();
    let claims = verdict_with(&evidence, &list, &Anchors::default()).unwrap();
    assert_eq!(claims.status, COLLATERAL_ASSUMED);
    assert_eq!((claims.not_before, claims.not_after), (START, END));
    check_golden("snp/sev_milan", &claims);
    // 65537 is the ASK's serial number.
    for (serial, code) in [(65_536, Code::CertificateRevoked), (65_537, Code::CertificateRevoked)] {
        let list = compact(AMD_ROOTS_DER[0], &[serial]);
        assert_eq!(verdict_with(&evidence, &list, &Anchors::default()), Err(code.into()));
    }
    let list = compact(AMD_ROOTS_DER[1], &[]);
    let elsewhere = verdict_with(&evidence, &list, &Anchors::default());
    assert_eq!(elsewhere, Err(Code::RootMismatch.into()));
}

/// Chips of the same product and versions, each with AMD's certificate.
#[test]
fn real_certificates_of_other_chips() {
    let list = compact(AMD_ROOTS_DER[0], &[]);
    for (report, vcek) in [AZURE, (MILAN.0, AZURE.1), (AZURE.0, MILAN.1)] {
        let evidence = join_snp_evidence(report, vcek, ASK_MILAN).unwrap();
        let refusal = verdict_with(&evidence, &list, &Anchors::default());
        assert_eq!(refusal, Err(Code::SnpChipId.into()));
    }
}

#[test]
fn development_evidence_gives_the_golden_claims() {
    let made = super::kitchen::platform().attest(&super::kitchen::REPORT);
    assert_eq!(made, super::kitchen::platform().attest(&super::kitchen::REPORT));
    let anchors = &super::kitchen::HONEST.anchors;
    check_golden("snp/dev_genoa", &verdict(&made.evidence, &made.collateral, anchors).unwrap());
}

#[test]
fn amds_roots_are_sound() {
    for (root, product) in AMD_ROOTS_DER.into_iter().zip(["Milan", "Genoa", "Turin"]) {
        check_root(root).unwrap();
        let name = crate::encoding::x509::subject(root).unwrap();
        assert!(name.ends_with(format!("ARK-{product}").as_bytes()));
    }
}

/// Turin's certificates are other than the rest in hardware id, TCB and the signature's form.
#[test]
fn turins_certificates_are_read_and_hold() {
    for backend in [Backend::Native, Backend::Portable] {
        let anchors = Anchors::default();
        let evidence = join_snp_evidence(MILAN_V5, VCEK_TURIN, ASK_TURIN).unwrap();
        let chain = Chain::parse(&Evidence::split(&evidence).unwrap(), &anchors, backend).unwrap();
        assert_eq!(chain.root.anchor, keccak256(AMD_ROOTS_DER[2]));
        chain.check_signatures(backend).unwrap();
        let endorsement = Endorsement::parse(&chain.reporter, SigningKey::Vcek).unwrap();
        assert_eq!(endorsement.product, Product::Turin);
        assert_eq!(endorsement.holder.len(), 8);
        let vlek = Endorsement::parse(&chain.reporter, SigningKey::Vlek);
        assert_eq!(vlek, Err(Code::SnpEndorsement));
    }
}

/// A report of version 5, from a chip whose certificate is not at hand.
#[test]
fn a_real_report_of_version_5_is_read() {
    let report = Report::check(MILAN_V5.try_into().unwrap()).unwrap();
    assert_eq!(report.processor, Some(Product::Milan));
    let tcbs = report.tcbs(Product::Milan).unwrap();
    assert_eq!(tcbs.reported.parts(), [0, 4, 0, 0x1d, 0xde]);
    assert_eq!(tcbs.status(), 0);
    assert!(report.tcbs(Product::Turin).is_none());
}

/// Real evidence that is not this project's to publish. `ASSAY_SNP_VECTORS` names a folder of
/// `<name>.evidence`, each with its root's list as `<name>.crl` beside it where there is one, and
/// with the code it is refused with, if it is, as `<name>.code`:
///
///     ASSAY_SNP_VECTORS=… cargo test -p assay-attestation -- --ignored --nocapture real_evidence
#[test]
#[ignore = "needs ASSAY_SNP_VECTORS"]
fn real_evidence_elsewhere() {
    let folder = std::env::var_os("ASSAY_SNP_VECTORS").expect("ASSAY_SNP_VECTORS names a folder");
    let anchors = Anchors::default();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "evidence") {
            continue;
        }
        let evidence = std::fs::read(&path).unwrap();
        let expected = std::fs::read_to_string(path.with_extension("code")).ok();
        let mut verdicts: Vec<Result<Claims, Refusal>> =
            match std::fs::read(path.with_extension("crl")) {
                Ok(list) => vec![verdict(&evidence, &list, &anchors)],
                Err(_) => AMD_ROOTS_DER
                    .map(|root| verdict_with(&evidence, &compact(root, &[]), &anchors))
                    .into_iter()
                    .filter(|verdict| verdict != &Err(Code::RootMismatch.into()))
                    .collect(),
            };
        verdicts.dedup();
        let [verdict] = &verdicts[..] else { panic!("{path:?}: {verdicts:?}") };
        match (verdict, expected) {
            (Ok(claims), None) => println!("{path:?}\n{}", render(claims)),
            (Err(Refusal::Refused(code)), Some(expected)) => {
                assert_eq!(format!("{code:?}"), expected.trim(), "{path:?}");
            }
            (verdict, expected) => panic!("{path:?}: {verdict:?}, expected {expected:?}"),
        }
        seen += 1;
    }
    assert!(seen > 0, "no evidence found");
}
