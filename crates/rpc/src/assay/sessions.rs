//! Sessions.

use super::{
    contracts::Views,
    found::{newest, subject},
    types::SessionInfo,
};
use crate::{RpcContext, RpcError};
use alloy_eips::BlockId;
use alloy_primitives::B256;
use assay_chainspec::predeploys::SESSIONS;
use assay_precompiles::contracts::ISessions;

/// `assay_getSession`.
pub(super) fn session(
    ctx: &RpcContext,
    id: B256,
    block: BlockId,
) -> Result<Option<SessionInfo>, RpcError> {
    let mut views = Views::at(ctx, block)?;
    let call = ISessions::sessionCall { sessionId: id };
    let Some(session) = views.try_call(SESSIONS, &call)? else { return Ok(None) };
    let standing = views.call(SESSIONS, &ISessions::standingCall { sessionId: id })?;
    let standing = (standing.status, standing.notAfter);
    // Its controller may open a session again with the same evidence: the last time counts.
    let opened = newest::<ISessions::SessionOpened>(
        ctx,
        subject::<ISessions::SessionOpened>(SESSIONS, Some((1, id)))?,
        views.number(),
    )?;
    let opened = opened.map(|found| found.place);
    Ok(Some(SessionInfo::new(id, session, standing, views.time(), opened)))
}
