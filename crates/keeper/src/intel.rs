//! Intel's provisioning certification service, version 4, and PCCS, which caches it.

use crate::{
    IntelPlatform, KeeperError, PckAuthority, Statement, Tee,
    service::{Answer, Service},
    source::split,
};
use alloy_primitives::{Bytes, hex};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

/// Where Intel publishes its root's list; its service itself does not have it.
const ROOT_CRL: &str = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

/// A statement and its signature. The statement's bytes are what is signed.
#[derive(Deserialize)]
struct TcbInfo<'a> {
    #[serde(rename = "tcbInfo", borrow)]
    statement: &'a RawValue,
    signature: String,
}

#[derive(Deserialize)]
struct QeIdentity<'a> {
    #[serde(rename = "enclaveIdentity", borrow)]
    statement: &'a RawValue,
    signature: String,
}

/// All about one platform model.
pub(crate) async fn fetch(
    service: &Service,
    platform: &IntelPlatform,
) -> Result<Vec<Statement>, KeeperError> {
    let fmspc = hex::encode(platform.fmspc);
    let authority = match platform.authority {
        PckAuthority::Processor => "processor",
        PckAuthority::Platform => "platform",
    };
    let tee = match platform.tee {
        Tee::Sgx => "sgx",
        Tee::Tdx => "tdx",
    };
    let pck_crl =
        service.get(&format!("/sgx/certification/v4/pckcrl?ca={authority}&encoding=der")).await?;
    let tcb = service.get(&format!("/{tee}/certification/v4/tcb?fmspc={fmspc}")).await?;
    let qe = service.get(&format!("/{tee}/certification/v4/qe/identity")).await?;
    let root_crl = root_crl(service).await?;
    let tcb_info: TcbInfo<'_> = parse(&tcb)?;
    let identity: QeIdentity<'_> = parse(&qe)?;
    let bundle = json!({
        "pck_crl_issuer_chain": pck_crl.chain(&["SGX-PCK-CRL-Issuer-Chain"])?,
        "root_ca_crl": hex::encode(root_crl),
        "pck_crl": hex::encode(&pck_crl.body),
        "tcb_info_issuer_chain":
            tcb.chain(&["TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain"])?,
        "tcb_info": tcb_info.statement.get(),
        "tcb_info_signature": tcb_info.signature,
        "qe_identity_issuer_chain": qe.chain(&["SGX-Enclave-Identity-Issuer-Chain"])?,
        "qe_identity": identity.statement.get(),
        "qe_identity_signature": identity.signature,
    });
    split(bundle.to_string().as_bytes(), &tcb.url).map_err(|reason| tcb.wrong(reason))
}

fn parse<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, KeeperError> {
    serde_json::from_slice(&answer.body).map_err(|error| answer.wrong(error.to_string()))
}

/// The root's list in DER: from the PCCS, which has it in hex, else from where Intel publishes it.
async fn root_crl(service: &Service) -> Result<Bytes, KeeperError> {
    match service.get("/sgx/certification/v4/rootcacrl").await {
        Ok(answer) => {
            // A PCCS of Intel's sends hex, others DER.
            let decoded = str::from_utf8(&answer.body)
                .ok()
                .and_then(|text| hex::decode(text.trim().trim_matches('"')).ok());
            Ok(decoded.map_or(answer.body, Bytes::from))
        }
        Err(error) => {
            tracing::debug!(%error, "no list of the root here");
            Ok(service.get_url(ROOT_CRL.to_owned()).await?.body)
        }
    }
}
