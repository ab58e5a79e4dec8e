//! Judging versions by Intel's statements, after Intel's quote verification library.

use super::{
    statements::{ModuleIdentity, QeIdentity, SvnLevel, TcbInfo, TcbLevel, TcbStatus},
    tcb::{Tcb, TdxTcb},
};
use crate::{Code, status};

impl TcbStatus {
    const fn bits(self) -> u32 {
        match self {
            Self::UpToDate | Self::Revoked => 0,
            Self::SwHardeningNeeded => status::SW_HARDENING_NEEDED,
            Self::ConfigurationNeeded => status::CONFIGURATION_NEEDED,
            Self::ConfigurationAndSwHardeningNeeded => {
                status::CONFIGURATION_NEEDED | status::SW_HARDENING_NEEDED
            }
            Self::OutOfDate => status::OUT_OF_DATE,
            Self::OutOfDateConfigurationNeeded => {
                status::OUT_OF_DATE | status::CONFIGURATION_NEEDED
            }
        }
    }

    /// Lowers a platform's status by that of its TDX module or quoting enclave, of which only
    /// `OutOfDate` and `Revoked` matter.
    const fn lowered_by(self, component: Self) -> Self {
        match (component, self) {
            (Self::Revoked, _) => Self::Revoked,
            (Self::OutOfDate, Self::UpToDate | Self::SwHardeningNeeded) => Self::OutOfDate,
            (
                Self::OutOfDate,
                Self::ConfigurationNeeded | Self::ConfigurationAndSwHardeningNeeded,
            ) => Self::OutOfDateConfigurationNeeded,
            _ => self,
        }
    }
}

/// Judges the quoting enclave by its identity statement, then the platform and, for TDX, its
/// module by the TCB info; gives the claims' status bits.
pub(crate) fn judge(tcb: &Tcb, info: &TcbInfo, identity: &QeIdentity) -> Result<u32, Code> {
    judge_platform(tcb, info, judge_enclave(tcb, identity)?)
}

fn judge_enclave(tcb: &Tcb, identity: &QeIdentity) -> Result<TcbStatus, Code> {
    if identity.tee != Some(tcb.tee()) {
        return Err(Code::QeIdentityKind);
    }
    let enclave = &tcb.enclave;
    if enclave.signer != identity.signer {
        return Err(Code::QeSigner);
    }
    if enclave.is_debug() {
        return Err(Code::QeDebug);
    }
    if enclave.product_id != identity.product_id {
        return Err(Code::QeProduct);
    }
    if !equal_under(&identity.misc_select_mask, &enclave.misc_select, &identity.misc_select) {
        return Err(Code::QeMiscSelect);
    }
    if !equal_under(&identity.attributes_mask, &enclave.attributes, &identity.attributes) {
        return Err(Code::QeAttributes);
    }
    let level = highest_met(&identity.levels, enclave.svn).ok_or(Code::QeTcbLevel)?;
    match level {
        TcbStatus::SwHardeningNeeded | TcbStatus::ConfigurationAndSwHardeningNeeded => {
            Err(Code::TcbStatus)
        }
        status => Ok(status),
    }
}

fn judge_platform(tcb: &Tcb, info: &TcbInfo, enclave: TcbStatus) -> Result<u32, Code> {
    if info.tee != Some(tcb.tee()) {
        return Err(Code::TcbInfoKind);
    }
    if info.fmspc != tcb.fmspc {
        return Err(Code::Fmspc);
    }
    if info.pce_id != tcb.pce_id {
        return Err(Code::PceId);
    }
    let (launch, current) = match &tcb.td {
        None => (matching_level(info, tcb, None)?, None),
        Some(td) => {
            check_module(info, td)?;
            let launch = judge_td(info, tcb, td.svn)?;
            (launch, td.current_svn.map(|svn| judge_td(info, tcb, svn)).transpose()?)
        }
    };
    let launch = launch.lowered_by(enclave);
    let current = current.map(|status| status.lowered_by(enclave));
    if launch == TcbStatus::Revoked || current == Some(TcbStatus::Revoked) {
        return Err(Code::TcbRevoked);
    }
    Ok(match current {
        // Launched under an older TCB than the one in force now: a relaunch would mend it.
        Some(current)
            if launch.bits() & status::OUT_OF_DATE != 0
                && current.bits() & status::OUT_OF_DATE == 0 =>
        {
            let configuration = (launch.bits() | current.bits()) & status::CONFIGURATION_NEEDED;
            status::RELAUNCH_ADVISED | configuration
        }
        _ => launch.bits(),
    })
}

/// The platform's level for these TDX versions, lowered by the module's.
fn judge_td(info: &TcbInfo, tcb: &Tcb, svn: [u8; 16]) -> Result<TcbStatus, Code> {
    let level = matching_level(info, tcb, Some(&svn))?;
    let Some(identity) = module_identity(info, &svn)? else { return Ok(level) };
    let module = highest_met(&identity.levels, svn[0].into()).ok_or(Code::TdxModuleTcbLevel)?;
    match module {
        TcbStatus::UpToDate | TcbStatus::OutOfDate | TcbStatus::Revoked => {
            Ok(level.lowered_by(module))
        }
        _ => Err(Code::TcbStatus),
    }
}

/// The highest level that the platform meets: by SGX components, then PCE, then TDX components.
///
/// Where the module has a version (`svn[1]`), its own levels judge the first two components.
fn matching_level(
    info: &TcbInfo,
    tcb: &Tcb,
    tdx_svn: Option<&[u8; 16]>,
) -> Result<TcbStatus, Code> {
    let at_least =
        |have: &[u8], need: &[u8]| have.iter().zip(need).all(|(have, need)| have >= need);
    let meets = |level: &&TcbLevel| {
        at_least(&tcb.components, &level.sgx)
            && tcb.pce_svn >= level.pce_svn
            && tdx_svn.is_none_or(|svn| {
                let skip = if svn[1] > 0 { 2 } else { 0 };
                at_least(&svn[skip..], &level.tdx[skip..])
            })
    };
    let rank = |level: &TcbLevel| {
        (level.sgx, level.pce_svn, if tdx_svn.is_some() { level.tdx } else { [0; 16] })
    };
    let highest = info.levels.iter().filter(meets).reduce(|best, level| {
        // Of equal levels the first listed counts.
        if rank(level) > rank(best) { level } else { best }
    });
    highest.map(|level| level.status).ok_or(Code::TcbLevel)
}

/// The module's identity for its version; none if it has no version.
fn module_identity<'i>(
    info: &'i TcbInfo,
    svn: &[u8; 16],
) -> Result<Option<&'i ModuleIdentity>, Code> {
    if svn[1] == 0 {
        return Ok(None);
    }
    let identity = info.modules.iter().find(|identity| identity.version == svn[1]);
    identity.map(Some).ok_or(Code::TdxModuleIdentity)
}

/// Checks who signed the module that measured the TD, and its attributes.
fn check_module(info: &TcbInfo, td: &TdxTcb) -> Result<(), Code> {
    let base = info.module.as_ref().ok_or(Code::TdxModuleIdentity)?;
    let module = module_identity(info, &td.svn)?.map_or(base, |identity| &identity.module);
    if td.module_signer != module.signer {
        return Err(Code::TdxModuleSigner);
    }
    // Intel's library takes no attribute, whatever the statement and its mask ask for.
    if td.module_attributes != [0; 8] || module.attributes != [0; 8] {
        return Err(Code::TdxModuleAttributes);
    }
    Ok(())
}

/// The highest level whose version number is met, whatever the order in which they are listed; of
/// equal ones the first.
fn highest_met(levels: &[SvnLevel], svn: u16) -> Option<TcbStatus> {
    let met = levels.iter().filter(|level| svn >= level.svn);
    let highest = met.reduce(|best, level| if level.svn > best.svn { level } else { best });
    highest.map(|level| level.status)
}

/// Whether what is reported, under the mask, is what is expected. As in Intel's library the mask is
/// not laid on the latter: what it expects outside of the mask nothing meets.
fn equal_under(mask: &[u8], reported: &[u8], expected: &[u8]) -> bool {
    mask.iter()
        .zip(reported)
        .zip(expected)
        .all(|((mask, reported), expected)| reported & mask == *expected)
}
