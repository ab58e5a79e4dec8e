//! What the fuzz targets run: each takes any bytes, and must neither panic nor break the property
//! that it states.

mod attestation;
mod attribution;
mod chainspec;
mod derivation;
mod payload;

pub use attestation::{
    attestation_composite, attestation_dcap, attestation_dcap_compact, attestation_dcap_statement,
    attestation_nitro, attestation_nvidia, attestation_proofs, attestation_signatures,
    attestation_snp, precompile_attestation, precompile_attribution, precompile_signatures,
};
pub use attribution::citation;
pub use chainspec::{genesis, rollup_config};
pub use derivation::{
    batch_singular, batch_span, blob, channel, config_log, deposit_log, frames, l1_info,
};
pub use payload::{payload, transactions};
