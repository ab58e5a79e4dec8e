#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod anchors;
mod backend;
mod claims;
mod code;
pub mod dev;
mod encoding;
mod kinds;
mod refusal;
pub mod signatures;
#[cfg(test)]
mod testing;
mod verify;
mod window;
mod work;

pub use anchors::{AnchorError, Anchors};
pub use backend::Backend;
pub use claims::{Assessment, Claims, CollateralClaims, collateral_digest, status};
pub use code::Code;
pub use kinds::{
    dcap::{offchain as dcap, trim_quote},
    kind,
    sev_snp::{join_snp_evidence, snp_collateral_key},
};
pub use refusal::{Refusal, TimeRefusal};
pub use verify::{assess, check_time, check_window, verify, verify_collateral, verify_with};
pub use work::{Work, work, work_assess, work_collateral, work_with};
