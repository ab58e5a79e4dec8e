//! `assay_verifyEvidence`.

use crate::fixture::{DEV_KEY, TestChain};
use alloy_primitives::{B256, Bytes, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use serde_json::json;

/// Evidence of kind 32: uncompressed key, r and s, digest.
fn evidence(digest: B256) -> Vec<u8> {
    let signer: PrivateKeySigner = DEV_KEY.parse().unwrap();
    let signature = signer.sign_hash_sync(&digest).unwrap();
    let key = signer.credential().verifying_key().to_encoded_point(false);
    let mut evidence = key.as_bytes().to_vec();
    evidence.extend(signature.r().to_be_bytes::<32>());
    evidence.extend(signature.s().to_be_bytes::<32>());
    evidence.extend(digest);
    evidence
}

#[tokio::test]
async fn evidence_holds_or_the_failed_check_is_named() {
    let chain = TestChain::new();
    let digest = keccak256("statement");
    let good = evidence(digest);
    let verdict = chain.ok("assay_verifyEvidence", json!([32, Bytes::from(good.clone())])).await;
    assert_eq!(verdict["valid"], true);
    assert_eq!(verdict["claims"]["bound"], json!(digest));
    assert_eq!(verdict["time"], chain.chain.head().timestamp);
    assert!(verdict.get("refusal").is_none());

    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    let verdict = chain.ok("assay_verifyEvidence", json!([32, Bytes::from(forged)])).await;
    assert_eq!(verdict["valid"], false);
    assert_eq!(verdict["refusal"]["error"], "Refused");
    assert!(verdict["refusal"]["code"].is_u64());
    assert!(!verdict["refusal"]["message"].as_str().unwrap().is_empty());

    let verdict = chain.ok("assay_verifyEvidence", json!([99, "0x"])).await;
    assert_eq!(verdict["refusal"]["error"], "UnknownKind");
    let late = json!([32, Bytes::from(good), "0x", u64::MAX]);
    let verdict = chain.ok("assay_verifyEvidence", late).await;
    assert_eq!(verdict["refusal"]["error"], "Expired");
    assert!(verdict["claims"].is_object());
}
