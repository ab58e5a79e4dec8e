//! The proxies in front of the predeploys: nobody is their admin, they hide no function, and what
//! happens in an implementation that is called itself stays there.

use crate::{
    harness::{Chain, Failure},
    world::{ANYONE, NATIVE, REQUESTER, World, ether},
};
use alloy_primitives::{Address, Bytes};
use alloy_sol_types::{SolInterface, sol};
use assay_chainspec::{
    predeploys::{INFERENCE, PREDEPLOYS},
    preset::DEV_ACCOUNTS,
};
use assay_precompiles::contracts::{
    ICollateral::ICollateralCalls, IDatanets::IDatanetsCalls, IInference,
    IInference::IInferenceCalls, ISessions::ISessionsCalls, IVerifiers::IVerifiersCalls,
};

sol! {
    /// The functions of OP's `Proxy`, for its admin alone.
    interface Proxy {
        function upgradeTo(address implementation) external;
        function upgradeToAndCall(address implementation, bytes calldata data) external payable;
        function changeAdmin(address admin) external;
        function admin() external returns (address);
        function implementation() external returns (address);
    }
}

#[test]
fn a_proxy_hides_no_function() {
    let own: Vec<[u8; 4]> = Proxy::ProxyCalls::selectors().collect();
    assert_eq!(own.len(), 5);
    let functions = ICollateralCalls::selectors()
        .chain(ISessionsCalls::selectors())
        .chain(IInferenceCalls::selectors())
        .chain(IDatanetsCalls::selectors())
        .chain(IVerifiersCalls::selectors());
    assert!(functions.clone().count() > 50);
    for selector in functions {
        assert!(!own.contains(&selector), "{selector:02x?}");
    }
}

/// Not for the account that owns the chain's other proxies either, nor for the predeploy itself.
#[test]
fn nobody_changes_an_implementation() {
    let chain = Chain::new();
    for predeploy in PREDEPLOYS {
        let asked = chain.try_call(Address::ZERO, predeploy.address, &Proxy::implementationCall {});
        let found = asked.ok().returned::<Proxy::implementationCall>();
        assert_eq!(found, predeploy.implementation, "as a call without a sender sees it");
        for caller in DEV_ACCOUNTS.iter().map(|account| account.address).chain([ANYONE]) {
            let to = predeploy.address;
            let upgrade = Proxy::upgradeToCall { implementation: ANYONE };
            let and_call =
                Proxy::upgradeToAndCallCall { implementation: ANYONE, data: Bytes::new() };
            for outcome in [
                chain.try_call(caller, to, &upgrade),
                chain.try_call(caller, to, &and_call),
                chain.try_call(caller, to, &Proxy::changeAdminCall { admin: ANYONE }),
                chain.try_call(caller, to, &Proxy::adminCall {}),
                chain.try_call(caller, to, &Proxy::implementationCall {}),
            ] {
                assert_eq!(outcome.result.err(), Some(Failure::Revert([].into())));
            }
        }
    }
}

/// An implementation has storage of its own: its escrows are no escrows of the predeploy's, and receipts
/// are signed for it under another domain.
#[test]
fn an_implementation_is_another_contract() {
    let mut world = World::new();
    let implementation = PREDEPLOYS[2].implementation;
    let request = world.request(NATIVE, ether(1));
    let cited = world.cited();
    let receipt = world.receipt(request, ether(1), Some(&cited));
    let settlement = world.sign(receipt.clone());
    // What the predeploy holds is not there.
    let refund = IInference::refundCall { requestId: request };
    let settle = IInference::settleCall { settlement: settlement.clone() };
    let withdraw = IInference::withdrawCall { token: NATIVE, to: ANYONE };
    world.chain.send(ANYONE, implementation, &settle).error::<IInference::NotOpen>();
    world.chain.advance(700);
    world.chain.send(ANYONE, implementation, &refund).error::<IInference::NotOpen>();
    world.settle(settlement).ok();
    world.chain.send(REQUESTER, implementation, &withdraw).error::<IInference::NothingToWithdraw>();
    let hash = IInference::receiptHashCall { receipt };
    assert_ne!(world.chain.call(implementation, &hash), world.chain.call(INFERENCE, &hash));
}
