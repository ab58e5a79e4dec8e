//! The claims of NVIDIA's tokens, as its Remote Attestation Service issues them.

use crate::{
    Code,
    encoding::{
        Malformed, hex,
        json::{Json, Next, set},
    },
};
use alloc::vec::Vec;

const ISSUER: &str = "https://nras.attestation.nvidia.com";
const SUBJECT: &str = "NVIDIA-PLATFORM-ATTESTATION";
/// Most characters of a model, an id or a version.
const MAX_TEXT: usize = 64;
/// Begins the name of every check that the service made on a GPU.
const CHECK_PREFIX: &str = "x-nvidia-gpu-";
const SUBMODULE_PREFIX: &str = "GPU-";

/// Checks that NVIDIA's own verifiers refuse to do without, beside those that [`GpuFields`] names: what
/// states them, and whether claims of version 2.0 and of version 3.0 do.
const EXPECTED: [(&str, Next, bool, bool); 18] = [
    ("x-nvidia-gpu-arch-check", Next::Boolean, true, true),
    ("x-nvidia-gpu-attestation-report-parsed", Next::Boolean, true, true),
    ("x-nvidia-gpu-attestation-report-cert-chain-fwid-match", Next::Boolean, false, true),
    ("x-nvidia-gpu-driver-rim-fetched", Next::Boolean, true, true),
    ("x-nvidia-gpu-driver-rim-schema-validated", Next::Boolean, true, false),
    ("x-nvidia-gpu-driver-rim-cert-validated", Next::Boolean, true, false),
    ("x-nvidia-gpu-driver-rim-cert-chain", Next::Object, false, true),
    ("x-nvidia-gpu-driver-rim-signature-verified", Next::Boolean, true, true),
    ("x-nvidia-gpu-driver-rim-version-match", Next::Boolean, false, true),
    ("x-nvidia-gpu-driver-rim-measurements-available", Next::Boolean, true, true),
    ("x-nvidia-gpu-vbios-rim-fetched", Next::Boolean, true, true),
    ("x-nvidia-gpu-vbios-rim-schema-validated", Next::Boolean, true, false),
    ("x-nvidia-gpu-vbios-rim-cert-validated", Next::Boolean, true, false),
    ("x-nvidia-gpu-vbios-rim-cert-chain", Next::Object, false, true),
    ("x-nvidia-gpu-vbios-rim-signature-verified", Next::Boolean, true, true),
    ("x-nvidia-gpu-vbios-rim-version-match", Next::Boolean, false, true),
    ("x-nvidia-gpu-vbios-rim-measurements-available", Next::Boolean, true, true),
    ("x-nvidia-gpu-vbios-index-no-conflict", Next::Boolean, true, true),
];

/// A version whose claims are known to mean what is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// 2.0: certificate chains are checks like any other.
    V2,
    /// 3.0: certificate chains are objects.
    V3,
}

impl Version {
    fn from_text(text: &str) -> Option<Self> {
        match text {
            "2.0" => Some(Self::V2),
            "3.0" => Some(Self::V3),
            _ => None,
        }
    }

    /// Which of [`EXPECTED`] its claims state, a bit for each.
    fn expected(self) -> u32 {
        EXPECTED.iter().rev().fold(0, |set, (_, _, in_v2, in_v3)| {
            let is_expected = match self {
                Self::V2 => *in_v2,
                Self::V3 => *in_v3,
            };
            set << 1 | u32::from(is_expected)
        })
    }
}

/// Claims that every token carries.
#[derive(Default)]
struct Common<'a> {
    issuer: Option<&'a str>,
    nonce: Option<&'a str>,
    not_before: Option<u64>,
    expires: Option<u64>,
    issued: Option<u64>,
    /// The service says what went wrong.
    has_error: bool,
}

/// A nonce, and when a token holds: from `not_before`, which is not before it was `issued`, up to but
/// not including `expires`.
#[derive(Clone, Copy)]
pub(super) struct Issue {
    pub(super) nonce: [u8; 32],
    pub(super) not_before: u64,
    pub(super) expires: u64,
    pub(super) issued: u64,
}

impl<'a> Common<'a> {
    /// Reads a claim if it is one of these.
    fn read(&mut self, json: &mut Json<'a>, name: &str) -> Result<bool, Malformed> {
        match name {
            "iss" => set(&mut self.issuer, json.plain_string()?)?,
            "eat_nonce" => set(&mut self.nonce, json.plain_string()?)?,
            "nbf" => set(&mut self.not_before, json.integer()?)?,
            "exp" => set(&mut self.expires, json.integer()?)?,
            "iat" => set(&mut self.issued, json.integer()?)?,
            "x-nvidia-error-details" => {
                self.has_error |= json.nullable(Json::skip)?.is_some();
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn is_complete(&self) -> bool {
        self.issuer.is_some()
            && self.nonce.is_some()
            && self.not_before.is_some()
            && self.expires.is_some()
            && self.issued.is_some()
    }

    fn check_issuer(&self) -> Result<(), Code> {
        if self.issuer == Some(ISSUER) { Ok(()) } else { Err(Code::GpuIssuer) }
    }

    fn issue(&self) -> Result<Issue, Code> {
        let nonce = self.nonce.ok_or(Code::GpuClaims)?;
        let issued = self.issued.ok_or(Code::GpuClaims)?;
        Ok(Issue {
            nonce: hex::decode_array(nonce).map_err(|Malformed| Code::GpuNonce)?,
            not_before: self.not_before.ok_or(Code::GpuClaims)?.max(issued),
            expires: self.expires.ok_or(Code::GpuClaims)?,
            issued,
        })
    }
}

/// What the overall token says.
pub(super) struct Overall {
    pub(super) version: Version,
    pub(super) issue: Issue,
    /// SHA-256 of each GPU's token, in the order of the claim.
    pub(super) digests: Vec<[u8; 32]>,
}

impl Overall {
    /// Reads and judges the claims of a token over `gpus` GPUs.
    pub(super) fn parse(claims: &[u8], gpus: usize) -> Result<Self, Code> {
        let mut common = Common::default();
        let (mut subject, mut version, mut result, mut submodules) = (None, None, None, None);
        let read = Json::document(claims, |json, name| match name {
            "sub" => set(&mut subject, json.plain_string()?),
            "x-nvidia-ver" => set(&mut version, json.plain_string()?),
            "x-nvidia-overall-att-result" => set(&mut result, json.boolean()?),
            "submods" => set(&mut submodules, read_submodules(json)?),
            _ if common.read(json, name)? => Ok(()),
            _ => json.skip(),
        });
        let (Ok(()), true, Some(subject), Some(version), Some(result), Some(submodules)) =
            (read, common.is_complete(), subject, version, result, submodules)
        else {
            return Err(Code::GpuClaims);
        };
        common.check_issuer()?;
        if subject != SUBJECT {
            return Err(Code::GpuSubject);
        }
        let version = Version::from_text(version).ok_or(Code::GpuClaimsVersion)?;
        if !result || common.has_error {
            return Err(Code::GpuOverallResult);
        }
        let issue = common.issue()?;
        let mut names: Vec<&str> = submodules.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() != gpus || submodules.len() != gpus || !names.into_iter().all(is_gpu) {
            return Err(Code::GpuSubmodules);
        }
        let digests = submodules.into_iter().map(|(_, digest)| digest).collect();
        Ok(Self { version, issue, digests })
    }
}

/// Reads names and `["DIGEST", ["SHA-256", hex]]`.
fn read_submodules<'a>(json: &mut Json<'a>) -> Result<Vec<(&'a str, [u8; 32])>, Malformed> {
    let mut submodules = Vec::new();
    json.object(|json, name| {
        let (mut form, mut digest) = (None, None);
        json.array(|json| {
            if form.is_none() {
                return set(&mut form, json.plain_string()?);
            }
            let (mut algorithm, mut value) = (None, None);
            json.array(|json| match algorithm {
                None => set(&mut algorithm, json.plain_string()?),
                Some(_) => set(&mut value, hex::decode_array(json.plain_string()?)?),
            })?;
            match (algorithm, value) {
                (Some("SHA-256"), Some(value)) => set(&mut digest, value),
                _ => Err(Malformed),
            }
        })?;
        match (form, digest) {
            (Some("DIGEST"), Some(digest)) => {
                submodules.push((name, digest));
                Ok(())
            }
            _ => Err(Malformed),
        }
    })?;
    Ok(submodules)
}

/// `GPU-` and a number, as the service names GPUs.
fn is_gpu(name: &str) -> bool {
    name.strip_prefix(SUBMODULE_PREFIX).is_some_and(|number| {
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        is_number && matches!(number.len(), 1..=3) && (number == "0" || !number.starts_with('0'))
    })
}

/// What a GPU's token says of it.
pub(super) struct Gpu<'a> {
    pub(super) issue: Issue,
    pub(super) model: &'a str,
    pub(super) id: &'a str,
    pub(super) driver: &'a str,
    pub(super) vbios: &'a str,
    /// The service warns of something that it does not refuse.
    pub(super) has_warning: bool,
}

#[derive(Default)]
struct GpuFields<'a> {
    common: Common<'a>,
    model: Option<&'a str>,
    id: Option<&'a str>,
    driver: Option<&'a str>,
    vbios: Option<&'a str>,
    measurements: Option<&'a str>,
    debug: Option<Option<&'a str>>,
    secure_boot: Option<Option<bool>>,
    nonce_matches: Option<bool>,
    report_is_signed: Option<bool>,
    /// The report's certificate chain, as claims of version 2.0 state it.
    chain_is_valid: Option<bool>,
    /// The same in version 3.0.
    has_chain: bool,
    /// Which of [`EXPECTED`] are stated, a bit for each.
    stated: u32,
    failed_check: bool,
    bad_certificate: bool,
    has_warning: bool,
}

impl<'a> GpuFields<'a> {
    fn read(&mut self, json: &mut Json<'a>, name: &str) -> Result<(), Malformed> {
        match name {
            "hwmodel" => set(&mut self.model, json.plain_string()?),
            "ueid" => set(&mut self.id, json.plain_string()?),
            "x-nvidia-gpu-driver-version" => set(&mut self.driver, json.plain_string()?),
            "x-nvidia-gpu-vbios-version" => set(&mut self.vbios, json.plain_string()?),
            "measres" => set(&mut self.measurements, json.plain_string()?),
            "dbgstat" => set(&mut self.debug, json.nullable(Json::plain_string)?),
            "secboot" => set(&mut self.secure_boot, json.nullable(Json::boolean)?),
            "x-nvidia-gpu-attestation-report-nonce-match" => {
                set(&mut self.nonce_matches, json.boolean()?)
            }
            "x-nvidia-gpu-attestation-report-signature-verified" => {
                set(&mut self.report_is_signed, json.boolean()?)
            }
            "x-nvidia-gpu-attestation-report-cert-chain-validated" => {
                set(&mut self.chain_is_valid, json.boolean()?)
            }
            "x-nvidia-gpu-attestation-report-cert-chain" => {
                self.has_chain = true;
                self.read_certificates(json)
            }
            "x-nvidia-attestation-warning" => {
                self.has_warning |= json.nullable(Json::skip)?.is_some();
                Ok(())
            }
            _ if self.common.read(json, name)? => Ok(()),
            _ if name.starts_with(CHECK_PREFIX) => self.read_check(json, name),
            _ => json.skip(),
        }
    }

    /// A check that the service made, a certificate chain that it looked at, or something else about
    /// the GPU.
    fn read_check(&mut self, json: &mut Json<'a>, name: &str) -> Result<(), Malformed> {
        let form = json.next();
        let mut is_null = false;
        match form {
            Next::Boolean => self.failed_check |= !json.boolean()?,
            Next::Object => self.read_certificates(json)?,
            // Null is a check that was not made.
            Next::Other => is_null = json.nullable(Json::skip)?.is_none(),
        }
        self.failed_check |= is_null;
        let expected =
            EXPECTED.iter().position(|(known, of, ..)| *known == name && (is_null || *of == form));
        if let Some(index) = expected {
            self.stated |= 1 << index;
        }
        Ok(())
    }

    /// What the service found of a certificate chain.
    fn read_certificates(&mut self, json: &mut Json<'a>) -> Result<(), Malformed> {
        let (mut status, mut revocation, mut failed_check) = (None, None, false);
        json.object(|json, name| match name {
            "x-nvidia-cert-status" => set(&mut status, json.nullable(Json::plain_string)?),
            "x-nvidia-cert-ocsp-status" => set(&mut revocation, json.nullable(Json::plain_string)?),
            // Whether the answer about revocation is valid, and one to the question asked.
            _ if json.next() == Next::Boolean => {
                failed_check |= !json.boolean()?;
                Ok(())
            }
            _ => json.skip(),
        })?;
        self.bad_certificate |= status != Some(Some("valid"));
        self.has_warning |= revocation != Some(Some("good")) || failed_check;
        Ok(())
    }
}

impl<'a> Gpu<'a> {
    /// Reads and judges the claims of a GPU's token, which must carry `nonce` and be of `version`.
    pub(super) fn parse(
        claims: &'a [u8],
        version: Version,
        nonce: &[u8; 32],
    ) -> Result<Self, Code> {
        let mut fields = GpuFields::default();
        let read = Json::document(claims, |json, name| fields.read(json, name));
        let GpuFields { common, failed_check, bad_certificate, has_warning, .. } = fields;
        let (Ok(()), true) = (read, common.is_complete()) else { return Err(Code::GpuClaims) };
        let (Some(model), Some(id), Some(driver), Some(vbios), Some(measurements)) =
            (fields.model, fields.id, fields.driver, fields.vbios, fields.measurements)
        else {
            return Err(Code::GpuClaims);
        };
        let (Some(debug), Some(secure_boot), Some(nonce_matches), Some(report_is_signed)) =
            (fields.debug, fields.secure_boot, fields.nonce_matches, fields.report_is_signed)
        else {
            return Err(Code::GpuClaims);
        };
        let chain_is_valid = match version {
            Version::V2 => fields.chain_is_valid.ok_or(Code::GpuClaims)?,
            // Judged with every other chain below.
            Version::V3 if fields.has_chain => true,
            Version::V3 => return Err(Code::GpuClaims),
        };
        let expected = version.expected();
        if fields.stated & expected != expected {
            return Err(Code::GpuClaims);
        }
        common.check_issuer()?;
        let issue = common.issue()?;
        if issue.nonce != *nonce {
            return Err(Code::GpuNonceMismatch);
        }
        if measurements != "success" {
            return Err(Code::GpuMeasurements);
        }
        if debug != Some("disabled") {
            return Err(Code::GpuDebug);
        }
        if secure_boot != Some(true) {
            return Err(Code::GpuSecureBoot);
        }
        let checks = [nonce_matches, report_is_signed, chain_is_valid, !common.has_error];
        if failed_check || checks.contains(&false) {
            return Err(Code::GpuCheck);
        }
        if bad_certificate {
            return Err(Code::GpuCertificate);
        }
        if [model, id, driver, vbios].iter().any(|text| !(1..=MAX_TEXT).contains(&text.len())) {
            return Err(Code::GpuText);
        }
        Ok(Self { issue, model, id, driver, vbios, has_warning })
    }
}
