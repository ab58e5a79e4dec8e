//! The collateral's wrapping: dcap-qvl's `QuoteCollateralV3` as JSON.

use crate::{
    Code,
    encoding::{Malformed, hex, json, json::Json},
};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// The parts of the collateral, unwrapped but not looked into.
pub(crate) struct Collateral<'a> {
    pub(crate) root_crl: Vec<u8>,
    pub(crate) pck_crl: Vec<u8>,
    /// PEM: authority, root. Verification relies on the PCK's own authority instead.
    pub(crate) pck_crl_chain: Cow<'a, str>,
    /// PEM: signer, root.
    pub(crate) tcb_info_chain: Cow<'a, str>,
    /// The statement as signed.
    pub(crate) tcb_info: Cow<'a, str>,
    pub(crate) tcb_info_signature: [u8; 64],
    pub(crate) qe_identity_chain: Cow<'a, str>,
    pub(crate) qe_identity: Cow<'a, str>,
    pub(crate) qe_identity_signature: [u8; 64],
    /// PEM: leaf, authority, root; goes before the quote's own.
    pub(crate) pck_chain: Option<Cow<'a, str>>,
}

#[derive(Default)]
struct Fields<'a> {
    pck_crl_chain: Option<Cow<'a, str>>,
    root_crl: Option<Vec<u8>>,
    pck_crl: Option<Vec<u8>>,
    tcb_info_chain: Option<Cow<'a, str>>,
    tcb_info: Option<Cow<'a, str>>,
    tcb_info_signature: Option<[u8; 64]>,
    qe_identity_chain: Option<Cow<'a, str>>,
    qe_identity: Option<Cow<'a, str>>,
    qe_identity_signature: Option<[u8; 64]>,
    pck_chain: Option<Cow<'a, str>>,
}

impl<'a> Collateral<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Code> {
        Self::read(bytes).map_err(|Malformed| Code::CollateralJson)
    }

    fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::default();
        Json::document(bytes, |json, name| match name {
            "pck_crl_issuer_chain" => json::set(&mut fields.pck_crl_chain, json.string()?),
            "root_ca_crl" => json::set(&mut fields.root_crl, hex::decode(json.plain_string()?)?),
            "pck_crl" => json::set(&mut fields.pck_crl, hex::decode(json.plain_string()?)?),
            "tcb_info_issuer_chain" => json::set(&mut fields.tcb_info_chain, json.string()?),
            "tcb_info" => json::set(&mut fields.tcb_info, json.string()?),
            "tcb_info_signature" => {
                json::set(&mut fields.tcb_info_signature, hex::decode_array(json.plain_string()?)?)
            }
            "qe_identity_issuer_chain" => json::set(&mut fields.qe_identity_chain, json.string()?),
            "qe_identity" => json::set(&mut fields.qe_identity, json.string()?),
            "qe_identity_signature" => json::set(
                &mut fields.qe_identity_signature,
                hex::decode_array(json.plain_string()?)?,
            ),
            "pck_certificate_chain" => json::set(&mut fields.pck_chain, json.string()?),
            _ => Err(Malformed),
        })?;
        Ok(Self {
            root_crl: fields.root_crl.ok_or(Malformed)?,
            pck_crl: fields.pck_crl.ok_or(Malformed)?,
            pck_crl_chain: fields.pck_crl_chain.ok_or(Malformed)?,
            tcb_info_chain: fields.tcb_info_chain.ok_or(Malformed)?,
            tcb_info: fields.tcb_info.ok_or(Malformed)?,
            tcb_info_signature: fields.tcb_info_signature.ok_or(Malformed)?,
            qe_identity_chain: fields.qe_identity_chain.ok_or(Malformed)?,
            qe_identity: fields.qe_identity.ok_or(Malformed)?,
            qe_identity_signature: fields.qe_identity_signature.ok_or(Malformed)?,
            pck_chain: fields.pck_chain,
        })
    }
}
