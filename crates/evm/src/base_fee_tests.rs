use super::*;
use proptest::prelude::*;

fn spec(forks: &[&str]) -> ChainSpec {
    let mut config = serde_json::json!({
        "chainId": 1, "bedrockBlock": 0,
        "optimism": {
            "eip1559Elasticity": 6, "eip1559Denominator": 50, "eip1559DenominatorCanyon": 250
        },
    });
    for fork in forks {
        config[format!("{fork}Time")] = 0.into();
    }
    let extra_data = match forks.last() {
        Some(&"jovian") => "0x0100000001000000010000000000000000",
        Some(&"holocene") => "0x000000000100000001",
        _ => "0x",
    };
    let genesis = serde_json::json!({
        "config": config, "timestamp": "0x0", "extraData": extra_data, "gasLimit": "0x1000",
        "difficulty": "0x0", "baseFeePerGas": "0x1", "alloc": {},
    });
    ChainSpec::from_json(&genesis.to_string()).expect("a genesis")
}

fn holocene() -> ChainSpec {
    spec(&["regolith", "canyon", "ecotone", "fjord", "granite", "holocene"])
}

fn jovian() -> ChainSpec {
    spec(&["regolith", "canyon", "ecotone", "fjord", "granite", "holocene", "isthmus", "jovian"])
}

fn parent(gas_used: u64, extra_data: &[u8]) -> Header {
    Header {
        gas_limit: 60_000_000,
        gas_used,
        base_fee_per_gas: Some(1_000_000),
        blob_gas_used: Some(0),
        extra_data: Bytes::copy_from_slice(extra_data),
        ..Default::default()
    }
}

#[test]
fn bedrock_uses_fifty_and_canyon_two_hundred_and_fifty() {
    // Target 10 M; 60 M used: five targets over.
    let bedrock = spec(&["regolith"]);
    assert_eq!(next_base_fee(&bedrock, &parent(60_000_000, &[]), 2), Some(1_100_000));
    let canyon = spec(&["regolith", "canyon"]);
    assert_eq!(next_base_fee(&canyon, &parent(60_000_000, &[]), 2), Some(1_020_000));
    assert_eq!(next_base_fee(&canyon, &parent(0, &[]), 2), Some(996_000));
    assert_eq!(next_base_fee(&canyon, &parent(10_000_000, &[]), 2), Some(1_000_000));
}

#[test]
fn holocene_takes_the_parents_parameters() {
    let extra = [0, 0, 0, 0, 8, 0, 0, 0, 2];
    // Target 30 M, denominator 8: one eighth up at double the target.
    assert_eq!(next_base_fee(&holocene(), &parent(60_000_000, &extra), 2), Some(1_125_000));
    // 0/0 means the chain's constants.
    let zero = [0u8; 9];
    assert_eq!(next_base_fee(&holocene(), &parent(60_000_000, &zero), 2), Some(1_020_000));
}

#[test]
fn jovian_clamps_and_meters_the_footprint() {
    let mut extra = [0u8; 17];
    extra[0] = 1;
    extra[4] = 8;
    extra[8] = 2;
    extra[9..].copy_from_slice(&2_000_000u64.to_be_bytes());
    assert_eq!(next_base_fee(&jovian(), &parent(0, &extra), 2), Some(2_000_000));
    extra[9..].copy_from_slice(&5u64.to_be_bytes());
    let mut header = parent(0, &extra);
    assert_eq!(next_base_fee(&jovian(), &header, 2), Some(875_000));
    header.blob_gas_used = Some(60_000_000);
    assert_eq!(next_base_fee(&jovian(), &header, 2), Some(1_125_000));
}

#[test]
fn a_rise_is_at_least_one_and_an_overflow_is_seen() {
    let canyon = spec(&["regolith", "canyon"]);
    let mut header = parent(10_000_001, &[]);
    header.base_fee_per_gas = Some(1);
    assert_eq!(next_base_fee(&canyon, &header, 2), Some(2));
    header.base_fee_per_gas = Some(u64::MAX);
    header.gas_used = header.gas_limit;
    assert_eq!(next_base_fee(&canyon, &header, 2), None);
    header.base_fee_per_gas = None;
    assert_eq!(next_base_fee(&canyon, &header, 2), None);
    header.base_fee_per_gas = Some(7);
    header.gas_limit = 0;
    assert_eq!(next_base_fee(&canyon, &header, 2), Some(7), "no target, no change");
}

#[test]
fn parameters_of_zero_become_the_constants() {
    let extra = FeeParameters::encode(&jovian(), 2, B64::ZERO, 9).expect("zero is allowed");
    let parameters = FeeParameters::decode(&jovian(), 2, &extra).expect("decodes");
    let expected = FeeParameters { denominator: 250, elasticity: 6, min_base_fee: 9 };
    assert_eq!(parameters, Some(expected));
    assert_eq!(FeeParameters::encode(&spec(&["regolith"]), 2, B64::ZERO, 0), Ok(Bytes::new()));
}

proptest! {
    #[test]
    fn decode_never_panics_and_encode_inverts_it(
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        for spec in [spec(&["regolith"]), holocene(), jovian()] {
            if let Ok(Some(parameters)) = FeeParameters::decode(&spec, 2, &bytes)
                && parameters.denominator != 0
            {
                let encoded = FeeParameters::encode(
                    &spec, 2, B64::from_slice(&bytes[1..9]), parameters.min_base_fee,
                );
                prop_assert_eq!(encoded.expect("valid"), bytes.clone());
            }
        }
    }

    /// The same as alloy's formula wherever that one is defined.
    #[test]
    fn agrees_with_alloy(
        used in any::<u64>(), limit in 1u64.., fee in 0u64..1 << 60,
        denominator in 1u32.., elasticity in 1u32..,
    ) {
        let used = used % limit;
        let target = u128::from(limit / u64::from(elasticity));
        let rise = (u128::from(fee) * u128::from(limit))
            .checked_div(target * u128::from(denominator));
        // alloy divides by the target, and overflows with a rise above 64 bits.
        if rise.is_some_and(|rise| rise < 1 << 62) {
            let params = BaseFeeParams::new(denominator.into(), elasticity.into());
            let expected =
                alloy_eips::eip1559::calc_next_block_base_fee(used, limit, fee, params);
            prop_assert_eq!(eip1559_base_fee(used, limit, fee, params), Some(expected));
        }
    }
}
