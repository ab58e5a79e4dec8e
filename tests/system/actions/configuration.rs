//! What L1 tells L2: deposits and SystemConfig.

use super::{
    batcher::{batcher, settings},
    users::{
        Owner, User, setBatcherHashCall, setEIP1559ParamsCall, setGasConfigEcotoneCall,
        setGasLimitCall, setMinBaseFeeCall, setOperatorFeeScalarsCall,
    },
    world::{World, assert_same_chain, assert_state_is_sound},
};
use alloy_primitives::{Address, Bytes, U256, address};
use assay_chainspec::preset::{DEV_ACCOUNTS, Preset};

const TO: Address = Address::repeat_byte(0xaa);
const OPERATOR_FEE_VAULT: Address = address!("0x420000000000000000000000000000000000001B");

#[tokio::test]
async fn deposits_and_updates_reach_every_node() {
    let world = World::new(Preset::Dev.builder());
    let mut sequencer = world.sequencer().await;
    let mut posting = world.batcher(&sequencer, settings());
    let mut owner = Owner::new();
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    let mut depositor = User::on_l1(DEV_ACCOUNTS[3]);
    world.rounds(2, &mut sequencer, &mut posting).await;
    let before = sequencer.head();

    depositor.deposit(&world, TO, 1_000, Bytes::new());
    depositor.deposit(&world, TO, 234, Bytes::new());
    owner.configure(&world, &setGasLimitCall { limit: 40_000_000 });
    owner.configure(&world, &setOperatorFeeScalarsCall { scalar: 1_000, constantFee: 77 });
    owner.configure(&world, &setMinBaseFeeCall { fee: 2_000_000_000 });
    owner.configure(&world, &setEIP1559ParamsCall { denominator: 100, elasticity: 4 });
    owner.configure(&world, &setGasConfigEcotoneCall { baseFee: 11, blobBaseFee: 22 });
    for value in 0..4 {
        sequencer.send(user.transfer(TO, value));
        world.round(&mut sequencer, &mut posting).await;
    }
    let after = sequencer.head();
    assert_eq!((before.gas_limit, after.gas_limit), (60_000_000, 40_000_000));
    // Version 1, denominator, elasticity, least base fee.
    let extra =
        [&[1][..], &100_u32.to_be_bytes(), &4_u32.to_be_bytes(), &2_000_000_000_u64.to_be_bytes()];
    assert_eq!(after.extra_data, extra.concat());
    assert_eq!(after.base_fee_per_gas, Some(2_000_000_000));

    world.settle(&mut sequencer, &mut posting).await;
    let mut verifier = world.verifier().await;
    verifier.derive().await;
    assert_same_chain(&sequencer, &verifier);
    assert_state_is_sound(&verifier);
    let state = verifier.chain().state_at(verifier.head().hash()).unwrap().unwrap();
    let balance = |address| state.account(address).unwrap().unwrap_or_default().balance;
    assert_eq!(balance(TO), U256::from(1_234 + 6));
    assert!(balance(OPERATOR_FEE_VAULT) > U256::ZERO);
}

#[tokio::test]
async fn only_the_batcher_of_the_day_is_heard() {
    let world = World::new(Preset::Dev.builder());
    let mut sequencer = world.sequencer().await;
    let mut old = world.batcher(&sequencer, settings());
    let mut user = User::new(DEV_ACCOUNTS[0], &world);
    world.rounds(3, &mut sequencer, &mut old).await;

    let account = DEV_ACCOUNTS[7];
    let call = setBatcherHashCall { hash: account.address.into_word() };
    Owner::new().configure(&world, &call);
    world.l1.mine();
    sequencer.derive().await;
    let heard = sequencer.status().safe_l2;
    for value in 0..3 {
        sequencer.send(user.transfer(TO, value));
        world.round(&mut sequencer, &mut old).await;
    }
    world.l1.mine();
    sequencer.derive().await;
    assert_eq!(sequencer.status().safe_l2, heard, "the old batcher is heard still");

    let mut new = batcher(&world, &sequencer, settings(), account);
    world.rounds(2, &mut sequencer, &mut new).await;
    world.settle(&mut sequencer, &mut new).await;
    let mut verifier = world.verifier().await;
    verifier.derive().await;
    assert_same_chain(&sequencer, &verifier);
}
