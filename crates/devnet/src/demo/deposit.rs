//! Money from L1.

use super::{DemoError, PATIENCE, POLL, cast::Cast};
use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::sol;
use assay_client::Rpc;
use std::time::Instant;

sol! {
    /// OptimismPortal, as far as the demonstration calls it.
    interface OptimismPortal {
        function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes data) external payable;
    }
}

/// Who gets the deposit: an account that has nothing.
const DEPOSITEE: Address = address!("0x00000000000000000000000000000000000d3905");
const DEPOSIT: U256 = U256::from_limbs([5_000_000_000_000_000_000, 0, 0, 0]);

/// Sends ether from L1 and waits for it on L2.
pub(super) async fn deposit(cast: &mut Cast, portal: Address, l2: &Rpc) -> Result<(), DemoError> {
    let call = OptimismPortal::depositTransactionCall {
        to: DEPOSITEE,
        value: DEPOSIT,
        gasLimit: 100_000,
        isCreation: false,
        data: Bytes::new(),
    };
    cast.depositor.transact(portal, DEPOSIT, &call).await?;
    let start = Instant::now();
    while l2.balance(DEPOSITEE).await? != DEPOSIT {
        if start.elapsed() > PATIENCE {
            return Err(DemoError::Timeout("the deposit on L2"));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}
