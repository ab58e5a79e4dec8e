//! Those who send transactions, on L1 and on L2.

use super::{
    node::Node,
    world::{L1_CHAIN_ID, RECORDER, World},
};
use crate::transactions::signed;
use alloy_consensus::{
    Signed, TxEip1559,
    transaction::{Recovered, RlpEcdsaEncodableTx},
};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, sol};
use assay_chainspec::preset::{DEV_OWNER, DevAccount};
use assay_evm::Transaction;

sol! {
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes data) external payable;

    function setBatcherHash(bytes32 hash) external;
    function setGasConfigEcotone(uint32 baseFee, uint32 blobBaseFee) external;
    function setGasLimit(uint64 limit) external;
    function setEIP1559Params(uint32 denominator, uint32 elasticity) external;
    function setOperatorFeeScalars(uint32 scalar, uint64 constantFee) external;
    function setMinBaseFee(uint64 fee) external;
}

/// An account that sends transactions in order.
#[derive(Debug, Clone)]
pub(super) struct User {
    account: DevAccount,
    chain_id: u64,
    nonce: u64,
}

impl User {
    /// On L2.
    pub(super) fn new(account: DevAccount, world: &World) -> Self {
        Self { account, chain_id: world.rollup.l2_chain_id, nonce: 0 }
    }

    pub(super) const fn on_l1(account: DevAccount) -> Self {
        Self { account, chain_id: L1_CHAIN_ID, nonce: 0 }
    }

    pub(super) const fn address(&self) -> Address {
        self.account.address
    }

    /// Goes on with the nonce that the head's state has: after what was in the pool is lost.
    pub(super) fn take_nonce(&mut self, node: &Node) {
        let state = node.chain().state_at(node.head().hash()).unwrap().unwrap();
        let account = state.account(self.account.address).unwrap();
        self.nonce = account.unwrap_or_default().nonce;
    }

    /// The same on L1, whose pool counts.
    pub(super) fn take_l1_nonce(&mut self, world: &World) {
        self.nonce = world.l1.lock().nonce(self.account.address, BlockId::pending()).unwrap();
    }

    fn sign(&mut self, to: Address, value: U256, input: Bytes, gas: u64) -> Signed<TxEip1559> {
        let signer = PrivateKeySigner::from_bytes(&self.account.key).unwrap();
        let signed = signed(&signer, self.chain_id, self.nonce, (to, value, input, gas));
        self.nonce += 1;
        signed
    }

    /// A transaction for the pool.
    pub(super) fn call(
        &mut self,
        to: Address,
        value: u64,
        input: impl Into<Bytes>,
        gas: u64,
    ) -> Recovered<Transaction> {
        let signed = self.sign(to, U256::from(value), input.into(), gas);
        Recovered::new_unchecked(Transaction::Eip1559(signed), self.account.address)
    }

    pub(super) fn transfer(&mut self, to: Address, value: u64) -> Recovered<Transaction> {
        self.call(to, value, Bytes::new(), 21_000)
    }

    /// Has the recorder make a call.
    pub(super) fn record(&mut self, target: Address, input: &[u8]) -> Recovered<Transaction> {
        self.call(RECORDER, 0, recorded(target, input), 6_000_000)
    }

    /// Sends a transaction to L1's pool.
    pub(super) fn send_l1(
        &mut self,
        world: &World,
        to: Address,
        value: u64,
        input: Vec<u8>,
    ) -> B256 {
        // The portal burns as much gas here as a deposit may use on L2.
        let signed = self.sign(to, U256::from(value), input.into(), 10_000_000);
        let mut raw = Vec::new();
        signed.tx().eip2718_encode(signed.signature(), &mut raw);
        world.l1.lock().submit(&raw).unwrap()
    }

    /// Deposits through the portal.
    pub(super) fn deposit(&mut self, world: &World, to: Address, value: u64, data: Bytes) {
        let call = depositTransactionCall {
            to,
            value: U256::from(value),
            gasLimit: 6_000_000,
            isCreation: false,
            data,
        };
        let portal = world.rollup.deposit_contract_address;
        self.send_l1(world, portal, value, call.abi_encode());
    }
}

/// The recorder's calldata.
pub(super) fn recorded(target: Address, input: &[u8]) -> Bytes {
    [target.into_word().as_slice(), input].concat().into()
}

/// Who configures the chain on L1.
#[derive(Debug)]
pub(super) struct Owner(User);

impl Owner {
    pub(super) const fn new() -> Self {
        Self(User::on_l1(DEV_OWNER))
    }

    pub(super) fn configure(&mut self, world: &World, call: &impl SolCall) {
        let contract = world.rollup.l1_system_config_address;
        self.0.send_l1(world, contract, 0, call.abi_encode());
    }
}
