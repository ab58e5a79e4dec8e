//! The three certificates and the list over them: ARK, ASK or ASVK, VCEK or VLEK.

use super::{evidence::Evidence, list::Revocations};
use crate::{
    Anchors, Backend, Code,
    encoding::{
        algorithm::Algorithm,
        x509::{self, Certificate, Profile, Role},
    },
    kinds::kind,
    window::Window,
};
use alloy_primitives::B256;

/// Of the ARK, and of the ASK or ASVK.
const AUTHORITY: Profile =
    Profile { key: Algorithm::RsaPss4096, signed_with: Algorithm::RsaPss4096, extensions: &[] };
/// Of the VCEK or VLEK.
const REPORTER: Profile =
    Profile { key: Algorithm::EcdsaP384, signed_with: Algorithm::RsaPss4096, extensions: &[] };
/// The algorithm of a revocation list.
pub(super) const LIST_SIGNED_WITH: Algorithm = Algorithm::RsaPss4096;
const ROOT: Role = Role::Authority { below: 1 };

/// A trusted root.
pub(super) struct Root<'a> {
    /// keccak256 of its DER.
    pub(super) anchor: B256,
    pub(super) certificate: Certificate<'a>,
}

impl<'a> Root<'a> {
    /// The first trusted root of this name; every root is its own issuer and may be a root.
    pub(super) fn find(anchors: &'a Anchors, name: &[u8], backend: Backend) -> Result<Self, Code> {
        let (anchor, der) = anchors
            .hashed(kind::AMD_SEV_SNP)
            .find(|(_, der)| x509::subject(der) == Ok(name))
            .ok_or(Code::UnknownRoot)?;
        let certificate = Certificate::parse(der, AUTHORITY, backend)?;
        Ok(Self { anchor, certificate })
    }
}

/// The certificates of a report.
pub(super) struct Chain<'a> {
    pub(super) root: Root<'a>,
    /// ASK or ASVK.
    pub(super) authority: Certificate<'a>,
    /// VCEK or VLEK.
    pub(super) reporter: Certificate<'a>,
}

impl<'a> Chain<'a> {
    pub(super) fn parse(
        evidence: &Evidence<'a>,
        anchors: &'a Anchors,
        backend: Backend,
    ) -> Result<Self, Code> {
        let reporter = Certificate::parse(evidence.reporter, REPORTER, backend)?;
        let authority = Certificate::parse(evidence.authority, AUTHORITY, backend)?;
        let root = Root::find(anchors, authority.issuer, backend)?;
        Ok(Self { root, authority, reporter })
    }

    /// Names, then usages, then revocation.
    pub(super) fn check_relations(&self, list: &Revocations<'_>) -> Result<(), Code> {
        if self.reporter.issuer != self.authority.subject {
            return Err(Code::CertificateIssuer);
        }
        let may =
            self.authority.may(Role::Issuer { below: 0 }) && self.reporter.may(Role::Reporter);
        if !may {
            return Err(Code::CertificateUsage);
        }
        list.check_issuer(&self.root)?;
        let root = &self.root.certificate;
        if list.revokes(&root.serial) || list.revokes(&self.authority.serial) {
            return Err(Code::CertificateRevoked);
        }
        Ok(())
    }

    /// Narrows a window to when every certificate holds.
    pub(super) fn narrow(&self, window: &mut Window) {
        for certificate in [&self.root.certificate, &self.authority, &self.reporter] {
            window.narrow_inclusive(certificate.not_before, certificate.not_after);
        }
    }

    pub(super) fn check_signatures(&self, backend: Backend) -> Result<(), Code> {
        if !self.root.certificate.has_signed(&self.authority, backend) {
            return Err(Code::SnpAskSignature);
        }
        if !self.authority.has_signed(&self.reporter, backend) {
            return Err(Code::SnpVekSignature);
        }
        Ok(())
    }
}

/// Whether a genesis may name `der` as a root.
pub(crate) fn check_root(der: &[u8]) -> Result<(), Code> {
    x509::check_root(der, AUTHORITY, ROOT)
}
