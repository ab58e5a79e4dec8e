//! The JWT secret.

use crate::{NodeConfig, NodeError};
use assay_rpc::auth::JwtSecret;

/// Reads the secret that the operator names; without a name, the data directory's, which is made at
/// the first start.
pub(crate) fn load(config: &NodeConfig) -> Result<JwtSecret, NodeError> {
    if let Some(path) = &config.auth.secret {
        return Ok(JwtSecret::from_file(path)?);
    }
    let path = config.datadir.join("jwt.hex");
    if path.exists() {
        Ok(JwtSecret::from_file(&path)?)
    } else {
        tracing::info!(path = %path.display(), "JWT secret created");
        Ok(JwtSecret::try_create_random(&path)?)
    }
}
