//! Software-made tokens in the form of NVIDIA's Remote Attestation Service.

use super::{abi, x509::Key};
use crate::{Backend, encoding::base64url, kinds::nvidia};
use alloc::{borrow::ToOwned, format, string::String, string::ToString, vec::Vec};
use alloy_primitives::{B256, Bytes, hex, keccak256};
use core::ops::Range;
use sha2::{Digest as _, Sha256};

const ISSUER: &str = "https://nras.attestation.nvidia.com";
const MODEL: &str = "GH100";
const DRIVER: &str = "595.71.05";
const VBIOS: &str = "96.00.9F.00.04";

/// A made-up verification service and the GPUs it vouches for.
///
/// Its tokens are NVIDIA's in all but the key: the claims' anchor is this key's thumbprint, which a
/// development chain may pin in its genesis and no other chain should trust.
#[derive(Clone)]
pub struct DevGpu {
    seed: B256,
    validity: Range<u64>,
}

impl DevGpu {
    /// What the service checks on a GPU, in its claims' version 2.0, without the prefix `x-nvidia-gpu-`.
    pub const CHECKS: [&str; 16] = [
        "arch-check",
        "attestation-report-parsed",
        "attestation-report-nonce-match",
        "attestation-report-signature-verified",
        "attestation-report-cert-chain-validated",
        "driver-rim-fetched",
        "driver-rim-schema-validated",
        "driver-rim-cert-validated",
        "driver-rim-signature-verified",
        "driver-rim-measurements-available",
        "vbios-rim-fetched",
        "vbios-rim-schema-validated",
        "vbios-rim-cert-validated",
        "vbios-rim-signature-verified",
        "vbios-rim-measurements-available",
        "vbios-index-no-conflict",
    ];

    /// A service whose every token holds exactly during `validity`, in unix seconds.
    ///
    /// Seconds have at most ten digits; evidence outside that is refused like any malformed one.
    pub const fn new(seed: B256, validity: Range<u64>) -> Self {
        Self { seed, validity }
    }

    /// The RFC 7638 thumbprint of the signing key: the genesis entry of `assay.trust` under kind 4.
    pub fn thumbprint(&self) -> Bytes {
        nvidia::thumbprint(&coordinates(&self.key()), Backend::Portable).0.into()
    }

    /// Attests to the first `count` GPUs (1 to 16) under `nonce`.
    pub fn attest(&self, nonce: B256, count: u8) -> Bytes {
        self.recipe(nonce, count).product().evidence().into()
    }

    fn key(&self) -> Key {
        Key::derive_p384(self.seed, "nvidia")
    }

    pub(crate) fn recipe(&self, nonce: B256, count: u8) -> Recipe {
        let text = |value: &str| format!("\"{value}\"");
        let header = Members::new([("kid", text("nv-eat-kid-dev")), ("alg", text("ES384"))]);
        let common = || {
            [
                ("iss", text(ISSUER)),
                ("eat_nonce", text(&hex::encode(nonce))),
                ("nbf", self.validity.start.to_string()),
                ("iat", self.validity.start.to_string()),
                ("exp", self.validity.end.to_string()),
            ]
        };
        let mut overall = Members::new([
            ("sub", text("NVIDIA-PLATFORM-ATTESTATION")),
            ("x-nvidia-ver", text("2.0")),
            ("x-nvidia-overall-att-result", "true".to_owned()),
        ]);
        overall.0.extend(Members::new(common()).0);
        let gpu = |index: u8| {
            let id = keccak256([self.seed.as_slice(), b"ueid", &[index]].concat());
            let id = u128::from_be_bytes(core::array::from_fn(|at| id[at]));
            let mut claims = Members::new([
                ("hwmodel", text(MODEL)),
                ("ueid", text(&id.to_string())),
                ("oemid", text("5703")),
                ("measres", text("success")),
                ("secboot", "true".to_owned()),
                ("dbgstat", text("disabled")),
                ("x-nvidia-gpu-driver-version", text(DRIVER)),
                ("x-nvidia-gpu-vbios-version", text(VBIOS)),
                ("x-nvidia-attestation-warning", "null".to_owned()),
            ]);
            claims.0.extend(Members::new(common()).0);
            for check in Self::CHECKS {
                claims.set(&format!("x-nvidia-gpu-{check}"), "true");
            }
            Token { header: header.clone(), claims }
        };
        Recipe {
            key: self.key(),
            overall: Token { header: header.clone(), claims: overall },
            gpus: (0..count).map(|index| (format!("GPU-{index}"), gpu(index))).collect(),
        }
    }
}

/// A key's point as evidence has it: x ‖ y.
pub(crate) fn coordinates(key: &Key) -> Vec<u8> {
    key.public().get(1..).unwrap_or_default().to_vec()
}

/// Members of a JSON object in order, values as JSON.
#[derive(Clone)]
pub(crate) struct Members(pub(crate) Vec<(String, String)>);

impl Members {
    fn new<const N: usize>(members: [(&str, String); N]) -> Self {
        Self(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Replaces or adds a member.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Takes a member out.
    #[cfg(test)]
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    /// Says a member again, with the same value.
    #[cfg(test)]
    pub(crate) fn twice(&mut self, name: &str) {
        let member = self.0.iter().find(|(known, _)| known == name).cloned();
        self.0.extend(member);
    }

    fn json(&self) -> String {
        let members: Vec<String> =
            self.0.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// A token before it is signed.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) header: Members,
    pub(crate) claims: Members,
}

impl Token {
    pub(crate) fn signed(&self, key: &Key) -> String {
        sign_parts(self.header.json().as_bytes(), self.claims.json().as_bytes(), key)
    }
}

/// A compact JWS of any header and claims.
pub(crate) fn sign_parts(header: &[u8], claims: &[u8], key: &Key) -> String {
    let signed = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
    let signature = base64url::encode(&key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// Tokens before they are signed, to be changed at will.
#[derive(Clone)]
pub(crate) struct Recipe {
    pub(crate) key: Key,
    pub(crate) overall: Token,
    pub(crate) gpus: Vec<(String, Token)>,
}

impl Recipe {
    /// Signs each GPU's token, then the overall one over their digests (unless it has some).
    pub(crate) fn product(&self) -> Product {
        let gpus: Vec<String> =
            self.gpus.iter().map(|(_, token)| token.signed(&self.key)).collect();
        self.over(gpus)
    }

    /// Signs the overall token over GPU tokens that are signed already.
    pub(crate) fn over(&self, gpus: Vec<String>) -> Product {
        let mut overall = self.overall.clone();
        if !overall.claims.0.iter().any(|(name, _)| name == "submods") {
            let submodules: Vec<String> = self
                .gpus
                .iter()
                .zip(&gpus)
                .map(|((name, _), token)| {
                    let digest = hex::encode(Sha256::digest(token));
                    format!(r#""{name}":["DIGEST",["SHA-256","{digest}"]]"#)
                })
                .collect();
            overall.claims.set("submods", &format!("{{{}}}", submodules.join(",")));
        }
        Product { key: coordinates(&self.key), overall: overall.signed(&self.key), gpus }
    }
}

/// Signed tokens and their key.
#[derive(Clone)]
pub(crate) struct Product {
    pub(crate) key: Vec<u8>,
    pub(crate) overall: String,
    pub(crate) gpus: Vec<String>,
}

impl Product {
    pub(crate) fn evidence(&self) -> Vec<u8> {
        let gpus: Vec<&[u8]> = self.gpus.iter().map(String::as_bytes).collect();
        abi::encode(&[
            abi::Value::Bytes(&self.key),
            abi::Value::Bytes(self.overall.as_bytes()),
            abi::Value::Array(&gpus),
        ])
    }
}
