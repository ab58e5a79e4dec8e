//! From AWS's root to the certificate that signs the document.

use super::{PROFILE, document::Document};
use crate::{
    Anchors, Backend, Code,
    encoding::x509::{Certificate, Role},
    kinds::kind,
    window::Window,
};
use alloc::vec::Vec;
use alloy_primitives::{B256, keccak256};

/// A document's certificates, related but with no signature checked.
pub(crate) struct Chain<'a> {
    root_der: &'a [u8],
    /// Root first; each below the one before it.
    authorities: Vec<Certificate<'a>>,
    leaf: Certificate<'a>,
}

impl<'a> Chain<'a> {
    /// Reads the certificates, the root's first; then names, then usages.
    pub(crate) fn check(
        document: &Document<'a>,
        anchors: &Anchors,
        backend: Backend,
    ) -> Result<Self, Code> {
        let root_der = *document.bundle.first().ok_or(Code::ChainLength)?;
        if !anchors.of(kind::AWS_NITRO).any(|root| root == root_der) {
            return Err(Code::UnknownRoot);
        }
        let authorities = document
            .bundle
            .iter()
            .map(|der| Certificate::parse(der, PROFILE, backend))
            .collect::<Result<Vec<_>, _>>()?;
        let leaf = Certificate::parse(document.certificate, PROFILE, backend)?;
        let chain = Self { root_der, authorities, leaf };
        chain.check_names()?;
        chain.check_usages()?;
        Ok(chain)
    }

    /// Every certificate with its issuer; the root is its own.
    fn links(&self) -> impl Iterator<Item = (&Certificate<'a>, &Certificate<'a>)> {
        self.authorities
            .iter()
            .zip(self.authorities.iter().skip(1).chain(core::iter::once(&self.leaf)))
    }

    fn check_names(&self) -> Result<(), Code> {
        let is_root = self.authorities.first().is_some_and(|root| root.issuer == root.subject);
        let named = self.links().all(|(issuer, subject)| subject.issuer == issuer.subject);
        if is_root && named { Ok(()) } else { Err(Code::CertificateIssuer) }
    }

    fn check_usages(&self) -> Result<(), Code> {
        // Counts down to the last authority, which has none below it.
        let below = (0..self.authorities.len() as u8).rev();
        let may = self
            .authorities
            .iter()
            .zip(below)
            .all(|(authority, below)| authority.may(Role::Issuer { below }))
            && self.leaf.may(Role::Signer);
        if may { Ok(()) } else { Err(Code::CertificateUsage) }
    }

    /// keccak256 of the root's DER.
    pub(crate) fn anchor(&self) -> B256 {
        keccak256(self.root_der)
    }

    /// Certificates below the root, the leaf last.
    pub(crate) fn below_root(&self) -> impl Iterator<Item = &Certificate<'a>> {
        self.links().map(|(_, subject)| subject)
    }

    /// When every certificate holds.
    pub(crate) fn window(&self) -> Window {
        let mut window = Window::ALWAYS;
        for certificate in self.authorities.iter().chain(core::iter::once(&self.leaf)) {
            window.narrow_inclusive(certificate.not_before, certificate.not_after);
        }
        window
    }

    /// Checks the certificates' signatures from the root down, then the document's.
    pub(crate) fn check_signatures(
        &self,
        document: &Document<'_>,
        backend: Backend,
    ) -> Result<(), Code> {
        for (issuer, subject) in self.links() {
            if !issuer.has_signed(subject, backend) {
                return Err(Code::CertificateSignature);
            }
        }
        if !self.leaf.key.holds(&document.signed, &document.signature, backend) {
            return Err(Code::DocumentSignature);
        }
        Ok(())
    }
}
