//! What the node's `assay_` methods say of the story.

use super::{DemoError, cast::Cast, enclaves::Session, market::Takings};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use assay_chainspec::predeploys::INFERENCE;
use assay_client::Rpc;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptProof {
    receipt_hash: B256,
    block_number: u64,
    output_root: B256,
    output_root_parts: Parts,
    slot: B256,
    account_proof: Vec<Bytes>,
    storage_proof: Vec<Bytes>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parts {
    version: B256,
    state_root: B256,
    message_passer_storage_root: B256,
    latest_blockhash: B256,
}

/// Asks for everything that happened and compares it. Gives the number of receipts that were
/// proven from output roots.
pub(super) async fn check(
    cast: &Cast,
    l2: &Rpc,
    sessions: &[Session],
    takings: &Takings,
) -> Result<u64, DemoError> {
    for session in sessions {
        let found: Value = l2.call("assay_getSession", json!([session.id])).await?;
        let as_opened =
            found["live"] == true && found["controller"] == json!(cast.provider.address());
        require(as_opened, || format!("the session under {} is {found}", session.name))?;
    }
    let by_provider =
        json!({ "provider": cast.provider.address(), "limit": 3, "oldestFirst": true });
    let receipts = pages(l2, by_provider).await?;
    let by_requester = json!({ "requester": cast.requester.address() });
    let others = pages(l2, by_requester).await?;
    require(receipts.len() as u64 == takings.settled && others.len() == receipts.len(), || {
        format!("{} receipts by provider, {} by requester", receipts.len(), others.len())
    })?;
    let mut earned = U256::ZERO;
    for contributor in &cast.contributors {
        let found: Value = l2.call("assay_getContributor", json!([contributor.address()])).await?;
        let payouts = found["payouts"].as_array().into_iter().flatten();
        for payout in payouts {
            let amount: U256 = serde_json::from_value(payout["amount"].clone())
                .map_err(|error| DemoError::Wrong(error.to_string()))?;
            earned += amount;
        }
        let contributions = found["contributions"].as_array().map_or(0, Vec::len);
        require(contributions == 1, || format!("a contributor has {contributions} contributions"))?;
    }
    require(earned == takings.claimed, || {
        format!("contributors earned {earned} wei and claimed {}", takings.claimed)
    })?;
    let mut proven = 0;
    for receipt in &receipts {
        let proof: ReceiptProof =
            l2.call("assay_getReceiptProof", json!([&receipt["requestId"]])).await?;
        require(json!(proof.receipt_hash) == receipt["receiptHash"], || {
            "a receipt's proof is of another hash".to_owned()
        })?;
        verify(&proof)?;
        proven += 1;
    }
    Ok(proven)
}

/// All pages of a query.
async fn pages(l2: &Rpc, mut query: Value) -> Result<Vec<Value>, DemoError> {
    let mut receipts = Vec::new();
    loop {
        let page: Value = l2.call("assay_getReceipts", json!([&query])).await?;
        receipts.extend(page["receipts"].as_array().into_iter().flatten().cloned());
        if page["next"].is_null() {
            return Ok(receipts);
        }
        query["after"] = page["next"].clone();
    }
}

/// What a contract on another chain checks.
fn verify(proof: &ReceiptProof) -> Result<(), DemoError> {
    let wrong = |what: &str| {
        DemoError::Wrong(format!("receipt proof at block {}: {what}", proof.block_number))
    };
    let parts = &proof.output_root_parts;
    let joined = [
        parts.version,
        parts.state_root,
        parts.message_passer_storage_root,
        parts.latest_blockhash,
    ]
    .concat();
    if keccak256(joined) != proof.output_root {
        return Err(wrong("the output root is not its parts'"));
    }
    // The account's leaf ends the proof: what it says is checked by proving just that.
    let leaf = proof.account_proof.last().ok_or_else(|| wrong("no account"))?;
    let account = account(leaf).ok_or_else(|| wrong("no account in the leaf"))?;
    verify_proof(
        parts.state_root,
        Nibbles::unpack(keccak256(INFERENCE)),
        Some(alloy_rlp::encode(account)),
        &proof.account_proof,
    )
    .map_err(|error| wrong(&error.to_string()))?;
    let value = U256::from_be_bytes(proof.receipt_hash.0);
    verify_proof(
        account.storage_root,
        Nibbles::unpack(keccak256(proof.slot)),
        Some(alloy_rlp::encode(value)),
        &proof.storage_proof,
    )
    .map_err(|error| wrong(&error.to_string()))
}

/// The account in a leaf node: a list of a path and a value.
fn account(leaf: &[u8]) -> Option<TrieAccount> {
    use alloy_rlp::{Decodable, Header};
    let mut leaf = leaf;
    let mut items = Header::decode_bytes(&mut leaf, true).ok()?;
    Header::decode_bytes(&mut items, false).ok()?;
    let mut value = Header::decode_bytes(&mut items, false).ok()?;
    TrieAccount::decode(&mut value).ok()
}

fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), DemoError> {
    if holds { Ok(()) } else { Err(DemoError::Wrong(what())) }
}
