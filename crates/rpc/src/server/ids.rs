//! Names of subscriptions.

use alloy_primitives::B128;
use jsonrpsee::{core::traits::IdProvider, types::SubscriptionId};

/// Random 16 bytes in hex, as every Ethereum client names subscriptions: libraries expect a string
/// and refuse jsonrpsee's own numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct HexIds;

impl IdProvider for HexIds {
    fn next_id(&self) -> SubscriptionId<'static> {
        SubscriptionId::Str(B128::random().to_string().into())
    }
}
