//! What comes from L1.

use alloy_primitives::{B256, Bytes, Log, LogData};
use assay_chainspec::{RollupConfig, SystemConfig, preset::Preset};
use assay_derivation::{
    CONFIG_UPDATE, Frame, L1InfoTransaction, L1Log, L1Origin, SingularBatch, SpanBatch,
    TRANSACTION_DEPOSITED, decode_blob, decode_deposit, encode_blob, encode_frames, read_channel,
    update_system_config,
};
use std::sync::LazyLock;

static CONFIG: LazyLock<RollupConfig> =
    LazyLock::new(|| Preset::Dev.builder().build().expect("the preset").rollup);

/// A batcher transaction's data.
pub fn frames(data: &[u8]) {
    let data = Bytes::copy_from_slice(data);
    if let Ok(frames) = Frame::decode_all(&data) {
        assert_eq!(encode_frames(&frames), data);
    }
}

/// A blob; zeros follow what the input has.
pub fn blob(data: &[u8]) {
    let mut blob = Box::new(alloy_primitives::FixedBytes::<131_072>::ZERO);
    let length = data.len().min(blob.len());
    blob[..length].copy_from_slice(&data[..length]);
    if let Ok(decoded) = decode_blob(&blob) {
        let again = encode_blob(&decoded).expect("fits a blob");
        assert_eq!(decode_blob(&again).expect("own encoding"), decoded);
    }
}

/// A channel's data.
pub fn channel(data: &[u8]) {
    let _ = read_channel(data, &CONFIG);
}

/// A singular batch behind its type.
pub fn batch_singular(data: &[u8]) {
    if let Ok(batch) = SingularBatch::decode(data) {
        let mut encoded = Vec::new();
        batch.encode(&mut encoded);
        assert_eq!(SingularBatch::decode(&encoded).expect("own encoding"), batch);
    }
}

/// A span batch behind its type.
pub fn batch_span(data: &[u8]) {
    let _ = SpanBatch::decode(data, &CONFIG);
}

/// Calldata of the L1 attributes deposit.
pub fn l1_info(data: &[u8]) {
    if let Ok(info) = L1InfoTransaction::decode(data) {
        let again = L1InfoTransaction::decode(&info.encode()).expect("own encoding");
        assert_eq!(again, info);
    }
}

/// Three topics, then data: a log of this event.
fn log(event: B256, data: &[u8]) -> Option<L1Log> {
    let (topics, data) = data.split_first_chunk::<96>()?;
    let topics = std::iter::once(event).chain(topics.chunks_exact(32).map(B256::from_slice));
    let data = LogData::new_unchecked(topics.collect(), Bytes::copy_from_slice(data));
    Some(L1Log { index: 0, log: Log { address: CONFIG.deposit_contract_address, data } })
}

/// A log of the portal.
pub fn deposit_log(data: &[u8]) {
    if let Some(log) = log(TRANSACTION_DEPOSITED, data) {
        let _ = decode_deposit(B256::ZERO, &log);
    }
}

/// A log of SystemConfig, which has two topics beside the event's.
pub fn config_log(data: &[u8]) {
    let Some((topics, data)) = data.split_first_chunk::<64>() else { return };
    let topics =
        std::iter::once(CONFIG_UPDATE).chain(topics.chunks_exact(32).map(B256::from_slice));
    let data = LogData::new_unchecked(topics.collect(), Bytes::copy_from_slice(data));
    let log = Log { address: CONFIG.l1_system_config_address, data };
    let origin = L1Origin { logs: vec![L1Log { index: 0, log }], ..L1Origin::default() };
    let mut config = SystemConfig { ..CONFIG.genesis.system_config };
    let _ = update_system_config(&mut config, &CONFIG, &origin);
}
