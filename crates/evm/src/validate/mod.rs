//! The rules of headers and blocks, each with its own [`InvalidBlock`](crate::InvalidBlock).
//!
//! In three steps, by what they need: [`validate_header`] the parent's header,
//! [`validate_body`] the transactions, [`validate_post_execution`] and [`validate_roots`] what
//! execution gave.

mod body;
mod header;
mod post;

pub use body::validate_body;
pub use header::validate_header;
pub use post::{logs_bloom, receipts_root, validate_post_execution, validate_roots};
