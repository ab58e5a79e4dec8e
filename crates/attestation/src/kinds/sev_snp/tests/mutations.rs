//! Every way to be refused, and the code for it.

use super::{kitchen::*, *};
use crate::{
    TimeRefusal, check_time,
    dev::{
        DevSnp,
        snp::{authority_key, root_key},
        x509::{self, Key},
    },
    status,
};
use alloy_primitives::hex;

/// n − x, for a big-endian scalar of P-384.
fn negated(scalar: &[u8]) -> Vec<u8> {
    let order = hex!(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
    );
    let mut borrow = 0;
    let mut result = vec![0; 48];
    for index in (0..48).rev() {
        let difference = i16::from(order[index]) - i16::from(scalar[index]) - borrow;
        borrow = i16::from(difference < 0);
        result[index] = difference.rem_euclid(256) as u8;
    }
    result
}

#[test]
fn what_the_report_says_of_itself() {
    let put = |at: usize, value: u32| {
        with_report(|report| report[at..at + 4].copy_from_slice(&value.to_le_bytes()))
    };
    for version in [0, 1, 6, 0x105, u32::MAX] {
        assert_eq!(put(0x00, version), refused(Code::SnpVersion), "{version}");
    }
    for algorithm in [0, 2, 0x101] {
        assert_eq!(put(0x34, algorithm), refused(Code::SnpSignatureAlgorithm));
    }
    // Masked chip key, keys 2 to 7, and 7 as unsigned reports have it.
    for flags in [1 << 1, 2 << 2, 3 << 2, 7 << 2, 7 << 2 | 1 << 1] {
        assert_eq!(put(0x48, flags), refused(Code::SnpSigningKey), "{flags}");
    }
    // A VLEK's report with a VCEK's certificate.
    assert_eq!(put(0x48, 1 << 2), refused(Code::SnpEndorsement));
    for flags in [1 << 5, 1 << 31] {
        assert_eq!(put(0x48, flags), refused(Code::SnpReserved));
    }
    for level in [4, u32::MAX] {
        assert_eq!(put(0x30, level), refused(Code::SnpVmpl));
    }
    let identities: Vec<B256> = (0..4).map(|level| put(0x30, level).unwrap().identity).collect();
    assert!(identities.iter().enumerate().all(|(at, one)| !identities[..at].contains(one)));
}

#[test]
fn processors() {
    let put = |family, model| {
        with_report(|report| report[0x188..0x18a].copy_from_slice(&[family, model]))
    };
    for (family, model) in
        [(0x17, 1), (0x19, 0x20), (0x19, 0x9f), (0x19, 0xb0), (0x1a, 0x12), (0, 0)]
    {
        assert_eq!(put(family, model), refused(Code::SnpProcessor), "{family} {model}");
    }
    for (family, model) in [(0x19, 0x00), (0x19, 0x0f), (0x1a, 0x00), (0x1a, 0x11)] {
        assert_eq!(put(family, model), refused(Code::SnpProduct), "{family} {model}");
    }
    for model in [0x10, 0x1f, 0xa0, 0xaf] {
        assert!(put(0x19, model).is_ok());
    }
}

#[test]
fn reserved_bytes() {
    let spots = [
        0x4c, 0x4f, 0x18b, 0x19f, 0x1eb, 0x1ef, 0x208, 0x29f, // between fields
        0x3a, 0x3d, 0x182, 0x185, 0x1e2, 0x1e5, 0x1f2, 0x1f5, // in the four TCBs
    ];
    for at in spots {
        assert_eq!(with_report(|report| report[at] = 1), refused(Code::SnpReserved), "{at:#x}");
    }
    // Fields of version 5 are reserved in version 3, those of version 3 in version 2.
    assert!(with_report(|report| report[0x1f8] = 1).is_ok());
    for version in [3, 4] {
        let put =
            |at: usize, value| with_report(|report| (report[0], report[at]) = (version, value));
        assert!(put(0x1f8, 0).is_ok());
        for at in [0x18b, 0x1f8, 0x200, 0x207, 0x208] {
            assert_eq!(put(at, 1), refused(Code::SnpReserved), "{version} {at:#x}");
        }
        assert_eq!(put(0x188, 0x17), refused(Code::SnpProcessor));
    }
    let version_2 = |cpuid: [u8; 3]| {
        with_report(|report| {
            report[0] = 2;
            report[0x188..0x18b].copy_from_slice(&cpuid);
        })
    };
    assert!(version_2([0; 3]).is_ok());
    for cpuid in [[0x19, 0, 0], [0, 0x11, 0], [0, 0, 1]] {
        assert_eq!(version_2(cpuid), refused(Code::SnpReserved));
    }
}

#[test]
fn policies_and_measurements() {
    let with_policy = |policy: u64| {
        with_report(|report| report[0x08..0x10].copy_from_slice(&policy.to_le_bytes()))
    };
    assert_eq!(with_policy(0xb0000), refused(Code::DebugEnclave));
    assert_eq!(with_policy(0x10000), refused(Code::SnpPolicy));
    assert_eq!(with_policy(0x30000 | 1 << 26), refused(Code::SnpPolicy));
    assert_eq!(with_policy(0x30000 | 1 << 63), refused(Code::SnpPolicy));
    assert_eq!(with_policy(0x70000), refused(Code::SnpMigrationAgent));
    assert!(with_policy(0x3f3ffff & !(1 << 18 | 1 << 19)).is_ok());
    assert_eq!(with_report(|report| report[0x90..0xc0].fill(0)), refused(Code::ZeroMeasurement));
    assert_eq!(with_report(|report| report[0x13f] = 1), refused(Code::SnpAuthorKey));
    assert!(with_report(|report| (report[0x13f], report[0x48]) = (1, 1)).is_ok());
    assert!(with_report(|report| report[0x48] = 1).is_ok());
}

#[test]
fn every_signed_field_changes_the_claims() {
    let honest = honest().verdict().unwrap();
    for (at, in_measurement) in [
        (0x04, true), // GUEST_SVN
        (0x08, true), // POLICY
        (0x10, true), // FAMILY_ID
        (0x20, true), // IMAGE_ID
        (0x40, true), // PLATFORM_INFO
        (0x50, false),
        (0x90, true),
        (0xc0, true),
        (0xe0, true),
        (0x140, false), // REPORT_ID
        (0x160, false),
        (0x18a, false), // stepping
        (0x1e8, false),
        (0x1f8, false),
        (0x200, false),
    ] {
        let claims = with_report(|report| report[at] ^= 2).unwrap();
        assert_ne!(claims.id, honest.id);
        assert_eq!(claims.measurement != honest.measurement, in_measurement, "{at:#x}");
        assert_eq!(claims.bound != honest.bound, at == 0x50);
    }
}

#[test]
fn versions_of_the_platform() {
    for at in [0x180, 0x181, 0x186, 0x187] {
        assert_eq!(with_report(|report| report[at] += 1), refused(Code::SnpTcb));
        assert_eq!(with_report(|report| report[at] = 0xff), refused(Code::SnpTcb));
    }
    let with_status = |at: usize, by: i8| {
        with_report(|report| report[at] = report[at].wrapping_add_signed(by)).unwrap().status
    };
    assert_eq!(with_status(0x1e0, -1), status::CONFIGURATION_NEEDED);
    assert_eq!(with_status(0x1e7, -1), status::CONFIGURATION_NEEDED);
    assert_eq!(with_status(0x1f6, -1), status::RELAUNCH_ADVISED);
    // Newer is fine, and what runs is at least what is committed.
    for at in [0x38, 0x3f, 0x1e0, 0x1e7, 0x1f0, 0x1f7] {
        assert_eq!(with_status(at, 1), 0);
    }
}

#[test]
fn chips() {
    assert_eq!(with_report(|report| report[0x1a0] ^= 1), refused(Code::SnpChipId));
    assert_eq!(with_report(|report| report[0x1df] ^= 1), refused(Code::SnpChipId));
    assert_eq!(with_report(|report| report[0x1a0..0x1e0].fill(0)), refused(Code::SnpChipId));
    let masked = with_both(
        |report| report[0x1a0..0x1e0].fill(0),
        |reporter| set(reporter, &[4], Some(&[0; 64])),
    );
    assert_eq!(masked, refused(Code::SnpChipId));
    let wrapped = [&[4, 64][..], &[4; 64]].concat();
    assert!(with_reporter(|reporter| set(reporter, &[4], Some(&wrapped))).is_ok());
}

#[test]
fn the_reports_signature() {
    let raw = |change: &dyn Fn(&mut [u8])| with_parts(|parts| change(&mut parts.report));
    let order: Vec<u8> = hex!(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
    )
    .into_iter()
    .rev()
    .collect();
    for half in [0x2a0, 0x2e8] {
        assert_eq!(
            raw(&|report| report[half..half + 48].fill(0)),
            refused(Code::SignatureEncoding)
        );
        assert_eq!(
            raw(&|report| report[half..half + 48].copy_from_slice(&order)),
            refused(Code::SignatureEncoding)
        );
        assert_eq!(raw(&|report| report[half + 48] = 1), refused(Code::SignatureEncoding));
        assert_eq!(raw(&|report| report[half + 71] = 1), refused(Code::SignatureEncoding));
        assert_eq!(raw(&|report| report[half] ^= 1), refused(Code::SnpReportSignature));
    }
    for at in [0x330, 0x49f] {
        assert_eq!(raw(&|report| report[at] = 1), refused(Code::SignatureEncoding));
    }
    // Anyone can negate s; the claims are the same.
    let negate = |report: &mut [u8]| {
        let s = &mut report[0x2e8..0x318];
        s.reverse();
        let negated = negated(s);
        s.copy_from_slice(&negated);
        s.reverse();
    };
    assert_ne!(honest().report, with_report_bytes(negate));
    assert_eq!(raw(&negate), honest().verdict());
    // Another key's.
    let mut recipe = HONEST.recipe.clone();
    recipe.reporter_key = Key::derive_p384(B256::ZERO, "another");
    assert_eq!(
        with_parts(|parts| parts.report = recipe.report()),
        refused(Code::SnpReportSignature)
    );
}

fn with_report_bytes(change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut report = honest().report;
    change(&mut report);
    report
}

#[test]
fn what_the_certificate_says_of_the_key() {
    // Structure, product, four levels, chip: each must be there.
    for id in [&[1][..], &[2], &[3, 1], &[3, 2], &[3, 3], &[3, 8], &[4]] {
        assert_eq!(
            with_reporter(|reporter| set(reporter, id, None)),
            refused(Code::SnpEndorsement)
        );
    }
    let malformed: [(&[u8], &[u8]); 17] = [
        (&[1], &[2, 1, 2]),
        (&[1], &[2, 2, 1, 0]),
        (&[2], b"\x16\x05Genua"),
        (&[2], b"\x16\x00"),
        (&[2], b"\x16\x06Venice"),
        (&[2], b"\x0c\x05Genoa"),
        (&[2], b"\x16\x05Genoa!"),
        (&[2], b"\x16\x06Genoa\xff"),
        (&[3, 1], &[2, 2, 0, 10]),
        (&[3, 1], &[2, 2, 1, 10]),
        (&[3, 1], &[10]),
        (&[3, 8], &[2, 1, 84, 0]),
        (&[3, 9], &[2, 1, 0]),
        (&[4], &[4; 63]),
        (&[4], &[4; 8]),
        (&[4], &[4, 63, 4]),
        (&[5], b"\x16\x08provider"),
    ];
    for (id, contents) in malformed {
        let refusal = with_reporter(|reporter| set(reporter, id, Some(contents)));
        assert_eq!(refusal, refused(Code::SnpEndorsement), "{id:?} {contents:?}");
    }
    for name in [&b"\x16\x05Milan"[..], b"\x16\x08Milan-B0"] {
        let refusal = with_reporter(|reporter| set(reporter, &[2], Some(name)));
        assert_eq!(refusal, refused(Code::SnpProduct));
    }
    for name in [&b"\x16\x08Genoa-B1"[..], b"\x16\x05Siena", b"\x16\x0aBergamo-A0"] {
        assert!(with_reporter(|reporter| set(reporter, &[2], Some(name))).is_ok());
    }
    for id in [1, 2, 3, 8] {
        let refusal = with_reporter(|reporter| set(reporter, &[3, id], Some(&[2, 1, 99])));
        assert_eq!(refusal, refused(Code::SnpTcb));
    }
    let other = with_reporter(|reporter| set(reporter, &[4], Some(&[5; 64])));
    assert_eq!(other, refused(Code::SnpChipId));
}

/// A Turin: FMC in the TCB, eight bytes of hardware id.
#[test]
fn turin() {
    let cook = |report: &dyn Fn(&mut [u8]), reporter: &dyn Fn(&mut x509::Certificate)| {
        with_both(
            |bytes| {
                bytes[0x188..0x18a].copy_from_slice(&[0x1a, 0x02]);
                for at in [0x38, 0x180, 0x1e0, 0x1f0] {
                    bytes[at..at + 8].copy_from_slice(&[1, 10, 0, 23, 0, 0, 0, 84]);
                }
                bytes[0x1a8..0x1e0].fill(0);
                report(bytes);
            },
            |certificate| {
                set(certificate, &[1], Some(&[2, 1, 1]));
                set(certificate, &[2], Some(b"\x16\x05Turin"));
                set(certificate, &[3, 9], Some(&[2, 1, 1]));
                set(certificate, &[4], Some(&[4; 8]));
                reporter(certificate);
            },
        )
    };
    let claims = cook(&|_| {}, &|_| {}).unwrap();
    assert_eq!(claims.platform, keccak256([&[4; 8][..], &[0; 56]].concat()));
    assert_eq!(claims.tcb[1], 3);
    assert_eq!(cook(&|report| report[0x180] = 2, &|_| {}), refused(Code::SnpTcb));
    assert_eq!(cook(&|report| report[0x184] = 1, &|_| {}), refused(Code::SnpReserved));
    assert_eq!(cook(&|report| report[0x1a8] = 1, &|_| {}), refused(Code::SnpChipId));
    assert_eq!(cook(&|report| report[0x1a7] = 1, &|_| {}), refused(Code::SnpChipId));
    assert_eq!(
        cook(&|_| {}, &|certificate| set(certificate, &[3, 9], None)),
        refused(Code::SnpEndorsement)
    );
    assert_eq!(
        cook(&|_| {}, &|certificate| set(certificate, &[4], Some(&[4; 64]))),
        refused(Code::SnpEndorsement)
    );
    // Reports of version 2 are older than Turin.
    let old = |report: &mut [u8]| {
        report[0] = 2;
        report[0x188..0x18b].fill(0);
    };
    assert_eq!(cook(&old, &|_| {}), refused(Code::SnpProduct));
}

/// A cloud provider's key: no chip id, but the provider's name.
#[test]
fn vleks() {
    let cook = |report: &dyn Fn(&mut [u8]), reporter: &dyn Fn(&mut x509::Certificate)| {
        with_both(
            |bytes| {
                bytes[0x48] = 1 << 2;
                bytes[0x1a0..0x1e0].fill(0);
                report(bytes);
            },
            |certificate| {
                set(certificate, &[4], None);
                set(certificate, &[5], Some(b"\x16\x08provider"));
                reporter(certificate);
            },
        )
    };
    let claims = cook(&|_| {}, &|_| {}).unwrap();
    assert_eq!(claims.platform, keccak256("provider"));
    assert_eq!(claims.tcb[2], 1);
    // The chip, if it is shown, is not vouched for by the certificate.
    assert_eq!(cook(&|report| report[0x1a0] = 9, &|_| {}).unwrap().platform, claims.platform);
    assert_eq!(cook(&|report| report[0x48] |= 1 << 1, &|_| {}).unwrap().platform, claims.platform);
    assert_eq!(cook(&|report| report[0x48] = 0, &|_| {}), refused(Code::SnpEndorsement));
    let long = [&[0x16, 0x82, 1, 1][..], &[b'a'; 257]].concat();
    for contents in [None, Some(&b"\x16\x00"[..]), Some(b"provider"), Some(&long)] {
        let refusal = cook(&|_| {}, &|certificate| set(certificate, &[5], contents));
        assert_eq!(refusal, refused(Code::SnpEndorsement));
    }
    let both = cook(&|_| {}, &|certificate| set(certificate, &[4], Some(&[4; 64])));
    assert_eq!(both, refused(Code::SnpEndorsement));
}

#[test]
fn certificates() {
    let usage = |bits: [u8; 4]| (hex!("551d0f").to_vec(), true, bits.to_vec());
    let constraints = (hex!("551d13").to_vec(), true, hex!("30030101ff").to_vec());

    let refusal = with_reporter(|reporter| reporter.issuer.push('!'));
    assert_eq!(refusal, refused(Code::CertificateIssuer));
    let refusal = with_reporter(|reporter| reporter.extensions.push(constraints.clone()));
    assert_eq!(refusal, refused(Code::CertificateUsage));
    let refusal = with_reporter(|reporter| reporter.extensions.push(usage([3, 2, 5, 0x20])));
    assert_eq!(refusal, refused(Code::CertificateUsage));
    assert!(with_reporter(|reporter| reporter.extensions.push(usage([3, 2, 7, 0x80]))).is_ok());
    let unknown = (hex!("2a03").to_vec(), true, vec![5, 0]);
    let refusal = with_reporter(|reporter| reporter.extensions.push(unknown.clone()));
    assert_eq!(refusal, refused(Code::CertificateExtension));
    let refusal = with_reporter(|reporter| {
        let twice = reporter.extensions[0].clone();
        reporter.extensions.push(twice);
    });
    assert_eq!(refusal, refused(Code::CertificateExtension));
    let small = Key::derive(B256::ZERO, "small");
    let refusal = with_reporter(|reporter| {
        (reporter.key_algorithm, reporter.key) = (small.algorithm(), small.public());
    });
    assert_eq!(refusal, refused(Code::CertificateAlgorithm));

    let refusal = with_authority(|authority| authority.issuer.push('!'));
    assert_eq!(refusal, refused(Code::UnknownRoot));
    let refusal = with_authority(|authority| authority.subject.push('!'));
    assert_eq!(refusal, refused(Code::CertificateIssuer));
    let refusal = with_authority(|authority| authority.extensions = x509::signer_extensions());
    assert_eq!(refusal, refused(Code::CertificateUsage));
    let refusal = with_authority(|authority| authority.extensions.clear());
    assert_eq!(refusal, refused(Code::CertificateUsage));
    // AMD's ASK may not sign lists, and need not.
    let refusal = with_authority(|authority| authority.extensions[0] = usage([3, 2, 2, 4]));
    assert!(refusal.is_ok());
    let refusal = with_authority(|authority| authority.extensions[0] = usage([3, 2, 1, 2]));
    assert_eq!(refusal, refused(Code::CertificateUsage));
    let refusal = with_authority(|authority| authority.key = root_key().public());
    assert_eq!(refusal, refused(Code::SnpVekSignature));
    for (at, value) in [(9, 0x7f), (520, 0)] {
        // A modulus of 4,095 bits, and an even one.
        let refusal = with_authority(|authority| authority.key[at] = value);
        assert_eq!(refusal, refused(Code::CertificateAlgorithm));
    }
    let refusal = with_authority(|authority| authority.key[525] = 3);
    assert_eq!(refusal, refused(Code::CertificateAlgorithm), "exponent");

    for (change, code) in [
        (
            (|parts| *parts.authority.last_mut().unwrap() ^= 1) as fn(&mut Parts),
            Code::SnpAskSignature,
        ),
        (|parts| *parts.reporter.last_mut().unwrap() ^= 1, Code::SnpVekSignature),
        (|parts| *parts.list.last_mut().unwrap() ^= 1, Code::SnpCrlSignature),
        // A signature above the modulus.
        (
            |parts| {
                let start = parts.authority.len() - 512;
                parts.authority[start..].fill(0xff);
            },
            Code::SnpAskSignature,
        ),
        (
            |parts| std::mem::swap(&mut parts.reporter, &mut parts.authority),
            Code::CertificateAlgorithm,
        ),
        (|parts| parts.reporter = parts.authority.clone(), Code::CertificateAlgorithm),
        (|parts| parts.authority = parts.reporter.clone(), Code::CertificateAlgorithm),
        (|parts| parts.authority = ASK_MILAN.to_vec(), Code::CertificateIssuer),
        (|parts| parts.authority = AMD_ROOTS_DER[1].to_vec(), Code::CertificateIssuer),
        (|parts| parts.reporter = VCEK_TURIN.to_vec(), Code::CertificateIssuer),
        (|parts| parts.authority.push(0), Code::CertificateEncoding),
        (|parts| parts.reporter.push(0), Code::CertificateEncoding),
        (|parts| parts.reporter.clear(), Code::CertificateEncoding),
        (|parts| parts.list.push(0), Code::CrlEncoding),
        (|parts| parts.list.clear(), Code::CrlEncoding),
    ] {
        assert_eq!(with_parts(change), refused(code));
    }
    // A root in the authority's place, under itself.
    let refusal = with_parts(|parts| parts.authority = HONEST.root.clone());
    assert_eq!(refusal, refused(Code::CertificateIssuer));
}

#[test]
fn revocation() {
    for serial in [1, 2] {
        let refusal = with_list(|list| list.revoked.push(vec![serial]));
        assert_eq!(refusal, refused(Code::CertificateRevoked));
    }
    // VCEKs have the number 0, and another issuer.
    assert!(with_list(|list| list.revoked.push(vec![0])).is_ok());
    assert!(with_list(|list| list.revoked.clear()).is_ok());
    let refusal = with_list(|list| list.issuer.push('!'));
    assert_eq!(refusal, refused(Code::CrlIssuer));
    let refusal = with_list(|list| list.revoked = vec![vec![9]; 1025]);
    assert_eq!(refusal, refused(Code::CrlEntryCount));
    let partition = (hex!("551d1c").to_vec(), true, vec![0x30, 0]);
    let refusal = with_list(|list| list.extensions.push(partition));
    assert_eq!(refusal, refused(Code::CrlEncoding));
    assert_eq!(with_list_by(&authority_key(), |_| {}), refused(Code::SnpCrlSignature));
    let ecdsa = with_list_by(&Key::derive_p384(B256::ZERO, "list"), |_| {});
    assert_eq!(ecdsa, refused(Code::CrlEncoding));
}

#[test]
fn roots() {
    let parts = honest();
    let evidence = parts.evidence();
    let elsewhere = verdict(&evidence, &parts.list, &Anchors::default());
    assert_eq!(elsewhere, refused(Code::UnknownRoot));
    let stranger = DevSnp::new(B256::repeat_byte(8), START..END).root();
    let anchors = Anchors::new(&[(3, vec![stranger])].into_iter().collect()).unwrap();
    assert_eq!(verdict(&evidence, &parts.list, &anchors), refused(Code::UnknownRoot));
    for bad in [ASK_MILAN.to_vec(), parts.reporter, vec![0x30, 0], AMD_ROOTS_DER[0].to_vec()] {
        assert!(Anchors::new(&[(3, vec![bad.into()])].into_iter().collect()).is_err());
    }
}

#[test]
fn layouts() {
    let parts = honest();
    let evidence = parts.evidence();
    let anchors = &HONEST.anchors;
    for length in (0..evidence.len()).step_by(97).chain(evidence.len() - 3..evidence.len()) {
        let refusal = verdict(&evidence[..length], &parts.list, anchors);
        assert_eq!(refusal, refused(Code::SnpLayout), "{length}");
    }
    let trailing = [&evidence[..], &[0]].concat();
    assert_eq!(verdict(&trailing, &parts.list, anchors), refused(Code::SnpLayout));
    for length in (0..parts.list.len()).step_by(61) {
        assert_eq!(verdict(&evidence, &parts.list[..length], anchors), refused(Code::CrlEncoding));
    }
    assert!(join_snp_evidence(&parts.report[1..], &parts.reporter, &parts.authority).is_none());
    assert!(join_snp_evidence(&parts.report, &[0; 65_536], &parts.authority).is_none());
    let too_large = |size: usize, limit: usize| {
        Err(Refusal::TooLarge { size: size as u64, limit: limit as u64 })
    };
    let large = vec![0; MAX_COLLATERAL + 1];
    assert_eq!(verdict(&large, &large, anchors), too_large(large.len(), MAX_EVIDENCE));
    assert_eq!(verdict(&evidence, &large, anchors), too_large(large.len(), MAX_COLLATERAL));
    assert_eq!(verdict_with(&evidence, &large, anchors), too_large(large.len(), MAX_COMPACT));
    let work = crate::work(kind::AMD_SEV_SNP, &evidence, &parts.list).unwrap();
    assert_eq!((work.certificates, work.p384, work.rsa4096), (3, 1, 3));
}

/// The window is the narrowest of root, ASK, VCEK and list, and time is compared with it alone.
#[test]
fn windows() {
    let claims = honest().verdict().unwrap();
    assert_eq!((claims.not_before, claims.not_after), (START, END));
    assert_eq!(check_time(&claims, START - 1), Err(TimeRefusal::NotYetValid(START)));
    assert_eq!((check_time(&claims, START), check_time(&claims, END - 1)), (Ok(()), Ok(())));
    assert_eq!(check_time(&claims, END), Err(TimeRefusal::Expired(END)));

    let window = |verdict: Result<Claims, Refusal>| {
        let claims = verdict.unwrap();
        (claims.not_before, claims.not_after)
    };
    assert_eq!(
        window(with_reporter(
            |reporter| (reporter.not_before, reporter.not_after) = (START + 5, END - 9)
        )),
        (START + 5, END - 8)
    );
    assert_eq!(
        window(with_authority(
            |authority| (authority.not_before, authority.not_after) = (START + 6, END - 7)
        )),
        (START + 6, END - 6)
    );
    assert_eq!(
        window(with_list(|list| (list.this_update, list.next_update) = (START + 7, END - 5))),
        (START + 7, END - 5)
    );
    let empty = refused(Code::EmptyWindow);
    assert_eq!(with_list(|list| list.next_update = START), empty);
    assert_eq!(with_reporter(|reporter| reporter.not_before = END), empty);
    assert_eq!(with_authority(|authority| authority.not_after = START - 1), empty);
}

/// Every byte of the evidence is relied on but those that say where a signature's s lies.
#[test]
fn no_flipped_byte_is_accepted() {
    let parts = honest();
    let honest = parts.evidence();
    for at in 0..honest.len() {
        let mut evidence = honest.clone();
        evidence[at] ^= 1 << (at % 8);
        let verdict = verify(&evidence, &parts.list, &HONEST.anchors, Backend::Native);
        assert!(verdict.is_err(), "byte {at:#x}");
    }
    for at in 0..parts.list.len() {
        let mut list = parts.list.clone();
        list[at] ^= 1 << (at % 8);
        let verdict = verify(&honest, &list, &HONEST.anchors, Backend::Native);
        assert!(verdict.is_err(), "list, byte {at:#x}");
    }
}
