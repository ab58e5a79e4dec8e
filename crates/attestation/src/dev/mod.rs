//! Software-made evidence in the vendors' formats, for development chains and tests.
//!
//! A development chain names the root of a [`DevPlatform`] or [`DevNitro`] in its genesis; evidence
//! made here then goes through the very same verifier as the vendor's, and every other chain refuses
//! it for its root. A [`DevGpu`]'s key is pinned instead. There is no hardware behind either: whoever
//! knows the seed can attest to anything.

pub(crate) mod abi;
mod calendar;
pub(crate) mod cbor;
pub(crate) mod der;
pub(crate) mod gpu;
mod groth16;
pub(crate) mod nitro;
pub(crate) mod recipe;
pub(crate) mod rsa;
pub(crate) mod snp;
pub(crate) mod x509;

use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};
pub use gpu::DevGpu;
pub use groth16::DevGroth16;
pub use nitro::{DevDocument, DevNitro};
pub use snp::{DevSnp, DevSnpReport};

use alloy_primitives::{B256, Bytes, hex, keccak256};
use core::ops::Range;
use recipe::{Platform, Recipe};
use x509::{Certificate, Key, RevocationList};

const INTEL_VENDOR: [u8; 16] = hex!("939a7233f79c4ca9940a0db3957f0607");
const ROOT_NAME: &str = "Assay development root";
const AUTHORITY_NAME: &str = "Assay development PCK authority";
const PCK_NAME: &str = "Assay SGX PCK Certificate";
const SIGNER_NAME: &str = "Assay SGX TCB Signing";

/// Versions of the platform, which its TCB info calls up to date.
const CPU_SVN: [u8; 16] = [1; 16];
const PCE_SVN: u16 = 11;
const TDX_SVN: [u8; 16] = [5, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// TCB evaluation data number of its statements.
pub const DEV_EVALUATION: u32 = 20;
const PCK_SERIAL: u8 = 3;

/// What a software-made quote says about the code it speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DevReport {
    /// An SGX enclave (quote version 3).
    Sgx {
        /// Measurement of the enclave's code and data.
        mr_enclave: B256,
        /// Hash of the key that signed the enclave.
        mr_signer: B256,
        /// What the enclave binds.
        report_data: [u8; 64],
    },
    /// A trust domain (quote version 4).
    Tdx {
        /// Measurement of the TD's initial contents.
        mr_td: [u8; 48],
        /// Runtime measurement registers 0 to 3.
        registers: [[u8; 48]; 4],
        /// What the TD binds.
        report_data: [u8; 64],
    },
}

/// Evidence and the collateral to verify it with, as [`verify`](crate::verify) takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevEvidence {
    /// The quote.
    pub evidence: Bytes,
    /// dcap-qvl's `QuoteCollateralV3` as JSON.
    pub collateral: Bytes,
}

/// Evidence of kind 5: a CPU's evidence of `cpu_kind` whose report data has, in bytes 32 to 63, the
/// nonce that `gpu`, evidence of kind 4, was made under.
pub fn composite_evidence(cpu_kind: u8, cpu: &[u8], gpu: &[u8]) -> Bytes {
    let values = [abi::Value::Number(cpu_kind), abi::Value::Bytes(cpu), abi::Value::Bytes(gpu)];
    abi::encode(&values).into()
}

/// What a platform's vendor states of it, as [`DevPlatform::stating`] takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DevStatements {
    /// Unix seconds from the issue of all four statements to their end, exclusive, not empty; `None`
    /// is the platform's validity, which bounds them in any case.
    pub window: Option<Range<u64>>,
    /// The TCB info calls the platform out of date.
    pub out_of_date: bool,
    /// The PCK authority's list names the platform's certificate.
    pub revoked: bool,
}

/// A made-up platform with its whole hierarchy: root, PCK, signers, statements, lists.
///
/// All of it follows from the seed and the validity, so that genesis and evidence agree.
#[derive(Clone)]
pub struct DevPlatform {
    seed: B256,
    validity: Range<u64>,
    statements: DevStatements,
}

impl DevPlatform {
    /// A platform whose every statement holds exactly during `validity`, in unix seconds.
    ///
    /// The range must not be empty and must lie before the year 10,000; evidence outside that is
    /// refused like any other without a window.
    pub const fn new(seed: B256, validity: Range<u64>) -> Self {
        let statements = DevStatements { window: None, out_of_date: false, revoked: false };
        Self { seed, validity, statements }
    }

    /// The same platform under other statements of the same vendor.
    #[must_use]
    pub fn stating(self, statements: DevStatements) -> Self {
        Self { statements, ..self }
    }

    /// DER of the root, for the genesis entry `assay.trust` under kind 1.
    pub fn root(&self) -> Bytes {
        let key = Key::derive(self.seed, "root");
        self.root_certificate(&key).signed(&key).into()
    }

    /// Attests to `report`.
    pub fn attest(&self, report: &DevReport) -> DevEvidence {
        let product = self.recipe(report).product();
        DevEvidence { evidence: product.evidence.into(), collateral: product.collateral.into() }
    }

    pub(crate) fn recipe(&self, report: &DevReport) -> Recipe {
        let key = |purpose| Key::derive(self.seed, purpose);
        let (root_key, authority_key, pck_key) = (key("root"), key("pck authority"), key("pck"));
        let signer_key = key("signer");
        let is_tdx = matches!(report, DevReport::Tdx { .. });
        let platform = self.platform();
        let mut pck_extensions = x509::signer_extensions();
        pck_extensions.push(platform.extension());
        let signer =
            self.certificate(SIGNER_NAME, ROOT_NAME, 4, &signer_key, x509::signer_extensions());
        Recipe {
            root: self.root_certificate(&root_key),
            authority: self.certificate(
                AUTHORITY_NAME,
                ROOT_NAME,
                2,
                &authority_key,
                x509::authority_extensions(0),
            ),
            pck: self.certificate(PCK_NAME, AUTHORITY_NAME, PCK_SERIAL, &pck_key, pck_extensions),
            qe_signer: signer.clone(),
            tcb_signer: signer,
            root_crl: self.revocation_list(ROOT_NAME, &[]),
            pck_crl: self.revocation_list(
                AUTHORITY_NAME,
                if self.statements.revoked { &[PCK_SERIAL] } else { &[] },
            ),
            tcb_info: self.tcb_info(&platform, is_tdx),
            qe_identity: self.qe_identity(is_tdx),
            signed: signed_part(report),
            qe_report: self.qe_report(is_tdx),
            attestation_key: key("attestation"),
            root_key,
            authority_key,
            pck_key,
            signer_key,
        }
    }

    /// The last second of validity, which certificates and statements name.
    const fn last(&self) -> u64 {
        self.validity.end.saturating_sub(1)
    }

    fn bytes<const N: usize>(&self, purpose: &str) -> [u8; N] {
        let mut bytes = [0; N];
        for (index, chunk) in bytes.chunks_mut(32).enumerate() {
            let block =
                keccak256([self.seed.as_slice(), purpose.as_bytes(), &[index as u8]].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        bytes
    }

    pub(crate) fn platform(&self) -> Platform {
        Platform {
            ppid: self.bytes("ppid"),
            components: CPU_SVN.map(u16::from),
            cpu_svn: CPU_SVN,
            pce_svn: PCE_SVN,
            pce_id: [0, 0],
            fmspc: self.bytes("fmspc"),
        }
    }

    fn root_certificate(&self, key: &Key) -> Certificate {
        self.certificate(ROOT_NAME, ROOT_NAME, 1, key, x509::authority_extensions(1))
    }

    fn certificate(
        &self,
        subject: &str,
        issuer: &str,
        serial: u8,
        key: &Key,
        extensions: Vec<x509::Extension>,
    ) -> Certificate {
        Certificate {
            serial: vec![serial],
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            not_before: self.validity.start,
            not_after: self.last(),
            key_algorithm: key.algorithm(),
            key: key.public(),
            extensions,
        }
    }

    /// When the statements were issued and end.
    fn stated(&self) -> Range<u64> {
        self.statements.window.clone().unwrap_or_else(|| self.validity.clone())
    }

    /// Issue date and next update of a statement, the last second that it names.
    fn dates(&self) -> String {
        let window = self.stated();
        recipe::dates(window.start, window.end.saturating_sub(1))
    }

    fn revocation_list(&self, issuer: &str, serials: &[u8]) -> RevocationList {
        let window = self.stated();
        let revoked = serials.iter().map(|serial| vec![*serial]).chain([vec![0xff, 1]]);
        RevocationList {
            issuer: issuer.to_owned(),
            this_update: window.start,
            next_update: window.end,
            revoked: revoked.collect(),
            extensions: x509::list_extensions(),
        }
    }

    fn tcb_info(&self, platform: &Platform, is_tdx: bool) -> String {
        let components = |svns: [u8; 16]| svns.map(|svn| format!(r#"{{"svn":{svn}}}"#)).join(",");
        let (id, module, tdx) = if is_tdx {
            let module = format!(
                r#""mrsigner":"{}","attributes":"{}","attributesMask":"{}""#,
                "00".repeat(48),
                "00".repeat(8),
                "FF".repeat(8),
            );
            let levels = r#"[{"tcb":{"isvsvn":5},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"UpToDate"},{"tcb":{"isvsvn":2},"tcbDate":"2024-01-01T00:00:00Z","tcbStatus":"OutOfDate"}]"#;
            let modules = format!(
                r#","tdxModule":{{{module}}},"tdxModuleIdentities":[{{"id":"TDX_01",{module},"tcbLevels":{levels}}}]"#
            );
            ("TDX", modules, format!(r#","tdxtcbcomponents":[{}]"#, components(TDX_SVN)))
        } else {
            ("SGX", String::new(), String::new())
        };
        let level = |svns, status| {
            format!(
                r#"{{"tcb":{{"sgxtcbcomponents":[{}],"pcesvn":{PCE_SVN}{tdx}}},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"{status}"}}"#,
                components(svns),
            )
        };
        format!(
            r#"{{"id":"{id}","version":3,{},"fmspc":"{}","pceId":"{}","tcbType":0,"tcbEvaluationDataNumber":{DEV_EVALUATION}{module},"tcbLevels":[{},{}]}}"#,
            self.dates(),
            hex::encode_upper(platform.fmspc),
            hex::encode_upper(platform.pce_id),
            level(CPU_SVN, if self.statements.out_of_date { "OutOfDate" } else { "UpToDate" }),
            level([0; 16], "OutOfDate"),
        )
    }

    fn qe_identity(&self, is_tdx: bool) -> String {
        let (id, product) = if is_tdx { ("TD_QE", 2) } else { ("QE", 1) };
        format!(
            r#"{{"id":"{id}","version":2,{},"tcbEvaluationDataNumber":{DEV_EVALUATION},"miscselect":"00000000","miscselectMask":"FFFFFFFF","attributes":"11000000000000000000000000000000","attributesMask":"FBFFFFFFFFFFFFFF0000000000000000","mrsigner":"{}","isvprodid":{product},"tcbLevels":[{{"tcb":{{"isvsvn":4}},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"UpToDate"}}]}}"#,
            self.dates(),
            hex::encode_upper(self.bytes::<32>("qe signer")),
        )
    }

    /// The quoting enclave's report, without its report data.
    fn qe_report(&self, is_tdx: bool) -> Vec<u8> {
        let mut report = enclave_report(
            &self.bytes::<32>("qe measurement"),
            &self.bytes::<32>("qe signer"),
            &[0; 64],
        );
        report[256] = if is_tdx { 2 } else { 1 };
        report[258] = 4;
        report
    }
}

/// An enclave report (`sgx_report_body_t`) of a 64-bit production enclave.
fn enclave_report(mr_enclave: &[u8; 32], mr_signer: &[u8; 32], report_data: &[u8; 64]) -> Vec<u8> {
    let mut report = vec![0; 384];
    report[..16].copy_from_slice(&CPU_SVN);
    // INIT, MODE64BIT and PROVISION_KEY, the last as quoting enclaves have it.
    report[48] = 0x15;
    report[64..96].copy_from_slice(mr_enclave);
    report[128..160].copy_from_slice(mr_signer);
    report[320..].copy_from_slice(report_data);
    report
}

/// Header and body of the quote.
fn signed_part(report: &DevReport) -> Vec<u8> {
    let (version, tee, body) = match report {
        DevReport::Sgx { mr_enclave, mr_signer, report_data } => {
            (3u16, 0u32, enclave_report(mr_enclave, mr_signer, report_data))
        }
        DevReport::Tdx { mr_td, registers, report_data } => {
            let mut body = vec![0; 584];
            body[..16].copy_from_slice(&TDX_SVN);
            // SEPT_VE_DISABLE, and the x87 and SSE states.
            body[123] = 0x10;
            body[128] = 0x03;
            body[136..184].copy_from_slice(mr_td);
            body[328..520].copy_from_slice(registers.as_flattened());
            body[520..].copy_from_slice(report_data);
            (4, 0x81, body)
        }
    };
    [
        &version.to_le_bytes()[..],
        &2u16.to_le_bytes(),
        &tee.to_le_bytes(),
        &[0; 4],
        &INTEL_VENDOR,
        &[0; 20],
        &body,
    ]
    .concat()
}
