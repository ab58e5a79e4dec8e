//! Certificate chains and revocation lists: who vouches for whom, and until when.

use super::{collateral::Collateral, pck};
use crate::{
    Anchors, Backend, Code,
    encoding::{
        Malformed,
        algorithm::{Algorithm, Signature},
        crl::RevocationList,
        pem,
        x509::{self, Certificate, Profile, Role},
    },
    kinds::kind,
    window::Window,
};
use alloy_primitives::{B256, keccak256};

/// Every certificate's algorithms, and Intel's extension.
const PROFILE: Profile = Profile {
    key: Algorithm::EcdsaP256,
    signed_with: Algorithm::EcdsaP256,
    extensions: &[pck::ARC],
};

/// The certificates' DER, leaf first, owned because PEM is decoded.
pub(crate) struct Chains {
    /// Leaf, authority, root.
    pck: [Vec<u8>; 3],
    /// Signer, root.
    tcb_info: [Vec<u8>; 2],
    qe_identity: [Vec<u8>; 2],
}

impl Chains {
    /// Decodes the three chains; `pck` is the PEM text of the PCK's.
    pub(crate) fn decode(pck: &[u8], collateral: &Collateral<'_>) -> Result<Self, Code> {
        Ok(Self {
            pck: decode(pck)?,
            tcb_info: decode(collateral.tcb_info_chain.as_bytes())?,
            qe_identity: decode(collateral.qe_identity_chain.as_bytes())?,
        })
    }
}

fn decode<const N: usize>(text: &[u8]) -> Result<[Vec<u8>; N], Code> {
    let certificates = pem::certificates(text, N).map_err(|Malformed| Code::PemEncoding)?;
    certificates.and_then(|chain| chain.try_into().ok()).ok_or(Code::ChainLength)
}

/// The parsed certificates, each once, and the lists that may revoke them.
pub(crate) struct Authorities<'a> {
    root_der: &'a [u8],
    pub(crate) root: Certificate<'a>,
    pub(crate) pck_authority: Certificate<'a>,
    pub(crate) pck: Certificate<'a>,
    pub(crate) tcb_signer: Certificate<'a>,
    /// `None` where one certificate signs both statements, as Intel's does.
    qe_signer: Option<Certificate<'a>>,
    root_crl: RevocationList<'a>,
    pck_crl: RevocationList<'a>,
}

impl<'a> Authorities<'a> {
    /// Reads and relates everything; checks all but signatures.
    pub(crate) fn check(
        chains: &'a Chains,
        collateral: &'a Collateral<'_>,
        anchors: &Anchors,
        backend: Backend,
    ) -> Result<Self, Code> {
        let [pck, pck_authority, root_der] = &chains.pck;
        if !anchors.of(kind::INTEL_DCAP).any(|anchor| anchor == root_der) {
            return Err(Code::UnknownRoot);
        }
        if chains.tcb_info[1] != *root_der || chains.qe_identity[1] != *root_der {
            return Err(Code::RootMismatch);
        }
        let root = Certificate::parse(root_der, PROFILE, backend)?;
        let pck_authority = Certificate::parse(pck_authority, PROFILE, backend)?;
        let pck = Certificate::parse(pck, PROFILE, backend)?;
        let tcb_signer = Certificate::parse(&chains.tcb_info[0], PROFILE, backend)?;
        let qe_signer = if chains.qe_identity[0] == chains.tcb_info[0] {
            None
        } else {
            Some(Certificate::parse(&chains.qe_identity[0], PROFILE, backend)?)
        };
        let root_crl = RevocationList::parse(&collateral.root_crl, PROFILE.signed_with)?;
        let pck_crl = RevocationList::parse(&collateral.pck_crl, PROFILE.signed_with)?;
        let authorities =
            Self { root_der, root, pck_authority, pck, tcb_signer, qe_signer, root_crl, pck_crl };
        authorities.check_relations()?;
        Ok(authorities)
    }

    /// Names, then usages, then revocation; the root first, the signers last.
    fn check_relations(&self) -> Result<(), Code> {
        let root = self.root.subject;
        let named = self.root.issuer == root
            && self.pck_authority.issuer == root
            && self.pck.issuer == self.pck_authority.subject
            && self.signers().all(|signer| signer.issuer == root);
        if !named {
            return Err(Code::CertificateIssuer);
        }
        let may = self.root.may(Role::Authority { below: 1 })
            && self.pck_authority.may(Role::Authority { below: 0 })
            && self.pck.may(Role::Signer)
            && self.signers().all(|signer| signer.may(Role::Signer));
        if !may {
            return Err(Code::CertificateUsage);
        }
        if self.root_crl.issuer != root || self.pck_crl.issuer != self.pck_authority.subject {
            return Err(Code::CrlIssuer);
        }
        let revoked = self.root_crl.revokes(&self.root.serial)
            || self.root_crl.revokes(&self.pck_authority.serial)
            || self.pck_crl.revokes(&self.pck.serial)
            || self.signers().any(|signer| self.root_crl.revokes(&signer.serial));
        if revoked { Err(Code::CertificateRevoked) } else { Ok(()) }
    }

    fn signers(&self) -> impl Iterator<Item = &Certificate<'a>> {
        std::iter::once(&self.tcb_signer).chain(&self.qe_signer)
    }

    pub(crate) fn qe_signer(&self) -> &Certificate<'a> {
        self.qe_signer.as_ref().unwrap_or(&self.tcb_signer)
    }

    /// keccak256 of the root's DER.
    pub(crate) fn anchor(&self) -> B256 {
        keccak256(self.root_der)
    }

    /// Narrows a window to when every certificate and list holds.
    pub(crate) fn narrow(&self, window: &mut Window) {
        for certificate in
            [&self.root, &self.pck_authority, &self.pck].into_iter().chain(self.signers())
        {
            window.narrow_inclusive(certificate.not_before, certificate.not_after);
        }
        for list in [&self.root_crl, &self.pck_crl] {
            window.narrow(list.this_update, list.next_update);
        }
    }

    /// Checks every certificate's and list's signature, from the root down.
    pub(crate) fn check_signatures(&self, backend: Backend) -> Result<(), Code> {
        let holds = |issuer: &Certificate<'_>, tbs: &[u8], signature: &Signature, code: Code| {
            if issuer.key.holds(tbs, signature, backend) { Ok(()) } else { Err(code) }
        };
        let (root, authority) = (&self.root, &self.pck_authority);
        holds(root, self.root_crl.tbs, &self.root_crl.signature, Code::RootCrlSignature)?;
        holds(root, authority.tbs, &authority.signature, Code::PckCaSignature)?;
        holds(authority, self.pck_crl.tbs, &self.pck_crl.signature, Code::PckCrlSignature)?;
        holds(authority, self.pck.tbs, &self.pck.signature, Code::PckSignature)?;
        let signer = &self.tcb_signer;
        holds(root, signer.tbs, &signer.signature, Code::TcbSignerSignature)?;
        if let Some(signer) = &self.qe_signer {
            holds(root, signer.tbs, &signer.signature, Code::QeSignerSignature)?;
        }
        Ok(())
    }

    /// keccak256 over the hashes of what was relied on, signatures left out: root's list, PCK
    /// list, TCB info signer, QE identity signer, TCB info, QE identity.
    pub(crate) fn digest(&self, collateral: &Collateral<'_>) -> B256 {
        let parts = [
            self.root_crl.tbs,
            self.pck_crl.tbs,
            self.tcb_signer.tbs,
            self.qe_signer().tbs,
            collateral.tcb_info.as_bytes(),
            collateral.qe_identity.as_bytes(),
        ];
        keccak256(parts.map(|part| keccak256(part).0).concat())
    }
}

/// Whether a genesis may name `der` as a root.
pub(crate) fn check_root(der: &[u8]) -> Result<(), Code> {
    x509::check_root(der, PROFILE, Role::Authority { below: 1 })
}
