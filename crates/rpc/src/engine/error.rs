//! Engine API error codes.

use assay_engine::EngineError;
use jsonrpsee::types::{
    ErrorObjectOwned,
    error::{INTERNAL_ERROR_CODE, INVALID_PARAMS_CODE},
};
use serde::Serialize;

/// The detail that goes with a code whose message the specification fixes.
#[derive(Serialize)]
struct Detail {
    err: String,
}

pub(crate) fn to_rpc(error: EngineError) -> ErrorObjectOwned {
    let detail = |err: String| Some(Detail { err });
    match error {
        EngineError::UnknownPayload => object(-38001, "Unknown payload", None),
        EngineError::InvalidForkchoice(why) => {
            object(-38002, "Invalid forkchoice state", detail(why.to_owned()))
        }
        EngineError::InvalidAttributes(why) => {
            object(-38003, "Invalid payload attributes", detail(why))
        }
        EngineError::TooLarge { .. } => {
            object(-38004, "Too large request", detail(error.to_string()))
        }
        EngineError::UnsupportedFork => object(-38005, "Unsupported fork", None),
        EngineError::Internal(why) => object(INTERNAL_ERROR_CODE, "Internal error", detail(why)),
        EngineError::Stopped => {
            object(INTERNAL_ERROR_CODE, "Internal error", detail(error.to_string()))
        }
    }
}

pub(crate) fn invalid_params(why: impl Into<String>) -> ErrorObjectOwned {
    object(INVALID_PARAMS_CODE, "Invalid params", Some(Detail { err: why.into() }))
}

fn object(code: i32, message: &str, detail: Option<Detail>) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(code, message, detail)
}
