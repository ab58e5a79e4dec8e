//! Compact JWS (RFC 7515) of one algorithm: ES384.

use crate::{
    Backend, Code,
    encoding::{
        Malformed, base64url,
        json::{Json, set},
    },
    signatures::p384,
};
use alloc::vec::Vec;

/// Most bytes of a token: NVIDIA's are up to 3,000, an overall token of many GPUs 4,000.
const MAX_TOKEN: usize = 8 * 1024;
/// Most characters of a key id.
const MAX_KEY_ID: usize = 128;

/// A token whose form is checked, and nothing else.
pub(super) struct Jws<'a> {
    /// Header and claims as signed, in ASCII.
    pub(super) signed: &'a [u8],
    /// The claims, decoded.
    pub(super) claims: Vec<u8>,
    /// r ‖ s, both in range.
    signature: [u8; 96],
}

impl<'a> Jws<'a> {
    /// Three parts, each the canonical base64url of something; then the signature's range; then the
    /// header, which names the algorithm and a key id and nothing that could change their meaning.
    pub(super) fn parse(token: &'a [u8]) -> Result<Self, Code> {
        let (signed, header, claims, signature) =
            split(token).map_err(|Malformed| Code::GpuToken)?;
        let signature = signature.try_into().map_err(|_| Code::SignatureEncoding)?;
        if !p384::signature_in_range(&signature) {
            return Err(Code::SignatureEncoding);
        }
        check_header(&header).map_err(|Malformed| Code::GpuTokenHeader)?;
        Ok(Self { signed, claims, signature })
    }

    pub(super) fn is_signed_by(&self, key: &p384::Key, backend: Backend) -> bool {
        key.holds(&backend.sha384(self.signed), &self.signature)
    }
}

type Parts<'a> = (&'a [u8], Vec<u8>, Vec<u8>, Vec<u8>);

fn split(token: &[u8]) -> Result<Parts<'_>, Malformed> {
    if token.len() > MAX_TOKEN {
        return Err(Malformed);
    }
    let mut parts = token.split(|byte| *byte == b'.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Malformed);
    };
    let signed = token.get(..header.len() + 1 + claims.len()).ok_or(Malformed)?;
    Ok((
        signed,
        base64url::decode(header)?,
        base64url::decode(claims)?,
        base64url::decode(signature)?,
    ))
}

/// `alg` and `kid`, with or without `typ`. Not `crit`, not a key or where to find one.
fn check_header(header: &[u8]) -> Result<(), Malformed> {
    let (mut algorithm, mut key_id, mut kind) = (None, None, None);
    Json::document(header, |json, name| match name {
        "alg" => set(&mut algorithm, json.plain_string()?),
        "kid" => set(&mut key_id, json.plain_string()?),
        "typ" => set(&mut kind, json.plain_string()?),
        _ => Err(Malformed),
    })?;
    let is_named = key_id.is_some_and(|id| (1..=MAX_KEY_ID).contains(&id.len()));
    if algorithm == Some("ES384") && is_named && kind.is_none_or(|kind| kind == "JWT") {
        Ok(())
    } else {
        Err(Malformed)
    }
}
