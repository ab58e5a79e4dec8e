//! The genesis hash against figures from outside this code: a genesis with one account, whose
//! tries, header and hash were computed by a separate script from RLP and keccak alone.

use alloy_primitives::{B256, b256, hex};
use assay_chainspec::{ChainSpec, genesis_state_root};

const STORAGE_ROOT: B256 =
    b256!("0x22e38b4d53ddead8d3eb54bbcd0f4cff0eb2b78adc71edf182fc26d57e7fe8f3");
const STATE_ROOT: B256 =
    b256!("0x63ff992b2e6132a2d43b9d22d95cdd7692223934f00037e709cec6f83283ae0a");
const ISTHMUS_HASH: B256 =
    b256!("0xe3f0b83f3005376b5922c58864da09f0b2a44bbc0ba345f04464a7f453136c67");
const JOVIAN_HASH: B256 =
    b256!("0xb04096592ee825600071c63ea53dbf6e1f338701d9b6c3be0a7fad372f10a155");

/// The message passer, so that its storage root is the withdrawals root as well.
fn genesis(forks: &str, extra_data: &str) -> String {
    format!(
        r#"{{
        "config": {{
            "chainId": 10, "bedrockBlock": 0, "londonBlock": 0, "mergeNetsplitBlock": 0,
            "regolithTime": 0, "canyonTime": 0, "ecotoneTime": 0, "fjordTime": 0,
            "graniteTime": 0, "holoceneTime": 0, "isthmusTime": 0, {forks}
            "optimism": {{"eip1559Elasticity": 6, "eip1559Denominator": 50}}
        }},
        "nonce": "0x0", "timestamp": "0x67000000", "extraData": "{extra_data}",
        "gasLimit": "0x1c9c380", "difficulty": "0x0",
        "mixHash": "0x0000000000000000000000000000000000000000000000000000000000000000",
        "coinbase": "0x0000000000000000000000000000000000000000",
        "alloc": {{
            "0x4200000000000000000000000000000000000016": {{
                "balance": "0xf4240", "nonce": "0x1", "code": "0x6001",
                "storage": {{
                    "0x0000000000000000000000000000000000000000000000000000000000000001":
                    "0x0000000000000000000000000000000000000000000000000000000000001234",
                    "0x0000000000000000000000000000000000000000000000000000000000000002":
                    "0x0000000000000000000000000000000000000000000000000000000000000000"
                }}
            }}
        }}
    }}"#
    )
}

#[test]
fn isthmus() {
    let spec = ChainSpec::from_json(&genesis("", "0x00000000fa00000006")).unwrap();
    assert_eq!(genesis_state_root(spec.genesis()), STATE_ROOT);
    assert_eq!(spec.genesis_header().withdrawals_root, Some(STORAGE_ROOT));
    assert_eq!(spec.genesis_hash(), ISTHMUS_HASH);
}

#[test]
fn jovian() {
    let json = genesis("\"jovianTime\": 0,", "0x01000000fa000000060000000000000000");
    let spec = ChainSpec::from_json(&json).unwrap();
    assert_eq!(spec.genesis_hash(), JOVIAN_HASH);
    assert_eq!(spec.genesis_header().extra_data[..], hex!("01000000fa000000060000000000000000"));
}

#[test]
fn forks_out_of_order_are_refused() {
    let json = genesis("\"karstTime\": 0,", "0x");
    let error = ChainSpec::from_json(&json).unwrap_err().to_string();
    assert!(error.contains("karstTime") && error.contains("jovianTime"), "{error}");
}
