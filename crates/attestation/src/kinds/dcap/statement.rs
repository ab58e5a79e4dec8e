//! One statement of Intel's collateral by itself: verified up to the root, then made compact.

use super::{
    chain::{Authorities, Listed, certificate, revocation_list},
    compact::{Authority, Header, List, Signed, StatementType},
    statements::{QeIdentity, TcbInfo, Tee},
    trusted,
};
use crate::{
    Anchors, Backend, Code, CollateralClaims, collateral_digest,
    encoding::{
        algorithm::{PublicKey, Signature},
        crl::RevocationList,
        x509::{Certificate, Serial},
    },
    kinds::kind,
    window::Window,
};
use alloc::{vec, vec::Vec};
use alloy_primitives::{B256, U256, keccak256};

/// A statement with the certificate below the root that it needs.
enum Input<'a> {
    RootCrl { list: &'a [u8] },
    PckCrl { authority: &'a [u8], list: &'a [u8] },
    TcbInfo { signer: &'a [u8], text: &'a str, signature: &'a [u8; 64] },
    QeIdentity { signer: &'a [u8], text: &'a str, signature: &'a [u8; 64] },
}

impl<'a> Input<'a> {
    /// Reads type, anchor and parts, each part with its length before it.
    fn parse(bytes: &'a [u8]) -> Result<(B256, Self), Code> {
        let (&kind, rest) = bytes.split_first().ok_or(Code::StatementType)?;
        let kind = StatementType::from_number(kind).ok_or(Code::StatementType)?;
        Self::parts(kind, rest).ok_or(Code::StatementParts)
    }

    fn parts(kind: StatementType, bytes: &'a [u8]) -> Option<(B256, Self)> {
        let (anchor, mut rest) = bytes.split_first_chunk()?;
        let rest = &mut rest;
        let input = match kind {
            StatementType::RootCrl => Self::RootCrl { list: part(rest)? },
            StatementType::PckCrl => Self::PckCrl { authority: part(rest)?, list: part(rest)? },
            StatementType::TcbInfo => {
                let (signer, text, signature) = signed_parts(rest)?;
                Self::TcbInfo { signer, text, signature }
            }
            StatementType::QeIdentity => {
                let (signer, text, signature) = signed_parts(rest)?;
                Self::QeIdentity { signer, text, signature }
            }
        };
        rest.is_empty().then_some((B256::new(*anchor), input))
    }
}

/// Signer, text and signature.
fn signed_parts<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], &'a str, &'a [u8; 64])> {
    let signer = part(rest)?;
    let text = core::str::from_utf8(part(rest)?).ok()?;
    Some((signer, text, part(rest)?.try_into().ok()?))
}

fn part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (part, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(part)
}

/// Verifies one statement; the window is in the claims, the time plays no part.
pub(crate) fn verify_collateral(
    collateral: &[u8],
    anchors: &Anchors,
    backend: Backend,
) -> Result<CollateralClaims, Code> {
    let (anchor, input) = Input::parse(collateral)?;
    let root_der = || trusted(anchors, |hash, _| hash == anchor);
    match input {
        Input::RootCrl { list } => {
            let root = certificate(root_der()?, backend)?;
            let list = revocation_list(list)?;
            let authorities = Authorities { root_list: Some(Listed::Shown(&list)), ..alone(&root) };
            hold(&authorities, anchor, &Held::RootList(&list), backend, || Ok(()))
        }
        Input::PckCrl { authority, list } => {
            let root = certificate(root_der()?, backend)?;
            let authority = certificate(authority, backend)?;
            let list = revocation_list(list)?;
            let authorities = Authorities {
                authority: Some(&authority),
                pck_list: Some(Listed::Shown(&list)),
                ..alone(&root)
            };
            hold(&authorities, anchor, &Held::PckList(&authority, &list), backend, || Ok(()))
        }
        Input::TcbInfo { signer, text, signature } => {
            let (info, window) = TcbInfo::parse(text)?;
            let root = certificate(root_der()?, backend)?;
            let signer = certificate(signer, backend)?;
            let signers = vec![(&signer, Code::TcbSignerSignature)];
            let authorities = Authorities { signers, ..alone(&root) };
            let held = Held::TcbInfo(&signer, &info, window);
            hold(&authorities, anchor, &held, backend, || {
                check_statement(&signer, text, signature, Code::TcbInfoSignature, backend)
            })
        }
        Input::QeIdentity { signer, text, signature } => {
            let (identity, window) = QeIdentity::parse(text)?;
            let root = certificate(root_der()?, backend)?;
            let signer = certificate(signer, backend)?;
            let signers = vec![(&signer, Code::QeSignerSignature)];
            let authorities = Authorities { signers, ..alone(&root) };
            let held = Held::QeIdentity(&signer, &identity, window);
            hold(&authorities, anchor, &held, backend, || {
                check_statement(&signer, text, signature, Code::QeIdentitySignature, backend)
            })
        }
    }
}

/// A root by itself.
const fn alone<'r, 'a>(root: &'r Certificate<'a>) -> Authorities<'r, 'a> {
    Authorities {
        root,
        authority: None,
        pck: None,
        signers: Vec::new(),
        assumed_signers: &[],
        root_list: None,
        pck_list: None,
    }
}

/// Relations, window, signatures; then the claims.
fn hold(
    authorities: &Authorities<'_, '_>,
    anchor: B256,
    held: &Held<'_, '_>,
    backend: Backend,
    check_signature: impl FnOnce() -> Result<(), Code>,
) -> Result<CollateralClaims, Code> {
    authorities.check_relations()?;
    let mut window = authorities.window();
    window.narrow_to(held.own_window());
    window.check()?;
    authorities.check_signatures(backend)?;
    check_signature()?;
    let compact = held.compact(authorities.root, anchor)?;
    Ok(CollateralClaims {
        key: held.subject()?.key(anchor),
        digest: collateral_digest(kind::INTEL_DCAP, anchor, &compact),
        version: held.version(),
        not_before: window.start,
        not_after: window.end,
        compact,
    })
}

/// A statement whose signatures hold, with the certificate below the root that signed it.
pub(crate) enum Held<'r, 'a> {
    RootList(&'r RevocationList<'a>),
    PckList(&'r Certificate<'a>, &'r RevocationList<'a>),
    TcbInfo(&'r Certificate<'a>, &'r TcbInfo, Window),
    QeIdentity(&'r Certificate<'a>, &'r QeIdentity, Window),
}

impl Held<'_, '_> {
    const fn own_window(&self) -> Window {
        match self {
            Self::RootList(list) | Self::PckList(_, list) => {
                Window { start: list.this_update, end: list.next_update }
            }
            Self::TcbInfo(_, _, window) | Self::QeIdentity(_, _, window) => *window,
        }
    }

    /// The compact form. Its window leaves out a PCK authority's: a quote brings its own
    /// certificate of that authority.
    fn compact(&self, root: &Certificate<'_>, anchor: B256) -> Result<Vec<u8>, Code> {
        let mut window = self.own_window();
        window.narrow_inclusive(root.not_before, root.not_after);
        if let Self::TcbInfo(signer, ..) | Self::QeIdentity(signer, ..) = self {
            window.narrow_inclusive(signer.not_before, signer.not_after);
        }
        let header = Header { anchor, window };
        match self {
            Self::RootList(list) => Ok(List::encode(header, None, list)),
            Self::PckList(authority, list) => {
                Ok(List::encode(header, Some(Authority::of(authority)), list))
            }
            Self::TcbInfo(signer, info, _) => {
                Signed::<TcbInfo>::encode(header, &signer.serial, info).ok_or(Code::TcbInfoKind)
            }
            Self::QeIdentity(signer, identity, _) => {
                Signed::<QeIdentity>::encode(header, &signer.serial, identity)
                    .ok_or(Code::QeIdentityKind)
            }
        }
    }

    pub(crate) fn digest(&self, root: &Certificate<'_>, anchor: B256) -> Result<B256, Code> {
        Ok(collateral_digest(kind::INTEL_DCAP, anchor, &self.compact(root, anchor)?))
    }

    fn subject(&self) -> Result<Subject, Code> {
        Ok(match self {
            Self::RootList(_) => Subject::RootCrl,
            Self::PckList(authority, _) => Subject::PckCrl(Authority::of(authority).id()),
            Self::TcbInfo(_, info, _) => Subject::TcbInfo {
                fmspc: info.fmspc,
                tee: info.tee.ok_or(Code::TcbInfoKind)?,
                evaluation: info.evaluation,
            },
            Self::QeIdentity(_, identity, _) => Subject::QeIdentity {
                tee: identity.tee.ok_or(Code::QeIdentityKind)?,
                evaluation: identity.evaluation,
            },
        })
    }

    /// The issue date of a statement; of a list, number and date in one.
    const fn version(&self) -> u64 {
        match self {
            Self::RootList(list) | Self::PckList(_, list) => {
                list_version(&list.number, list.this_update)
            }
            Self::TcbInfo(_, _, window) | Self::QeIdentity(_, _, window) => window.start,
        }
    }
}

/// Bits of a list's version that its date takes: enough for the year 9999.
const DATE_BITS: u32 = 38;
/// The greatest CRL number that a version tells from the next one.
const MOST_NUMBER: u64 = (1 << (64 - DATE_BITS)) - 1;

/// Number in the upper 26 bits, date in the lower 38; greater numbers count as the greatest.
pub(crate) const fn list_version(number: &Serial, this_update: u64) -> u64 {
    let [.., a, b, c, d] = *number;
    let low = u32::from_be_bytes([a, b, c, d]) as u64;
    let mut is_greater = low > MOST_NUMBER;
    let mut index = 0;
    while index < number.len() - 4 {
        is_greater |= number[index] != 0;
        index += 1;
    }
    let number = if is_greater { MOST_NUMBER } else { low };
    // The reader takes years of four digits.
    number << DATE_BITS | this_update
}

/// What a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    RootCrl,
    /// By [`Authority::id`]: nobody whose key the root has given up can take the list's place.
    PckCrl(B256),
    TcbInfo {
        fmspc: [u8; 6],
        tee: Tee,
        evaluation: u32,
    },
    QeIdentity {
        tee: Tee,
        evaluation: u32,
    },
}

impl Subject {
    /// `keccak256(abi.encode(uint8 kind, bytes32 anchor, uint8 type, bytes32 subject, uint32
    /// evaluation))`.
    pub(crate) fn key(self, anchor: B256) -> B256 {
        let (number, subject, evaluation) = match self {
            Self::RootCrl => (StatementType::RootCrl, B256::ZERO, 0),
            Self::PckCrl(issuer) => (StatementType::PckCrl, issuer, 0),
            Self::TcbInfo { fmspc, tee, evaluation } => {
                let mut subject = B256::ZERO;
                subject[25..31].copy_from_slice(&fmspc);
                subject[31] = tee as u8;
                (StatementType::TcbInfo, subject, evaluation)
            }
            Self::QeIdentity { tee, evaluation } => {
                (StatementType::QeIdentity, B256::with_last_byte(tee as u8), evaluation)
            }
        };
        let word = |number: u32| U256::from(number).to_be_bytes::<32>();
        let words = [
            word(kind::INTEL_DCAP.into()),
            anchor.0,
            word(number as u32),
            subject.0,
            word(evaluation),
        ];
        keccak256(words.as_flattened())
    }
}

/// Checks a statement's signature by its signer, or gives `code`.
pub(crate) fn check_statement(
    signer: &Certificate<'_>,
    text: &str,
    signature: &[u8; 64],
    code: Code,
    backend: Backend,
) -> Result<(), Code> {
    if holds(&signer.key, text.as_bytes(), signature, backend) { Ok(()) } else { Err(code) }
}

/// Whether a raw signature, of any s but in range, is the key's over `data`.
pub(crate) fn holds(key: &PublicKey, data: &[u8], signature: &[u8; 64], backend: Backend) -> bool {
    Signature::p256(signature).is_some_and(|signature| key.holds(data, &signature, backend))
}
