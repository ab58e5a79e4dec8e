//! Who takes part, and what all of them have together.

use super::DemoError;
use alloy_primitives::{Address, U256, address};
use assay_chainspec::{PREDEPLOY_ADDRESSES, preset::DEV_ACCOUNTS};
use assay_client::{Account, Rpc};
use serde_json::json;

/// Where an OP chain's fees go: base fee, priority fee, L1 fee, operator fee.
const FEE_VAULTS: [Address; 4] = [
    address!("4200000000000000000000000000000000000019"),
    address!("4200000000000000000000000000000000000011"),
    address!("420000000000000000000000000000000000001a"),
    address!("420000000000000000000000000000000000001b"),
];
/// Contributors to the datanet.
pub(super) const CONTRIBUTORS: usize = 6;

/// The accounts of the story.
#[derive(Debug)]
pub(super) struct Cast {
    /// Deposits from L1.
    pub(super) depositor: Account,
    /// Owns the models and curates the datanet.
    pub(super) owner: Account,
    /// Runs the enclaves.
    pub(super) provider: Account,
    /// Asks and pays.
    pub(super) requester: Account,
    /// Whose documents shape the outputs.
    pub(super) contributors: Vec<Account>,
}

impl Cast {
    pub(super) async fn new(l1: Rpc, l2: &Rpc) -> Result<Self, DemoError> {
        let on_l2 = async |index: usize| Account::new(l2.clone(), DEV_ACCOUNTS[index].key).await;
        let mut contributors = Vec::new();
        for index in 4..4 + CONTRIBUTORS {
            contributors.push(on_l2(index).await?);
        }
        Ok(Self {
            depositor: Account::new(l1, DEV_ACCOUNTS[0].key).await?,
            owner: on_l2(1).await?,
            provider: on_l2(2).await?,
            requester: on_l2(3).await?,
            contributors,
        })
    }

    /// All that the story's accounts, its contracts and the fee vaults have at a block, in wei.
    pub(super) async fn money(&self, l2: &Rpc, block: u64) -> Result<U256, DemoError> {
        let own = [&self.owner, &self.provider, &self.requester].map(Account::address);
        let others = self.contributors.iter().map(Account::address);
        let all = own.into_iter().chain(others).chain(PREDEPLOY_ADDRESSES).chain(FEE_VAULTS);
        let mut sum = U256::ZERO;
        for address in all {
            let tag = format!("{block:#x}");
            let balance: U256 = l2.call("eth_getBalance", json!([address, tag])).await?;
            sum += balance;
        }
        Ok(sum)
    }
}
