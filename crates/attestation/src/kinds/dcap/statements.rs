//! Intel's signed statements: TCB info and QE identity.

use crate::{
    Code,
    encoding::{Malformed, calendar, hex, json, json::Json},
    window::Window,
};
use alloc::vec::Vec;

/// Most levels that a statement, or a TDX module identity in it, may list.
pub(crate) const MAX_LEVELS: usize = 64;
/// Most TDX module identities.
pub(crate) const MAX_MODULES: usize = 32;

/// The two kinds of trusted execution environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tee {
    Sgx = 0,
    Tdx = 1,
}

/// A level's verdict, in Intel's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum TcbStatus {
    UpToDate = 0,
    SwHardeningNeeded = 1,
    ConfigurationNeeded = 2,
    ConfigurationAndSwHardeningNeeded = 3,
    OutOfDate = 4,
    OutOfDateConfigurationNeeded = 5,
    Revoked = 6,
}

impl TcbStatus {
    const ALL: [Self; 7] = [
        Self::UpToDate,
        Self::SwHardeningNeeded,
        Self::ConfigurationNeeded,
        Self::ConfigurationAndSwHardeningNeeded,
        Self::OutOfDate,
        Self::OutOfDateConfigurationNeeded,
        Self::Revoked,
    ];

    /// By its number in a compact form.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// TCB info: which versions of a platform model are how good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TcbInfo {
    /// By id, version and type; `None` where no quote can be judged by it.
    pub(crate) tee: Option<Tee>,
    pub(crate) fmspc: [u8; 6],
    pub(crate) pce_id: [u8; 2],
    pub(crate) evaluation: u32,
    pub(crate) levels: Vec<TcbLevel>,
    pub(crate) module: Option<TdxModule>,
    /// Those whose name a quote can ask for; of equal versions the first counts.
    pub(crate) modules: Vec<ModuleIdentity>,
}

/// A TDX module of one version, named `TDX_` and two hex digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModuleIdentity {
    pub(crate) version: u8,
    pub(crate) module: TdxModule,
    pub(crate) levels: Vec<SvnLevel>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TcbLevel {
    pub(crate) sgx: [u8; 16],
    /// Stated by every level of a TDX statement, zero where a statement for SGX leaves it out.
    pub(crate) tdx: [u8; 16],
    pub(crate) pce_svn: u16,
    pub(crate) status: TcbStatus,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TdxModule {
    pub(crate) signer: [u8; 48],
    pub(crate) attributes: [u8; 8],
    pub(crate) attributes_mask: [u8; 8],
}

/// A level that is one security version number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SvnLevel {
    pub(crate) svn: u16,
    pub(crate) status: TcbStatus,
}

/// QE identity: which quoting enclaves are how good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QeIdentity {
    /// By id and version; `None` where no quote can be judged by it.
    pub(crate) tee: Option<Tee>,
    pub(crate) evaluation: u32,
    pub(crate) misc_select: [u8; 4],
    pub(crate) misc_select_mask: [u8; 4],
    pub(crate) attributes: [u8; 16],
    pub(crate) attributes_mask: [u8; 16],
    pub(crate) signer: [u8; 32],
    pub(crate) product_id: u16,
    pub(crate) levels: Vec<SvnLevel>,
}

/// Reads a statement's dates after the whole statement is known to be well formed.
fn window(issued: &str, next_update: &str) -> Result<Window, Code> {
    let date = |text| calendar::rfc3339(text).map_err(|Malformed| Code::DateEncoding);
    let mut window = Window::ALWAYS;
    window.narrow_inclusive(date(issued)?, date(next_update)?);
    Ok(window)
}

fn hex_field<const N: usize>(
    slot: &mut Option<[u8; N]>,
    json: &mut Json<'_>,
) -> Result<(), Malformed> {
    json::set(slot, hex::decode_array(json.plain_string()?)?)
}

fn status(json: &mut Json<'_>) -> Result<TcbStatus, Malformed> {
    Ok(match json.plain_string()? {
        "UpToDate" => TcbStatus::UpToDate,
        "SWHardeningNeeded" => TcbStatus::SwHardeningNeeded,
        "ConfigurationNeeded" => TcbStatus::ConfigurationNeeded,
        "ConfigurationAndSWHardeningNeeded" => TcbStatus::ConfigurationAndSwHardeningNeeded,
        "OutOfDate" => TcbStatus::OutOfDate,
        "OutOfDateConfigurationNeeded" => TcbStatus::OutOfDateConfigurationNeeded,
        "Revoked" => TcbStatus::Revoked,
        _ => return Err(Malformed),
    })
}

/// Reads the sixteen components of a TCB, of which only the version numbers count.
fn components(json: &mut Json<'_>) -> Result<[u8; 16], Malformed> {
    let mut svns = [0; 16];
    let mut count = 0;
    json.array(|json| {
        let mut svn = None;
        json.object(|json, name| match name {
            "svn" => json::set(&mut svn, json.integer()?),
            _ => json.skip(),
        })?;
        *svns.get_mut(count).ok_or(Malformed)? = svn.ok_or(Malformed)?;
        count += 1;
        Ok(())
    })?;
    if count == svns.len() { Ok(svns) } else { Err(Malformed) }
}

impl TcbInfo {
    /// Reads the statement and when it holds.
    pub(crate) fn parse(text: &str) -> Result<(Self, Window), Code> {
        let mut too_many = false;
        let (info, issued, next_update) =
            Self::read(text, &mut too_many).map_err(|Malformed| Code::TcbInfoJson)?;
        if too_many {
            return Err(Code::TcbLevelCount);
        }
        Ok((info, window(issued, next_update)?))
    }

    fn read<'a>(text: &'a str, too_many: &mut bool) -> Result<(Self, &'a str, &'a str), Malformed> {
        let (mut id, mut version, mut issued, mut next_update) = (None, None, None, None);
        let (mut fmspc, mut pce_id, mut tcb_type, mut evaluation) = (None, None, None, None);
        let (mut levels, mut module, mut modules) = (None, None, None);
        let mut without_tdx = false;
        Json::document(text.as_bytes(), |json, name| match name {
            "id" => json::set(&mut id, json.plain_string()?),
            "version" => json::set(&mut version, json.integer()?),
            "issueDate" => json::set(&mut issued, json.plain_string()?),
            "nextUpdate" => json::set(&mut next_update, json.plain_string()?),
            "fmspc" => hex_field(&mut fmspc, json),
            "pceId" => hex_field(&mut pce_id, json),
            "tcbType" => json::set(&mut tcb_type, json.integer::<u32>()?),
            "tcbEvaluationDataNumber" => json::set(&mut evaluation, json.integer()?),
            "tcbLevels" => json::set(
                &mut levels,
                list(json, MAX_LEVELS, too_many, |json| tcb_level(json, &mut without_tdx))?,
            ),
            "tdxModule" => json::set(&mut module, TdxModule::read(json, |json, _| json.skip())?),
            "tdxModuleIdentities" => {
                let mut inner = false;
                let read =
                    list(json, MAX_MODULES, too_many, |json| module_identity(json, &mut inner))?;
                *too_many |= inner;
                json::set(&mut modules, read)
            }
            _ => json.skip(),
        })?;
        let tcb_type = tcb_type.ok_or(Malformed)?;
        if without_tdx && id == Some("TDX") {
            return Err(Malformed);
        }
        let version: u8 = version.ok_or(Malformed)?;
        let info = Self {
            // The type says how levels are compared: no other way than type 0's is known.
            tee: match (id.ok_or(Malformed)?, version, tcb_type) {
                ("SGX", 3, 0) => Some(Tee::Sgx),
                ("TDX", 3, 0) => Some(Tee::Tdx),
                _ => None,
            },
            fmspc: fmspc.ok_or(Malformed)?,
            pce_id: pce_id.ok_or(Malformed)?,
            evaluation: evaluation.ok_or(Malformed)?,
            levels: levels.ok_or(Malformed)?,
            module,
            modules: modules.unwrap_or_default().into_iter().flatten().collect(),
        };
        Ok((info, issued.ok_or(Malformed)?, next_update.ok_or(Malformed)?))
    }
}

/// Reads an array, keeping at most `limit` items and noting whether there were more.
fn list<'a, T>(
    json: &mut Json<'a>,
    limit: usize,
    too_many: &mut bool,
    mut item: impl FnMut(&mut Json<'a>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let mut items = Vec::new();
    json.array(|json| {
        if items.len() == limit {
            *too_many = true;
            return json.skip();
        }
        items.push(item(json)?);
        Ok(())
    })?;
    Ok(items)
}

fn tcb_level(json: &mut Json<'_>, without_tdx: &mut bool) -> Result<TcbLevel, Malformed> {
    let (mut tcb, mut verdict) = (None, None);
    json.object(|json, name| match name {
        "tcb" => {
            let (mut sgx, mut tdx, mut pce_svn) = (None, None, None);
            json.object(|json, name| match name {
                "sgxtcbcomponents" => json::set(&mut sgx, components(json)?),
                "tdxtcbcomponents" => json::set(&mut tdx, components(json)?),
                "pcesvn" => json::set(&mut pce_svn, json.integer()?),
                _ => json.skip(),
            })?;
            json::set(&mut tcb, (sgx.ok_or(Malformed)?, tdx, pce_svn.ok_or(Malformed)?))
        }
        "tcbStatus" => json::set(&mut verdict, status(json)?),
        _ => json.skip(),
    })?;
    let (sgx, tdx, pce_svn) = tcb.ok_or(Malformed)?;
    *without_tdx |= tdx.is_none();
    Ok(TcbLevel { sgx, tdx: tdx.unwrap_or_default(), pce_svn, status: verdict.ok_or(Malformed)? })
}

/// Reads a level whose TCB is one version number, named `isvsvn`.
fn svn_level(json: &mut Json<'_>) -> Result<SvnLevel, Malformed> {
    let (mut tcb, mut verdict) = (None, None);
    json.object(|json, name| match name {
        "tcb" => {
            let mut svn = None;
            json.object(|json, name| match name {
                "isvsvn" => json::set(&mut svn, json.integer()?),
                _ => json.skip(),
            })?;
            json::set(&mut tcb, svn.ok_or(Malformed)?)
        }
        "tcbStatus" => json::set(&mut verdict, status(json)?),
        _ => json.skip(),
    })?;
    Ok(SvnLevel { svn: tcb.ok_or(Malformed)?, status: verdict.ok_or(Malformed)? })
}

/// `None` where no quote can ask for a module of this name.
fn module_identity(
    json: &mut Json<'_>,
    too_many: &mut bool,
) -> Result<Option<ModuleIdentity>, Malformed> {
    let (mut id, mut levels) = (None, None);
    let module = TdxModule::read(json, |json, name| match name {
        "id" => json::set(&mut id, json.plain_string()?),
        "tcbLevels" => json::set(&mut levels, list(json, MAX_LEVELS, too_many, svn_level)?),
        _ => json.skip(),
    })?;
    let (id, levels) = (id.ok_or(Malformed)?, levels.ok_or(Malformed)?);
    Ok(module_version(id).map(|version| ModuleIdentity { version, module, levels }))
}

/// The version in `TDX_` and two hex digits, in any case.
fn module_version(id: &str) -> Option<u8> {
    let (prefix, digits) = id.split_at_checked(4)?;
    if !prefix.eq_ignore_ascii_case("TDX_") {
        return None;
    }
    hex::decode_array(digits).ok().map(|[version]| version)
}

impl TdxModule {
    fn read<'a>(
        json: &mut Json<'a>,
        mut other: impl FnMut(&mut Json<'a>, &str) -> Result<(), Malformed>,
    ) -> Result<Self, Malformed> {
        let (mut signer, mut attributes, mut attributes_mask) = (None, None, None);
        json.object(|json, name| match name {
            "mrsigner" => hex_field(&mut signer, json),
            "attributes" => hex_field(&mut attributes, json),
            "attributesMask" => hex_field(&mut attributes_mask, json),
            _ => other(json, name),
        })?;
        Ok(Self {
            signer: signer.ok_or(Malformed)?,
            attributes: attributes.ok_or(Malformed)?,
            attributes_mask: attributes_mask.ok_or(Malformed)?,
        })
    }
}

impl QeIdentity {
    /// Reads the statement and when it holds.
    pub(crate) fn parse(text: &str) -> Result<(Self, Window), Code> {
        let mut too_many = false;
        let (identity, issued, next_update) =
            Self::read(text, &mut too_many).map_err(|Malformed| Code::QeIdentityJson)?;
        if too_many {
            return Err(Code::TcbLevelCount);
        }
        Ok((identity, window(issued, next_update)?))
    }

    fn read<'a>(text: &'a str, too_many: &mut bool) -> Result<(Self, &'a str, &'a str), Malformed> {
        let (mut id, mut version, mut issued, mut next_update) = (None, None, None, None);
        let (mut evaluation, mut signer, mut product_id, mut levels) = (None, None, None, None);
        let (mut misc_select, mut misc_select_mask) = (None, None);
        let (mut attributes, mut attributes_mask) = (None, None);
        Json::document(text.as_bytes(), |json, name| match name {
            "id" => json::set(&mut id, json.plain_string()?),
            "version" => json::set(&mut version, json.integer()?),
            "issueDate" => json::set(&mut issued, json.plain_string()?),
            "nextUpdate" => json::set(&mut next_update, json.plain_string()?),
            "tcbEvaluationDataNumber" => json::set(&mut evaluation, json.integer()?),
            "miscselect" => hex_field(&mut misc_select, json),
            "miscselectMask" => hex_field(&mut misc_select_mask, json),
            "attributes" => hex_field(&mut attributes, json),
            "attributesMask" => hex_field(&mut attributes_mask, json),
            "mrsigner" => hex_field(&mut signer, json),
            "isvprodid" => json::set(&mut product_id, json.integer()?),
            "tcbLevels" => json::set(&mut levels, list(json, MAX_LEVELS, too_many, svn_level)?),
            _ => json.skip(),
        })?;
        let version: u8 = version.ok_or(Malformed)?;
        let identity = Self {
            tee: match (id.ok_or(Malformed)?, version) {
                ("QE", 2) => Some(Tee::Sgx),
                ("TD_QE", 2) => Some(Tee::Tdx),
                _ => None,
            },
            evaluation: evaluation.ok_or(Malformed)?,
            misc_select: misc_select.ok_or(Malformed)?,
            misc_select_mask: misc_select_mask.ok_or(Malformed)?,
            attributes: attributes.ok_or(Malformed)?,
            attributes_mask: attributes_mask.ok_or(Malformed)?,
            signer: signer.ok_or(Malformed)?,
            product_id: product_id.ok_or(Malformed)?,
            levels: levels.ok_or(Malformed)?,
        };
        Ok((identity, issued.ok_or(Malformed)?, next_update.ok_or(Malformed)?))
    }
}
