//! One mistake at a time, each with the one code it must give.

use super::*;
use crate::{
    dev::{
        recipe::pem,
        x509::{Key, authority_extensions, signer_extensions},
    },
    encoding::crl::MAX_ENTRIES,
};
use alloy_primitives::hex;
use std::collections::BTreeSet;

pub(crate) type Change = fn(&mut Recipe);

/// Changes made before signing: every signature holds.
pub(crate) const SIGNED: &[(Code, &DevReport, Change)] = &[
    (Code::QuoteVersion, &TDX, |r| r.signed[0] = 2),
    (Code::QuoteVersion, &TDX, |r| r.signed[0] = 6),
    (Code::QuoteTeeType, &TDX, |r| r.signed[4] = 0),
    (Code::QuoteTeeType, &SGX, |r| r.signed[4] = 0x81),
    (Code::QuoteTeeType, &SGX, |r| r.signed[0] = 4),
    (Code::QuoteKeyType, &TDX, |r| r.signed[2] = 3),
    (Code::QuoteVendor, &TDX, |r| r.signed[12] ^= 1),
    (Code::QuoteBody, &TDX, |r| r.signed[0] = 5),
    (Code::QuoteBody, &TDX, |r| to_version_5(r, 1, 584, &[])),
    (Code::QuoteBody, &TDX, |r| to_version_5(r, 3, 584, &[])),
    (Code::DebugEnclave, &SGX, |r| r.signed[48 + 48] |= 2),
    (Code::DebugEnclave, &TDX, |r| r.signed[48 + 120] |= 1),
    (Code::DebugEnclave, &TDX, |r| r.signed[48 + 120] |= 0x10),
    (Code::DebugEnclave, &TDX, |r| r.signed[48 + 120] |= 0x40),
    (Code::ZeroMeasurement, &SGX, |r| r.signed[48 + 64..48 + 96].fill(0)),
    (Code::ZeroMeasurement, &TDX, |r| r.signed[48 + 136..48 + 184].fill(0)),
    (Code::TdAttributes, &TDX, |r| r.signed[48 + 120] |= 0x02),
    (Code::TdAttributes, &TDX, |r| r.signed[48 + 121] |= 0x80),
    (Code::TdAttributes, &TDX, |r| r.signed[48 + 123] |= 0x20),
    (Code::TdAttributes, &TDX, |r| r.signed[48 + 123] = 0),
    (Code::TdAttributes, &TDX, |r| r.signed[48 + 127] |= 0x20),
    (Code::ServiceTd, &TDX, |r| r.signed[48 + 122] |= 0x02),
    (Code::ServiceTd, &TDX, |r| {
        to_version_5(r, 3, 648, &[&[5, 1, 2][..], &[0; 13], &[1; 48]].concat());
    }),
    // Hash and attributes of service TDs bound at creation, and of those bound now.
    (Code::ServiceTd, &TDX, |r| to_version_5(r, 4, 885, &extended(16, 1))),
    (Code::ServiceTd, &TDX, |r| to_version_5(r, 4, 885, &extended(145, 1))),
    (Code::ServiceTd, &TDX, |r| to_version_5(r, 4, 885, &extended(200, 1))),
    (Code::ServiceTd, &TDX, |r| to_version_5(r, 4, 885, &extended(245, 0x80))),
    (Code::ServiceTd, &TDX, |r| to_version_5(r, 4, 885, &extended(300, 1))),
    (Code::TcbInfoJson, &TDX, |r| swap(&mut r.tcb_info, "\"fmspc\"", "\"Fmspc\"")),
    (Code::TcbInfoJson, &TDX, |r| swap(&mut r.tcb_info, "{\"id\"", "{\"version\":3,\"id\"")),
    (Code::TcbInfoJson, &TDX, |r| swap(&mut r.tcb_info, "\"version\":3", "\"version\":300")),
    (Code::TcbInfoJson, &TDX, |r| swap(&mut r.tcb_info, "\"version\":3", "\"version\":3.0")),
    (Code::TcbInfoJson, &TDX, |r| swap(&mut r.tcb_info, "{\"svn\":1},", "")),
    (Code::TcbInfoJson, &TDX, |r| swap(&mut r.tcb_info, "{\"svn\":1}", "{\"svn\":256}")),
    (Code::TcbInfoJson, &TDX, |r| swap(&mut r.tcb_info, "UpToDate", "Fine")),
    (Code::TcbInfoJson, &TDX, |r| swap(&mut r.tcb_info, "tdxtcbcomponents", "components")),
    (Code::TcbInfoJson, &TDX, |r| swap(&mut r.tcb_info, "FFFFFFFF", "FFFFFFF")),
    (Code::TcbInfoJson, &TDX, |r| r.tcb_info.push('x')),
    (Code::TcbInfoJson, &TDX, |r| swap(&mut r.tcb_info, "\"tcbType\":0,", "")),
    (Code::TcbInfoJson, &SGX, |r| swap(&mut r.tcb_info, "\"pcesvn\":11", "\"pcesvn\":-1")),
    (Code::QeIdentityJson, &TDX, |r| {
        swap(&mut r.qe_identity, "\"miscselectMask\":\"FFFFFFFF\",", "");
    }),
    (Code::QeIdentityJson, &TDX, |r| {
        swap(&mut r.qe_identity, "\"isvprodid\":2", "\"isvprodid\":70000");
    }),
    (Code::QeIdentityJson, &TDX, |r| swap(&mut r.qe_identity, "\"isvsvn\":4", "\"isvsvn\":\"4\"")),
    (Code::QeIdentityJson, &TDX, |r| r.qe_identity = String::new()),
    // A field that is read stands once, even if a second one says nothing.
    (Code::TcbInfoJson, &TDX, |r| {
        swap(&mut r.tcb_info, "\"isvsvn\":5},", "\"isvsvn\":5},\"tcb\":{},");
    }),
    (Code::DateEncoding, &TDX, |r| swap(&mut r.tcb_info, "T22:13:20Z", " 22:13:20Z")),
    (Code::DateEncoding, &TDX, |r| swap(&mut r.qe_identity, "2023-11-14", "2023-11-31")),
    (Code::DateEncoding, &TDX, |r| swap(&mut r.qe_identity, "2023-11-14", "1969-11-14")),
    (Code::TcbLevelCount, &TDX, |r| {
        let level = r#"{"tcb":{"isvsvn":1},"tcbDate":"","tcbStatus":"OutOfDate"},"#;
        swap(
            &mut r.qe_identity,
            "\"tcbLevels\":[",
            &format!("\"tcbLevels\":[{}", level.repeat(64)),
        );
    }),
    (Code::TcbLevelCount, &TDX, |r| {
        let level = r#"{"tcb":{"isvsvn":1},"tcbDate":"","tcbStatus":"OutOfDate"},"#;
        swap(
            &mut r.tcb_info,
            "[{\"tcb\":{\"isvsvn\"",
            &format!("[{}{{\"tcb\":{{\"isvsvn\"", level.repeat(63)),
        );
    }),
    (Code::CertificateExtension, &TDX, |r| r.pck.extensions.push(r.pck.extensions[0].clone())),
    (Code::CertificateExtension, &TDX, |r| {
        r.authority.extensions.push((vec![0x55, 0x1d, 0x24], true, vec![]));
    }),
    (Code::CertificateExtension, &TDX, |r| r.tcb_signer.extensions[0].2 = vec![3, 2, 0, 0xc0]),
    (Code::CertificateAlgorithm, &TDX, |r| r.pck.key[64] ^= 1),
    (Code::CertificateAlgorithm, &TDX, |r| r.pck.key[0] = 2),
    (Code::CertificateEncoding, &TDX, |r| r.pck.serial = vec![1; 21]),
    (Code::CertificateEncoding, &TDX, |r| r.pck.not_before = 253_402_300_800),
    (Code::CertificateIssuer, &TDX, |r| r.pck.issuer.push('x')),
    (Code::CertificateIssuer, &TDX, |r| r.authority.issuer.push('x')),
    (Code::CertificateIssuer, &TDX, |r| r.authority.subject.push('x')),
    (Code::CertificateIssuer, &TDX, |r| r.tcb_signer.issuer.push('x')),
    (Code::CertificateIssuer, &TDX, |r| r.qe_signer.issuer.push('x')),
    (Code::CertificateUsage, &TDX, |r| r.authority.extensions = signer_extensions()),
    (Code::CertificateUsage, &TDX, |r| r.authority.extensions.truncate(1)),
    (Code::CertificateUsage, &TDX, |r| r.tcb_signer.extensions = authority_extensions(0)),
    (Code::CertificateUsage, &TDX, |r| r.pck.extensions.remove(0).2.clear()),
    (Code::CertificateUsage, &TDX, |r| r.pck.extensions[0].2 = vec![3, 2, 6, 0x40]),
    (Code::CertificateUsage, &TDX, |r| {
        r.pck.extensions.push((vec![0x55, 0x1d, 0x25], false, vec![]));
    }),
    (Code::CertificateUsage, &TDX, |r| {
        r.authority.extensions.push((vec![0x55, 0x1d, 0x1e], false, vec![]));
    }),
    (Code::CertificateSubject, &TDX, |r| r.pck.subject = "Intel SGX TCB Signing".to_owned()),
    (Code::CertificateSubject, &SGX, |r| r.pck.subject = "sgx pck certificate".to_owned()),
    (Code::CertificateSubject, &TDX, |r| r.tcb_signer.subject = r.pck.subject.clone()),
    (Code::CertificateSubject, &TDX, |r| r.qe_signer.subject = "TCB Signing".to_owned()),
    (Code::PckExtension, &TDX, |r| edit_pck(r, |p| p.components[15] = 0x100)),
    (Code::PckExtension, &TDX, |r| r.pck.extensions.truncate(2)),
    (Code::PckExtension, &TDX, |r| r.pck.extensions[2].2.push(0)),
    (Code::PckExtension, &TDX, |r| r.pck.extensions[2].2 = vec![0x30, 0]),
    (Code::CrlEncoding, &TDX, |r| r.pck_crl.revoked = vec![vec![1; 21]]),
    (Code::CrlEncoding, &TDX, |r| {
        r.root_crl.extensions.push((vec![0x55, 0x1d, 0x1b], true, vec![]));
    }),
    (Code::CrlEncoding, &TDX, |r| {
        r.root_crl.extensions.push((vec![0x55, 0x1d, 0x1c], false, vec![]));
    }),
    (Code::CrlEncoding, &TDX, |r| r.root_crl.extensions.push(r.root_crl.extensions[0].clone())),
    (Code::CrlEntryCount, &TDX, |r| r.pck_crl.revoked = vec![vec![0x55]; MAX_ENTRIES + 1]),
    (Code::CrlIssuer, &TDX, |r| r.root_crl.issuer.push('x')),
    (Code::CrlIssuer, &TDX, |r| r.pck_crl.issuer = r.root_crl.issuer.clone()),
    (Code::CertificateRevoked, &TDX, |r| r.pck_crl.revoked.push(r.pck.serial.clone())),
    (Code::CertificateRevoked, &TDX, |r| r.root_crl.revoked.push(r.authority.serial.clone())),
    (Code::CertificateRevoked, &TDX, |r| r.root_crl.revoked.push(r.root.serial.clone())),
    (Code::CertificateRevoked, &TDX, |r| r.root_crl.revoked.push(r.tcb_signer.serial.clone())),
    (Code::CertificateRevoked, &TDX, |r| {
        r.qe_signer.serial = vec![9];
        r.root_crl.revoked.push(vec![9]);
    }),
    (Code::EmptyWindow, &TDX, |r| r.pck.not_after = START - 1),
    (Code::EmptyWindow, &TDX, |r| r.root_crl.next_update = START),
    // The private key is another's: everything it signs fails, the first check shows.
    (Code::PckCrlSignature, &TDX, |r| r.authority_key = stranger()),
    (Code::QeReportSignature, &TDX, |r| r.pck_key = stranger()),
    (Code::TcbInfoSignature, &TDX, |r| r.signer_key = stranger()),
    (Code::QeIdentitySignature, &TDX, |r| {
        r.qe_signer.key = stranger().public();
    }),
    (Code::QeReportData, &TDX, |r| r.qe_report[352] = 1),
    (Code::QeIdentityKind, &TDX, |r| swap(&mut r.qe_identity, "TD_QE", "QE")),
    (Code::QeIdentityKind, &SGX, |r| swap(&mut r.qe_identity, "\"QE\"", "\"TD_QE\"")),
    (Code::QeIdentityKind, &SGX, |r| swap(&mut r.qe_identity, "\"version\":2", "\"version\":3")),
    (Code::QeIdentityKind, &TDX, |r| swap(&mut r.qe_identity, "\"version\":2", "\"version\":3")),
    (Code::QeSigner, &TDX, |r| r.qe_report[128] ^= 1),
    (Code::QeDebug, &TDX, |r| r.qe_report[48] |= 2),
    (Code::QeProduct, &TDX, |r| r.qe_report[256] ^= 1),
    (Code::QeMiscSelect, &TDX, |r| r.qe_report[16] ^= 1),
    (Code::QeAttributes, &TDX, |r| r.qe_report[49] ^= 1),
    // What an identity asks for outside its own mask no enclave has.
    (Code::QeMiscSelect, &TDX, |r| {
        swap(&mut r.qe_identity, "\"miscselect\":\"00000000\"", "\"miscselect\":\"01000000\"");
        swap(&mut r.qe_identity, "\"FFFFFFFF\"", "\"FEFFFFFF\"");
    }),
    (Code::QeAttributes, &TDX, |r| {
        swap(&mut r.qe_identity, "\"attributes\":\"11", "\"attributes\":\"15");
    }),
    (Code::QeTcbLevel, &TDX, |r| r.qe_report[258] = 3),
    (Code::TcbStatus, &TDX, |r| swap(&mut r.qe_identity, "UpToDate", "SWHardeningNeeded")),
    (Code::TcbInfoKind, &TDX, |r| swap(&mut r.tcb_info, "\"TDX\"", "\"SGX\"")),
    (Code::TcbInfoKind, &TDX, |r| swap(&mut r.tcb_info, "\"version\":3", "\"version\":2")),
    (Code::TcbInfoKind, &SGX, |r| r.tcb_info = platform().recipe(&TDX).tcb_info),
    (Code::TcbInfoKind, &SGX, |r| swap(&mut r.tcb_info, "\"tcbType\":0", "\"tcbType\":1")),
    (Code::Fmspc, &TDX, |r| edit_pck(r, |p| p.fmspc[0] ^= 1)),
    (Code::PceId, &TDX, |r| edit_pck(r, |p| p.pce_id[1] ^= 1)),
    (Code::TcbLevel, &TDX, |r| edit_pck(r, |p| p.pce_svn = 10)),
    (Code::TcbLevel, &TDX, |r| r.signed[48 + 2] = 1),
    (Code::TdxModuleIdentity, &TDX, |r| r.signed[48 + 1] = 2),
    (Code::TdxModuleIdentity, &TDX, |r| swap(&mut r.tcb_info, "\"tdxModule\":", "\"module\":")),
    (Code::TdxModuleSigner, &TDX, |r| r.signed[48 + 64] = 1),
    (Code::TdxModuleAttributes, &TDX, |r| r.signed[48 + 112] = 1),
    (Code::TdxModuleAttributes, &TDX, |r| {
        r.tcb_info = r.tcb_info.replace("FFFFFFFFFFFFFFFF", "00FFFFFFFFFFFFFF");
        r.signed[48 + 112] = 1;
    }),
    (Code::TdxModuleAttributes, &TDX, |r| {
        r.tcb_info = r.tcb_info.replace("\"0000000000000000\"", "\"0100000000000000\"");
        r.signed[48 + 112] = 1;
    }),
    (Code::TdxModuleAttributes, &TDX, |r| {
        let (zero, one) = ("0000\",\"attributesMask\":\"FFFF", "0001\",\"attributesMask\":\"FFFE");
        r.tcb_info = r.tcb_info.replace(zero, one);
        r.tcb_info = r.tcb_info.replace("FFFEFFFFFFFFFFFF", "FFFFFFFFFFFFFFFE");
    }),
    (Code::TdxModuleTcbLevel, &TDX, |r| r.signed[48] = 1),
    (Code::TcbStatus, &TDX, |r| swap(&mut r.tcb_info, "UpToDate", "ConfigurationNeeded")),
    (Code::TcbRevoked, &SGX, |r| swap(&mut r.tcb_info, "UpToDate", "Revoked")),
    (Code::TcbRevoked, &TDX, |r| swap(&mut r.tcb_info, "UpToDate", "Revoked")),
    (Code::TcbRevoked, &TDX, |r| swap(&mut r.qe_identity, "UpToDate", "Revoked")),
];

#[test]
fn signed_mistakes_give_their_codes() {
    for (index, (code, report, change)) in SIGNED.iter().enumerate() {
        let mut recipe = platform().recipe(report);
        change(&mut recipe);
        assert_eq!(cook(&recipe), Err(Refusal::Refused(*code)), "change {index} to {code:?}");
    }
}

/// A changed evidence or collateral, from an honest one.
pub(crate) type Bytes = (Vec<u8>, Vec<u8>);
pub(crate) type Forge = fn(&Recipe, Bytes) -> Bytes;

/// Offsets in a version 4 quote.
const DATA: usize = 48 + 584 + 4;
const NESTED: usize = DATA + 128 + 6;
const CHAIN: usize = NESTED + 384 + 64 + 34 + 6;

/// Changes made after signing, to a TDX quote of version 4.
pub(crate) const FORGED: &[(Code, Forge)] = &[
    (Code::QuoteTruncated, |_, (_, c)| (vec![], c)),
    (Code::QuoteTruncated, |_, (q, c)| (q[..47].to_vec(), c)),
    (Code::QuoteTruncated, |_, (q, c)| (q[..DATA - 5].to_vec(), c)),
    (Code::QuoteTruncated, |_, (q, c)| (q[..q.len() - 1].to_vec(), c)),
    (Code::QuoteTrailingBytes, |_, (q, c)| ([&q[..], &[0]].concat(), c)),
    (Code::QuoteTrailingBytes, |_, (q, c)| (set(q, DATA - 4, &0u32.to_le_bytes()), c)),
    (Code::QuoteSignatureData, |_, (q, c)| (set(q, DATA + 128, &[5]), c)),
    (Code::QuoteSignatureData, |_, (q, c)| (set(q, DATA + 130, &[0]), c)),
    (Code::QuoteSignatureData, |_, (q, c)| (set(q, NESTED + 448, &[31]), c)),
    (Code::QuoteSignatureData, |_, (q, c)| (set(q, CHAIN - 4, &[0]), c)),
    (Code::QuoteSignatureData, |_, (q, c)| (set(q, CHAIN - 4, &[0xff; 4]), c)),
    (Code::QuoteCertificationType, |_, (q, c)| (set(q, CHAIN - 6, &[3]), c)),
    (Code::CollateralJson, |_, (q, _)| (q, vec![])),
    (Code::CollateralJson, |_, (q, _)| (q, b"{}".to_vec())),
    (Code::CollateralJson, |_, (q, c)| (q, [&c[..], b"x"].concat())),
    (Code::CollateralJson, |_, (q, c)| {
        (q, replace(c, "\"root_ca_crl\":\"", "\"root_ca_crl\":\"0"))
    }),
    (Code::CollateralJson, |_, (q, c)| (q, replace(c, "\"pck_crl\":\"3", "\"pck_crl\":\"g"))),
    (Code::CollateralJson, |_, (q, c)| (q, replace(c, "{\"pck_crl_", "{\"extra\":0,\"pck_crl_"))),
    (Code::CollateralJson, |_, (q, c)| {
        (q, replace(c, "{\"pck_crl_", "{\"tcb_info\":\"\",\"pck_crl_"))
    }),
    (Code::CollateralJson, |_, (q, c)| (q, replace(c, "_signature\":\"", "_signature\":\"00"))),
    (Code::CollateralJson, |_, (q, c)| (q, replace(c, "\"pck_crl_issuer_chain\"", "\"é\""))),
    (Code::PemEncoding, |_, (q, c)| (set(q, CHAIN, b" "), c)),
    (Code::PemEncoding, |_, (q, c)| (set(q, CHAIN + 28, b"*"), c)),
    (Code::PemEncoding, |_, (q, c)| {
        (q, replace(c, "info_issuer_chain\":\"", "info_issuer_chain\":\" "))
    }),
    (Code::PemEncoding, |r, (_, c)| (r.quote(b""), c)),
    (Code::PemEncoding, |r, (_, c)| (r.quote(chain(r).replace('\n', "\r\n").as_bytes()), c)),
    (Code::ChainLength, |r, (_, c)| (r.quote(pem(&[&pck(r), &authority(r)]).as_bytes()), c)),
    (Code::ChainLength, |r, (_, c)| (r.quote((chain(r) + &pem(&[&root(r)])).as_bytes()), c)),
    (Code::CertificateEncoding, |r, (_, c)| (r.quote(with_pck(r, |d| d.push(0)).as_bytes()), c)),
    (Code::CertificateEncoding, |r, (_, c)| {
        (r.quote(with_pck(r, |d| d.truncate(d.len() - 1)).as_bytes()), c)
    }),
    (Code::CertificateEncoding, |r, (_, c)| (r.quote(with_pck(r, |d| d[0] = 0x31).as_bytes()), c)),
    (Code::CertificateEncoding, |r, (_, c)| (r.quote(with_pck(r, |d| d[12] = 1).as_bytes()), c)),
    (Code::CertificateAlgorithm, |r, (_, c)| {
        (
            r.quote(
                with_pck(r, |d| patch(d, &hex!("2a8648ce3d040302"), &hex!("2a8648ce3d040303")))
                    .as_bytes(),
            ),
            c,
        )
    }),
    (Code::CertificateAlgorithm, |r, (_, c)| {
        (
            r.quote(
                with_pck(r, |d| patch(d, &hex!("2a8648ce3d030107"), &hex!("2a8648ce3d030108")))
                    .as_bytes(),
            ),
            c,
        )
    }),
    (Code::UnknownRoot, |r, (_, c)| {
        let mut fake = r.clone();
        fake.root.serial = vec![77];
        (r.quote(chain(&fake).as_bytes()), c)
    }),
    // A chain in the wrong order ends in what is no root.
    (Code::UnknownRoot, |r, (_, c)| {
        (r.quote(pem(&[&root(r), &authority(r), &pck(r)]).as_bytes()), c)
    }),
    (Code::RootMismatch, |r, (q, _)| {
        let mut fake = r.clone();
        fake.root.serial = vec![77];
        (q, fake.product().collateral)
    }),
    (Code::CertificateIssuer, |r, (_, c)| {
        (r.quote(pem(&[&authority(r), &pck(r), &root(r)]).as_bytes()), c)
    }),
    (Code::CrlEncoding, |_, (q, c)| (q, replace(c, "\"pck_crl\":\"30", "\"pck_crl\":\"31"))),
    (Code::CrlEncoding, |_, (q, c)| {
        (q, replace(c, "\"root_ca_crl\":\"30", "\"root_ca_crl\":\"00"))
    }),
    (Code::RootCrlSignature, |r, (q, c)| {
        let lists = [r.root_crl.signed(&r.root_key), r.root_crl.signed(&stranger())];
        (q, replace(c, &hex::encode(&lists[0]), &hex::encode(&lists[1])))
    }),
    (Code::PckCaSignature, |r, (_, c)| {
        let forged = r.authority.signed(&stranger());
        (r.quote(pem(&[&pck(r), &forged, &root(r)]).as_bytes()), c)
    }),
    (Code::PckCrlSignature, |r, (q, c)| {
        let lists = [r.pck_crl.signed(&r.authority_key), r.pck_crl.signed(&stranger())];
        (q, replace(c, &hex::encode(&lists[0]), &hex::encode(&lists[1])))
    }),
    (Code::PckSignature, |r, (_, c)| {
        let forged = r.pck.signed(&stranger());
        (r.quote(pem(&[&forged, &authority(r), &root(r)]).as_bytes()), c)
    }),
    (Code::TcbSignerSignature, |r, (q, c)| {
        let honest = pem(&[&r.tcb_signer.signed(&r.root_key)]).replace('\n', "\\n");
        let forged = pem(&[&r.tcb_signer.signed(&stranger())]).replace('\n', "\\n");
        (q, replace(c, &honest, &forged))
    }),
    (Code::QeSignerSignature, |r, (q, c)| {
        let honest = pem(&[&r.qe_signer.signed(&r.root_key)]).replace('\n', "\\n");
        let forged = pem(&[&r.qe_signer.signed(&stranger())]).replace('\n', "\\n");
        let text = String::from_utf8(c).unwrap();
        let at = text.rfind(&honest).unwrap();
        (q, [&text[..at], &forged, &text[at + honest.len()..]].concat().into_bytes())
    }),
    (Code::TcbInfoSignature, |_, (q, c)| (q, replace(c, "Number\\\":20", "Number\\\":21"))),
    (Code::TcbInfoSignature, |_, (q, c)| (q, zero_signature(c, "tcb_info_signature"))),
    (Code::QeIdentitySignature, |_, (q, c)| (q, zero_signature(c, "qe_identity_signature"))),
    (Code::QeIdentitySignature, |_, (q, c)| (q, replace(c, "isvprodid\\\":2", "isvprodid\\\":3"))),
    (Code::QeReportSignature, |_, (q, c)| (flip(q, NESTED), c)),
    (Code::QeReportSignature, |_, (q, c)| (flip(q, NESTED + 383), c)),
    (Code::QeReportSignature, |_, (q, c)| (flip(q, NESTED + 384), c)),
    (Code::QeReportSignature, |_, (q, c)| (set(q, NESTED + 384, &[0; 64]), c)),
    (Code::QeReportSignature, |_, (q, c)| (set(q, NESTED + 384, &[0xff; 64]), c)),
    (Code::QeReportData, |_, (q, c)| (flip(q, NESTED + 450), c)),
    (Code::QeReportData, |_, (q, c)| (flip(q, DATA + 64), c)),
    (Code::QuoteSignature, |_, (q, c)| (flip(q, DATA), c)),
    (Code::QuoteSignature, |_, (q, c)| (flip(q, DATA + 63), c)),
    (Code::QuoteSignature, |_, (q, c)| (set(q, DATA, &[0; 64]), c)),
    (Code::QuoteSignature, |_, (q, c)| (set(q, DATA, &[0xff; 32]), c)),
    (Code::QuoteSignature, |_, (q, c)| (flip(q, 48 + 520), c)),
    (Code::QuoteSignature, |_, (q, c)| (flip(q, 48 + 328), c)),
    (Code::QuoteSignature, |_, (q, c)| (flip(q, 28), c)),
];

#[test]
fn forgeries_give_their_codes() {
    let recipe = platform().recipe(&TDX);
    for (index, (code, forge)) in FORGED.iter().enumerate() {
        let product = recipe.product();
        let (evidence, collateral) = forge(&recipe, (product.evidence, product.collateral));
        let verdict = verdict(&evidence, &collateral, &anchors());
        assert_eq!(verdict, Err(Refusal::Refused(*code)), "forgery {index} to {code:?}");
    }
}

#[test]
fn every_code_of_the_whole_way_is_reached() {
    let reached: BTreeSet<Code> =
        SIGNED.iter().map(|case| case.0).chain(FORGED.iter().map(|case| case.0)).collect();
    let all: BTreeSet<Code> =
        Code::ALL.iter().copied().filter(|code| (100..180).contains(&code.number())).collect();
    assert_eq!(all.difference(&reached).collect::<Vec<_>>(), Vec::<&Code>::new());
}

/// ECDSA lets anyone negate s. The claims, and with them the replay key, do not change.
#[test]
fn negated_signatures_change_nothing() {
    let made = platform().attest(&TDX);
    let honest = verdict(&made.evidence, &made.collateral, &anchors()).unwrap();
    for at in [DATA, NESTED + 384] {
        let mut evidence = made.evidence.to_vec();
        negate_s(&mut evidence[at + 32..at + 64]);
        assert_ne!(evidence, made.evidence);
        assert_eq!(verdict(&evidence, &made.collateral, &anchors()).unwrap(), honest);
    }
}

/// A host has one report quoted as often as it likes: with another quoting enclave's id in the header,
/// and by one that makes quotes of another version. All of that is one piece of evidence.
#[test]
fn a_report_quoted_again_has_the_same_id() {
    for report in [&SGX, &TDX] {
        let honest = cook(&platform().recipe(report)).unwrap();
        let mut recipe = platform().recipe(report);
        recipe.signed[28..48].fill(7);
        assert_eq!(cook(&recipe).unwrap().id, honest.id);
        let mut recipe = platform().recipe(report);
        recipe.signed[8..12].fill(7);
        assert_eq!(cook(&recipe).unwrap().id, honest.id);
        // Every field of the report itself is in it.
        let at = recipe.signed.len() - 1;
        recipe.signed[at] ^= 1;
        assert_ne!(cook(&recipe).unwrap().id, honest.id);
    }
    let honest = cook(&platform().recipe(&TDX)).unwrap();
    for (kind, size, rest) in
        [(2, 584, vec![]), (3, 648, extended(0, 5)[..64].to_vec()), (4, 885, extended(0, 5))]
    {
        let mut recipe = platform().recipe(&TDX);
        to_version_5(&mut recipe, kind, size, &rest);
        let again = cook(&recipe).unwrap();
        assert_eq!((again.id, again.identity), (honest.id, honest.identity));
    }
}

#[test]
fn swapped_collateral_is_refused() {
    let (tdx, sgx) = (platform().attest(&TDX), platform().attest(&SGX));
    let refused = |code| Err(Refusal::Refused(code));
    assert_eq!(verdict(&tdx.evidence, &sgx.collateral, &anchors()), refused(Code::QeIdentityKind));
    assert_eq!(verdict(&sgx.evidence, &tdx.collateral, &anchors()), refused(Code::QeIdentityKind));
    let (_, quote, collateral) = VECTORS[1];
    assert_eq!(verdict(quote, &tdx.collateral, &anchors()), refused(Code::RootMismatch));
    assert_eq!(verdict(&tdx.evidence, collateral, &anchors()), refused(Code::RootMismatch));
    assert_eq!(verdict(quote, VECTORS[0].2, &anchors()), refused(Code::CrlIssuer));
    let other = DevPlatform::new(B256::repeat_byte(8), START..END).attest(&TDX);
    assert_eq!(verdict(&other.evidence, &other.collateral, &anchors()), refused(Code::UnknownRoot));
}

#[test]
fn statuses_become_bits() {
    use crate::status::{CONFIGURATION_NEEDED, OUT_OF_DATE, RELAUNCH_ADVISED, SW_HARDENING_NEEDED};
    for (word, bits) in [
        ("UpToDate", 0),
        ("SWHardeningNeeded", SW_HARDENING_NEEDED),
        ("ConfigurationNeeded", CONFIGURATION_NEEDED),
        ("ConfigurationAndSWHardeningNeeded", CONFIGURATION_NEEDED | SW_HARDENING_NEEDED),
        ("OutOfDate", OUT_OF_DATE),
        ("OutOfDateConfigurationNeeded", OUT_OF_DATE | CONFIGURATION_NEEDED),
    ] {
        let mut recipe = platform().recipe(&SGX);
        swap(&mut recipe.tcb_info, "UpToDate", word);
        assert_eq!(cook(&recipe).unwrap().status, bits, "{word}");
    }
    // An outdated module or quoting enclave lowers the platform.
    let mut recipe = platform().recipe(&TDX);
    recipe.signed[48] = 3;
    assert_eq!(cook(&recipe).unwrap().status, OUT_OF_DATE);
    let mut recipe = platform().recipe(&TDX);
    swap(&mut recipe.qe_identity, "UpToDate", "OutOfDate");
    assert_eq!(cook(&recipe).unwrap().status, OUT_OF_DATE);
    let mut recipe = platform().recipe(&TDX);
    swap(&mut recipe.qe_identity, "UpToDate", "ConfigurationNeeded");
    assert_eq!(cook(&recipe).unwrap().status, 0);
    // A platform below the first level meets the second.
    let mut recipe = platform().recipe(&SGX);
    edit_pck(&mut recipe, |platform| platform.components[3] = 0);
    assert_eq!(cook(&recipe).unwrap().status, OUT_OF_DATE);
    // The components are what is compared, as in Intel's library; not the CPUSVN beside them.
    let mut recipe = platform().recipe(&SGX);
    edit_pck(&mut recipe, |platform| platform.cpu_svn = [0; 16]);
    assert_eq!(cook(&recipe).unwrap().status, 0);
    let mut recipe = platform().recipe(&SGX);
    edit_pck(&mut recipe, |platform| platform.components[0] = 0);
    let claims = cook(&recipe).unwrap();
    assert_eq!((claims.status, claims.tcb[14]), (OUT_OF_DATE, 0));
    // Launched under an old module, running under a new one.
    let mut recipe = platform().recipe(&TDX);
    recipe.signed[48] = 3;
    to_version_5(&mut recipe, 3, 648, &[&[5, 1, 2][..], &[0; 61]].concat());
    assert_eq!(cook(&recipe).unwrap().status, RELAUNCH_ADVISED);
    let mut recipe = platform().recipe(&TDX);
    to_version_5(&mut recipe, 3, 648, &[&[1, 1, 2][..], &[0; 61]].concat());
    assert_eq!(cook(&recipe), Err(Refusal::Refused(Code::TdxModuleTcbLevel)));
}

#[test]
fn tdx_version_5_bodies() {
    for (kind, size, rest) in [(2, 584, vec![]), (3, 648, vec![0; 48]), (4, 885, vec![0; 285])] {
        let mut recipe = platform().recipe(&TDX);
        let rest = if rest.is_empty() { rest } else { [&[5, 1, 2][..], &[0; 13], &rest].concat() };
        to_version_5(&mut recipe, kind, size, &rest);
        let claims = cook(&recipe).unwrap();
        assert_eq!((claims.measurement.len(), claims.status), (400, 0));
    }
}

#[test]
fn roots_of_a_genesis_are_checked() {
    use crate::AnchorError;
    let new = |kind, roots| Anchors::new(&[(kind, roots)].into_iter().collect());
    let root = platform().root();
    assert!(new(1, vec![root.clone()]).is_ok());
    assert!(matches!(new(32, vec![root.clone()]), Err(AnchorError::Kind(32))));
    assert!(matches!(
        new(1, vec![root.clone(), root.clone()]),
        Err(AnchorError::Anchor { index: 1, .. })
    ));
    assert!(matches!(new(1, vec![INTEL_ROOT_DER.into()]), Err(AnchorError::Anchor { .. })));
    assert!(matches!(new(1, vec![root[1..].to_vec().into()]), Err(AnchorError::Anchor { .. })));
    assert!(matches!(new(1, vec![root; 9]), Err(AnchorError::TooMany { count: 9, .. })));
    let recipe = platform().recipe(&TDX);
    for bad in [recipe.root.signed(&stranger()), recipe.pck.signed(&recipe.root_key), {
        let mut root = recipe.root.clone();
        root.extensions = authority_extensions(0);
        root.signed(&recipe.root_key)
    }] {
        assert!(matches!(new(1, vec![bad.into()]), Err(AnchorError::Anchor { .. })));
    }
}

pub(super) fn stranger() -> Key {
    Key::derive(B256::ZERO, "stranger")
}

pub(super) fn swap(text: &mut String, from: &str, to: &str) {
    assert!(text.contains(from), "{from} in {text}");
    *text = text.replacen(from, to, 1);
}

fn replace(text: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let mut text = String::from_utf8(text).unwrap();
    swap(&mut text, from, to);
    text.into_bytes()
}

fn set(mut bytes: Vec<u8>, at: usize, with: &[u8]) -> Vec<u8> {
    bytes[at..at + with.len()].copy_from_slice(with);
    bytes
}

fn flip(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
    bytes[at] ^= 1;
    bytes
}

fn patch(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
}

fn zero_signature(collateral: Vec<u8>, name: &str) -> Vec<u8> {
    let text = String::from_utf8(collateral).unwrap();
    let start = text.find(name).unwrap() + name.len() + 3;
    [&text[..start], &"0".repeat(128), &text[start + 128..]].concat().into_bytes()
}

fn root(recipe: &Recipe) -> Vec<u8> {
    recipe.root.signed(&recipe.root_key)
}

fn authority(recipe: &Recipe) -> Vec<u8> {
    recipe.authority.signed(&recipe.root_key)
}

fn pck(recipe: &Recipe) -> Vec<u8> {
    recipe.pck.signed(&recipe.authority_key)
}

fn chain(recipe: &Recipe) -> String {
    pem(&[&pck(recipe), &authority(recipe), &root(recipe)])
}

fn with_pck(recipe: &Recipe, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut der = pck(recipe);
    change(&mut der);
    pem(&[&der, &authority(recipe), &root(recipe)])
}

/// Restates the platform in the PCK certificate alone.
fn edit_pck(recipe: &mut Recipe, change: impl FnOnce(&mut crate::dev::recipe::Platform)) {
    let mut edited = platform().platform();
    change(&mut edited);
    recipe.pck.extensions[2] = edited.extension();
}

/// What a TD report 1.5ex adds, with one byte set.
fn extended(at: usize, byte: u8) -> Vec<u8> {
    let mut rest = [&[5, 1, 2][..], &[0; 298]].concat();
    rest[at] = byte;
    rest
}

/// Makes a version 4 quote one of version 5, with `rest` after the TDX 1.0 report.
pub(super) fn to_version_5(recipe: &mut Recipe, kind: u16, size: u32, rest: &[u8]) {
    let (header, body) = recipe.signed.split_at(48);
    let typed = [&kind.to_le_bytes()[..], &size.to_le_bytes()].concat();
    recipe.signed = [header, &typed, body, rest].concat();
    recipe.signed[0] = 5;
}

/// Replaces s by n − s.
fn negate_s(s: &mut [u8]) {
    const ORDER: [u8; 32] =
        hex!("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let mut borrow = 0i16;
    for (byte, order) in s.iter_mut().zip(ORDER).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = (difference & 0xff) as u8;
    }
}
