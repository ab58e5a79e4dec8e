//! Certificate chains and revocation lists: who vouches for whom, and until when.

use super::{compact, pck};
use crate::{
    Backend, Code,
    encoding::{
        Malformed,
        algorithm::{Algorithm, PublicKey, Signature},
        crl::RevocationList,
        name, pem,
        x509::{self, Certificate, Profile, Role, Serial},
    },
    window::Window,
};
use alloc::vec::Vec;
use alloy_primitives::keccak256;

/// Every certificate's algorithms, and Intel's extension.
const PROFILE: Profile = Profile {
    key: Algorithm::EcdsaP256,
    signed_with: Algorithm::EcdsaP256,
    extensions: &[pck::ARC],
};

/// What the common name of a platform's certificate contains, and that of a certificate that signs
/// statements: a root may certify keys for other ends too.
const PCK_NAME: &str = "SGX PCK Certificate";
const SIGNER_NAME: &str = "SGX TCB Signing";

/// Decodes a chain of `N` certificates: PEM to DER, leaf first.
pub(crate) fn decode<const N: usize>(text: &[u8]) -> Result<[Vec<u8>; N], Code> {
    let certificates = pem::certificates(text, N).map_err(|Malformed| Code::PemEncoding)?;
    certificates.and_then(|chain| chain.try_into().ok()).ok_or(Code::ChainLength)
}

/// Reads a certificate of Intel's form.
pub(crate) fn certificate(der: &[u8], backend: Backend) -> Result<Certificate<'_>, Code> {
    Certificate::parse(der, PROFILE, backend)
}

/// Reads a revocation list of Intel's form.
pub(crate) fn revocation_list(der: &[u8]) -> Result<RevocationList<'_>, Code> {
    RevocationList::parse(der, PROFILE.signed_with)
}

/// A revocation list: itself, or what somebody vouches for it to say.
#[derive(Clone, Copy)]
pub(crate) enum Listed<'r, 'a> {
    Shown(&'r RevocationList<'a>),
    Assumed(&'r compact::List<'a>),
}

impl Listed<'_, '_> {
    fn revokes(self, serial: &Serial) -> bool {
        match self {
            Self::Shown(list) => list.revokes(serial),
            Self::Assumed(list) => list.revokes(serial),
        }
    }
}

/// Certificates and lists and how they relate: one set of rules for evidence with its collateral,
/// for evidence with compact collateral, and for each statement of collateral by itself.
pub(crate) struct Authorities<'r, 'a> {
    pub(crate) root: &'r Certificate<'a>,
    pub(crate) authority: Option<&'r Certificate<'a>>,
    pub(crate) pck: Option<&'r Certificate<'a>>,
    /// Who signs statements, and the code for a certificate that the root has not signed.
    pub(crate) signers: Vec<(&'r Certificate<'a>, Code)>,
    /// Serial numbers of signers whom somebody else has checked but for revocation.
    pub(crate) assumed_signers: &'r [Serial],
    pub(crate) root_list: Option<Listed<'r, 'a>>,
    pub(crate) pck_list: Option<Listed<'r, 'a>>,
}

impl Authorities<'_, '_> {
    /// Names, then usages and what they are for, then revocation; the root first, the signers last.
    pub(crate) fn check_relations(&self) -> Result<(), Code> {
        let root = self.root.subject;
        let authority = self.authority.map(|authority| authority.subject);
        let mut signers = self.signers.iter().map(|(signer, _)| *signer);
        let named = self.root.issuer == root
            && self.authority.is_none_or(|authority| authority.issuer == root)
            && self.pck.is_none_or(|pck| Some(pck.issuer) == authority)
            && signers.clone().all(|signer| signer.issuer == root);
        if !named {
            return Err(Code::CertificateIssuer);
        }
        let may = self.root.may(Role::Authority { below: 1 })
            && self.authority.is_none_or(|authority| authority.may(Role::Authority { below: 0 }))
            && self.pck.is_none_or(|pck| pck.may(Role::Signer))
            && signers.clone().all(|signer| signer.may(Role::Signer));
        if !may {
            return Err(Code::CertificateUsage);
        }
        let is_called = |certificate: &Certificate<'_>, phrase| {
            name::has_common_name(certificate.subject, phrase)
        };
        let are_for_this = self.pck.is_none_or(|pck| is_called(pck, PCK_NAME))
            && signers.clone().all(|signer| is_called(signer, SIGNER_NAME));
        if !are_for_this {
            return Err(Code::CertificateSubject);
        }
        let issued = |list: Option<Listed<'_, '_>>, issuer: Option<&[u8]>| match list {
            None => true,
            Some(Listed::Shown(list)) => Some(list.issuer) == issuer,
            // The root's own is the root's by its anchor.
            Some(Listed::Assumed(list)) => list.authority.is_none_or(|authority| {
                issuer.is_some_and(|name| keccak256(name) == authority.name)
            }),
        };
        if !issued(self.root_list, Some(root)) || !issued(self.pck_list, authority) {
            return Err(Code::CrlIssuer);
        }
        let by =
            |list: Option<Listed<'_, '_>>, serial| list.is_some_and(|list| list.revokes(serial));
        let revoked = by(self.root_list, &self.root.serial)
            || self.authority.is_some_and(|authority| by(self.root_list, &authority.serial))
            || self.pck.is_some_and(|pck| by(self.pck_list, &pck.serial))
            || signers.any(|signer| by(self.root_list, &signer.serial))
            || self.assumed_signers.iter().any(|serial| by(self.root_list, serial));
        if revoked { Err(Code::CertificateRevoked) } else { Ok(()) }
    }

    /// When every certificate and list holds.
    pub(crate) fn window(&self) -> Window {
        let mut window = Window::ALWAYS;
        let certificates = [Some(self.root), self.authority, self.pck].into_iter().flatten();
        for certificate in certificates.chain(self.signers.iter().map(|(signer, _)| *signer)) {
            window.narrow_inclusive(certificate.not_before, certificate.not_after);
        }
        for list in [self.root_list, self.pck_list].into_iter().flatten() {
            match list {
                Listed::Shown(list) => window.narrow(list.this_update, list.next_update),
                Listed::Assumed(list) => window.narrow_to(list.header.window),
            }
        }
        window
    }

    /// Checks every certificate's and list's signature, from the root down. A list that is assumed
    /// must be by the key of this authority, which has that name.
    pub(crate) fn check_signatures(&self, backend: Backend) -> Result<(), Code> {
        let root = &self.root.key;
        if let Some(Listed::Shown(list)) = self.root_list {
            check(root, list.tbs, &list.signature, Code::RootCrlSignature, backend)?;
        }
        if let Some(authority) = self.authority {
            let key = &authority.key;
            check(root, authority.tbs, &authority.signature, Code::PckCaSignature, backend)?;
            match self.pck_list {
                Some(Listed::Shown(list)) => {
                    check(key, list.tbs, &list.signature, Code::PckCrlSignature, backend)?;
                }
                Some(Listed::Assumed(list)) => {
                    let own = keccak256(authority.key_info);
                    if list.authority.is_some_and(|authority| authority.key != own) {
                        return Err(Code::PckCrlSignature);
                    }
                }
                None => {}
            }
            if let Some(pck) = self.pck {
                check(key, pck.tbs, &pck.signature, Code::PckSignature, backend)?;
            }
        }
        for (signer, code) in &self.signers {
            check(root, signer.tbs, &signer.signature, *code, backend)?;
        }
        Ok(())
    }
}

fn check(
    key: &PublicKey,
    tbs: &[u8],
    signature: &Signature,
    code: Code,
    backend: Backend,
) -> Result<(), Code> {
    if key.holds(tbs, signature, backend) { Ok(()) } else { Err(code) }
}

/// Whether a genesis may name `der` as a root.
pub(crate) fn check_root(der: &[u8]) -> Result<(), Code> {
    x509::check_root(der, PROFILE, Role::Authority { below: 1 })
}
