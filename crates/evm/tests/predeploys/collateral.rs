//! `Collateral`.

use crate::{harness::Chain, interfaces::ICollateral};
use alloy_primitives::{Address, B256, keccak256};
use assay_chainspec::predeploys::COLLATERAL;

const ANYONE: Address = Address::repeat_byte(0xa1);

#[test]
fn nothing_is_held_at_genesis() {
    let chain = Chain::new();
    let key = B256::repeat_byte(7);
    let statement = chain.call(COLLATERAL, &ICollateral::statementCall { key });
    assert_eq!((statement.digest, statement.pointer), (B256::ZERO, Address::ZERO));
    let call = ICollateral::verifyCall { kind: 1, evidence: vec![1].into(), keys: vec![key] };
    let refused = chain.try_call(ANYONE, COLLATERAL, &call);
    assert_eq!(refused.error::<ICollateral::Missing>().key, key);
    let digest = chain.call(COLLATERAL, &ICollateral::digestOfCall { keys: vec![key, key] });
    assert_eq!(digest, keccak256([0; 64]));
}
