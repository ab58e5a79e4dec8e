//! Which version of a method goes with which fork.

use assay_chainspec::{ChainSpec, OpHardforks};
use assay_engine::EngineError;

/// The shape of a payload: each adds fields to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// Up to Regolith.
    V1,
    /// Canyon: withdrawals.
    V2,
    /// Ecotone: blob gas fields, parent beacon block root.
    V3,
    /// Isthmus: withdrawals root, requests.
    V4,
}

impl Shape {
    /// That of a block at `timestamp`.
    pub(crate) fn at(spec: &ChainSpec, timestamp: u64) -> Self {
        if spec.is_isthmus_active_at_timestamp(timestamp) {
            Self::V4
        } else if spec.is_ecotone_active_at_timestamp(timestamp) {
            Self::V3
        } else if spec.is_canyon_active_at_timestamp(timestamp) {
            Self::V2
        } else {
            Self::V1
        }
    }
}

/// Whether `engine_newPayloadV{version}` may carry a payload of `timestamp`.
pub(crate) fn check_new_payload(
    spec: &ChainSpec,
    version: u8,
    timestamp: u64,
) -> Result<Shape, EngineError> {
    let shape = Shape::at(spec, timestamp);
    let fits = match version {
        2 => shape <= Shape::V2,
        3 => shape == Shape::V3,
        _ => shape == Shape::V4,
    };
    if fits { Ok(shape) } else { Err(EngineError::UnsupportedFork) }
}

/// Whether `engine_getPayloadV{version}` may return a payload of `timestamp`.
pub(crate) fn check_get_payload(
    spec: &ChainSpec,
    version: u8,
    timestamp: u64,
) -> Result<Shape, EngineError> {
    let shape = Shape::at(spec, timestamp);
    let karst = spec.is_karst_active_at_timestamp(timestamp);
    let fits = match version {
        2 => shape <= Shape::V2,
        3 => shape == Shape::V3,
        4 => shape == Shape::V4 && !karst,
        _ => karst,
    };
    if fits { Ok(shape) } else { Err(EngineError::UnsupportedFork) }
}

/// Whether `engine_forkchoiceUpdatedV{version}` may carry attributes of `timestamp`. Version 3
/// carries those of every fork: op-node calls no other.
pub(crate) fn check_attributes(
    spec: &ChainSpec,
    version: u8,
    timestamp: u64,
) -> Result<(), EngineError> {
    let shape = Shape::at(spec, timestamp);
    let fits = match version {
        1 => shape == Shape::V1,
        2 => shape <= Shape::V2,
        _ => true,
    };
    if fits { Ok(()) } else { Err(EngineError::UnsupportedFork) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::spec_with_forks;

    /// Every fork two hundred seconds after the one before: Canyon at 100, Ecotone at 300 and so on.
    #[test]
    fn each_version_carries_its_forks() {
        let spec = spec_with_forks();
        let times = [0, 100, 300, 500, 700];
        let table = |check: &dyn Fn(u64) -> bool| times.map(check);
        let new = |version| table(&|time| check_new_payload(&spec, version, time).is_ok());
        assert_eq!(new(2), [true, true, false, false, false]);
        assert_eq!(new(3), [false, false, true, false, false]);
        assert_eq!(new(4), [false, false, false, true, true]);
        let get = |version| table(&|time| check_get_payload(&spec, version, time).is_ok());
        assert_eq!(get(2), [true, true, false, false, false]);
        assert_eq!(get(3), [false, false, true, false, false]);
        assert_eq!(get(4), [false, false, false, true, false]);
        assert_eq!(get(5), [false, false, false, false, true]);
        let attributes = |version| table(&|time| check_attributes(&spec, version, time).is_ok());
        assert_eq!(attributes(1), [true, false, false, false, false]);
        assert_eq!(attributes(2), [true, true, false, false, false]);
        assert_eq!(attributes(3), [true; 5]);
    }
}
