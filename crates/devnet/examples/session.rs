//! Opens a session on a development chain, as a provider does: collateral, policy, evidence.
//!
//! ```text
//! cargo run -p assay-devnet --example session -- root root.der
//! cargo run --release -- dev --trust 1=root.der
//! cargo run -p assay-devnet --example session -- open http://127.0.0.1:8545 session.json
//! ```
//!
//! The evidence is a TDX quote that software made under the root of the first command, which the
//! chain's genesis trusts. docs/examples/viem goes on from `session.json`.

use alloy_primitives::{Address, B256, Bytes, U256, address, b256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolEvent, SolValue, sol};
use assay_attestation::{
    Anchors, Backend, dcap,
    dev::{DevPlatform, DevReport},
    kind,
};
use assay_chainspec::preset::DEV_ACCOUNTS;
use assay_client::{Account, Rpc};
use serde_json::json;
use std::{collections::BTreeMap, error::Error, fs};

/// The interfaces of every predeploy and precompile.
#[allow(
    missing_docs,
    clippy::too_many_arguments,
    clippy::pub_underscore_fields,
    unreachable_pub,
    reason = "generated"
)]
mod interfaces {
    alloy_sol_types::sol! {
        #![sol(extra_derives(Debug))]
        "../../genesis/abi/Assay.sol"
    }
}
use interfaces::{ICollateral, ISessions};

sol! {
    /// What evidence binds a session's key to.
    struct Bound {
        bytes32 tag;
        uint256 chainId;
        address sessions;
        address controller;
        bytes key;
        bytes encryptionKey;
        uint256 blockNumber;
        bytes32 blockHash;
    }
}

type Outcome<T> = Result<T, Box<dyn Error>>;

const COLLATERAL: Address = address!("0xA55a000000000000000000000000000000001001");
const SESSIONS: Address = address!("0xA55a000000000000000000000000000000001002");
/// The key inside the enclave. A real one is made there and never leaves it.
const SESSION_KEY: B256 =
    b256!("0x2222222222222222222222222222222222222222222222222222222222222222");
/// TCB evaluation data number of the platform's statements.
const EVALUATION: u32 = 20;

/// A platform whose statements hold from 2023 to 2096.
fn platform() -> DevPlatform {
    DevPlatform::new(keccak256("assay.example.platform"), 1_700_000_000..4_000_000_000)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["root", file] => Ok(fs::write(file, platform().root())?),
        ["open", url, file] => open(url, file).await,
        _ => Err("usage: session root FILE | session open URL FILE".into()),
    }
}

async fn open(url: &str, file: &str) -> Outcome<()> {
    let rpc = Rpc::new(url)?;
    let mut provider = Account::new(rpc.clone(), DEV_ACCOUNTS[1].key).await?;
    let controller = provider.address();

    // The key: scheme 32, secp256k1, then the uncompressed point.
    let key = PrivateKeySigner::from_bytes(&SESSION_KEY)?;
    let point = key.credential().verifying_key().to_encoded_point(false);
    let key = Bytes::from([&[kind::SECP256K1], point.as_bytes()].concat());

    // The quote binds it to this chain, to the controller, and to a recent block, which dates it.
    let block: alloy_rpc_types_eth::Block =
        rpc.call("eth_getBlockByNumber", json!(["latest", false])).await?;
    let bound = Bound {
        tag: keccak256("assay.session.v1"),
        chainId: U256::from(rpc.chain_id().await?),
        sessions: SESSIONS,
        controller,
        key: key.clone(),
        encryptionKey: Bytes::new(),
        blockNumber: U256::from(block.header.number),
        blockHash: block.header.hash,
    };
    let mut report_data = [0; 64];
    report_data[..32].copy_from_slice(keccak256(bound.abi_encode_params()).as_slice());
    let report = DevReport::Tdx { mr_td: [7; 48], registers: [[1; 48]; 4], report_data };
    let evidence = platform().attest(&report);

    // The vendor's statements: once for every session on the same kind of machine.
    let statements = dcap::split_collateral(&evidence.collateral).map_err(refused)?;
    let put = ICollateral::putManyCall {
        kind: kind::INTEL_DCAP,
        collateral: statements.into_iter().map(Bytes::from).collect(),
    };
    provider.transact(COLLATERAL, U256::ZERO, &put).await?;
    let (anchor, keys) = dcap::collateral_keys(&evidence.evidence, EVALUATION).map_err(refused)?;

    // A policy that accepts this code under this root, and nothing else.
    let anchors = Anchors::new(&BTreeMap::from([(kind::INTEL_DCAP, vec![platform().root()])]))?;
    let claims = assay_attestation::verify(
        kind::INTEL_DCAP,
        &evidence.evidence,
        &evidence.collateral,
        &anchors,
        Backend::default(),
    )
    .map_err(refused)?;
    let policy = ISessions::Policy {
        kinds: vec![kind::INTEL_DCAP],
        identities: vec![claims.identity],
        platforms: vec![],
        anchors: vec![anchor],
        masks: vec![],
        leastAssurance: 3,
        toleratedStatus: 0,
        leastEvaluation: EVALUATION,
        firmware: vec![],
        greatestAge: 7 * 86_400,
    };
    let policy_id = keccak256(policy.abi_encode());
    provider.transact(SESSIONS, U256::ZERO, &ISessions::registerPolicyCall { policy }).await?;

    let open = ISessions::openCall {
        kind: kind::INTEL_DCAP,
        evidence: evidence.evidence,
        collateralKeys: vec![keys.root_crl, keys.pck_crl, keys.tcb_info, keys.qe_identity],
        binding: ISessions::Binding {
            controller,
            key,
            encryptionKey: Bytes::new(),
            header: alloy_rlp::encode(&block.header.inner).into(),
        },
    };
    let (_, receipt) = provider.transact(SESSIONS, U256::ZERO, &open).await?;
    let opened = receipt
        .logs
        .iter()
        .find_map(|log| ISessions::SessionOpened::decode_log(&log.inner).ok())
        .ok_or("no session was opened")?;

    let session = json!({
        "url": url,
        "sessionId": opened.sessionId,
        "policyId": policy_id,
        "controller": controller,
        "sessionKey": SESSION_KEY,
    });
    fs::write(file, format!("{session:#}\n"))?;
    println!("session {} until {}, policy {policy_id}", opened.sessionId, opened.notAfter);
    Ok(())
}

fn refused(refusal: impl std::fmt::Debug) -> Box<dyn Error> {
    format!("the evidence: {refusal:?}").into()
}
