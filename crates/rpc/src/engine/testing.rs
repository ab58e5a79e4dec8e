//! What the tests of this namespace share.

use assay_chainspec::ChainSpec;

/// Canyon at 100 seconds, Ecotone at 300, Isthmus at 500, Karst at 700.
pub(super) fn spec_with_forks() -> ChainSpec {
    let genesis = serde_json::json!({
        "config": {
            "chainId": 42_331,
            "bedrockBlock": 0,
            "regolithTime": 0,
            "canyonTime": 100,
            "ecotoneTime": 300,
            "fjordTime": 300,
            "graniteTime": 300,
            "holoceneTime": 400,
            "isthmusTime": 500,
            "jovianTime": 600,
            "karstTime": 700,
            "terminalTotalDifficulty": 0,
            "optimism": { "eip1559Elasticity": 6, "eip1559Denominator": 50 },
        },
        "nonce": "0x0",
        "timestamp": "0x0",
        "extraData": "0x",
        "gasLimit": "0x1c9c380",
        "difficulty": "0x0",
        "mixHash": alloy_primitives::B256::ZERO,
        "coinbase": alloy_primitives::Address::ZERO,
        "baseFeePerGas": "0xf4240",
        "alloc": {},
    });
    ChainSpec::from_json(&genesis.to_string()).unwrap()
}
