//! The public servers, HTTP and WebSocket.

mod config;
mod ids;
mod origin;
mod start;

pub use config::{Origins, ServerConfig, UnusableOrigin};
pub use ids::HexIds;
pub use start::{RpcServer, ServerError, start_http, start_http_and_ws, start_ws};
