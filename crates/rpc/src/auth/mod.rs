//! The authenticated server: HTTP and WebSocket behind a JWT, for the rollup node.

mod jwt;
mod server;

pub use jwt::{JwtError, JwtLayer, JwtSecret};
pub use server::{AuthServer, AuthServerConfig, ServerError};
