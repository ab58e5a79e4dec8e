//! The concrete types of the chain: one block type, one receipt type, everywhere below `node`.

/// A transaction: any OP envelope.
pub type Transaction = op_alloy_consensus::OpTxEnvelope;
/// A receipt with its bloom, as it stands in the receipts trie.
pub type Receipt = op_alloy_consensus::OpReceiptEnvelope;
/// A block.
pub type Block = alloy_consensus::Block<Transaction>;
/// A header with its hash.
pub type SealedHeader = alloy_consensus::Sealed<alloy_consensus::Header>;
/// A block with its hash.
pub type SealedBlock = reth_primitives_traits::SealedBlock<Block>;
/// A block with its hash and its transactions' senders.
pub type RecoveredBlock = reth_primitives_traits::RecoveredBlock<Block>;
