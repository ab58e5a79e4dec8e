//! Intel's signed statements: TCB info and QE identity.

use crate::{
    Code,
    encoding::{Malformed, calendar, hex, json, json::Json},
};

/// Most levels that a statement, or a TDX module identity in it, may list.
const MAX_LEVELS: usize = 64;
/// Most TDX module identities.
const MAX_MODULES: usize = 32;

/// A level's verdict, in Intel's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TcbStatus {
    UpToDate,
    SwHardeningNeeded,
    ConfigurationNeeded,
    ConfigurationAndSwHardeningNeeded,
    OutOfDate,
    OutOfDateConfigurationNeeded,
    Revoked,
}

/// TCB info: which versions of a platform model are how good.
pub(crate) struct TcbInfo<'a> {
    pub(crate) id: &'a str,
    pub(crate) version: u8,
    pub(crate) issued: u64,
    pub(crate) next_update: u64,
    pub(crate) fmspc: [u8; 6],
    pub(crate) pce_id: [u8; 2],
    pub(crate) evaluation: u32,
    pub(crate) levels: Vec<TcbLevel>,
    pub(crate) module: Option<TdxModule>,
    pub(crate) modules: Vec<(&'a str, TdxModule, Vec<SvnLevel>)>,
}

pub(crate) struct TcbLevel {
    pub(crate) sgx: [u8; 16],
    /// Stated by every level of a TDX statement, zero where a statement for SGX leaves it out.
    pub(crate) tdx: [u8; 16],
    pub(crate) pce_svn: u16,
    pub(crate) status: TcbStatus,
}

pub(crate) struct TdxModule {
    pub(crate) signer: [u8; 48],
    pub(crate) attributes: [u8; 8],
    pub(crate) attributes_mask: [u8; 8],
}

/// A level that is one security version number.
pub(crate) struct SvnLevel {
    pub(crate) svn: u16,
    pub(crate) status: TcbStatus,
}

/// QE identity: which quoting enclaves are how good.
pub(crate) struct QeIdentity<'a> {
    pub(crate) id: &'a str,
    pub(crate) version: u8,
    pub(crate) issued: u64,
    pub(crate) next_update: u64,
    pub(crate) evaluation: u32,
    pub(crate) misc_select: [u8; 4],
    pub(crate) misc_select_mask: [u8; 4],
    pub(crate) attributes: [u8; 16],
    pub(crate) attributes_mask: [u8; 16],
    pub(crate) signer: [u8; 32],
    pub(crate) product_id: u16,
    pub(crate) levels: Vec<SvnLevel>,
}

/// Reads a statement's date after the whole statement is known to be well formed.
fn date(text: &str) -> Result<u64, Code> {
    calendar::rfc3339(text).map_err(|Malformed| Code::DateEncoding)
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

impl<'a> TcbInfo<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Code> {
        let mut too_many = false;
        let (info, issued, next_update) =
            Self::read(text, &mut too_many).map_err(|Malformed| Code::TcbInfoJson)?;
        if too_many {
            return Err(Code::TcbLevelCount);
        }
        Ok(Self { issued: date(issued)?, next_update: date(next_update)?, ..info })
    }

    fn read(text: &'a str, too_many: &mut bool) -> Result<(Self, &'a str, &'a str), Malformed> {
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
        tcb_type.ok_or(Malformed)?;
        if without_tdx && id == Some("TDX") {
            return Err(Malformed);
        }
        let info = Self {
            id: id.ok_or(Malformed)?,
            version: version.ok_or(Malformed)?,
            issued: 0,
            next_update: 0,
            fmspc: fmspc.ok_or(Malformed)?,
            pce_id: pce_id.ok_or(Malformed)?,
            evaluation: evaluation.ok_or(Malformed)?,
            levels: levels.ok_or(Malformed)?,
            module,
            modules: modules.unwrap_or_default(),
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
    let (mut svn, mut verdict) = (None, None);
    json.object(|json, name| match name {
        "tcb" => json.object(|json, name| match name {
            "isvsvn" => json::set(&mut svn, json.integer()?),
            _ => json.skip(),
        }),
        "tcbStatus" => json::set(&mut verdict, status(json)?),
        _ => json.skip(),
    })?;
    Ok(SvnLevel { svn: svn.ok_or(Malformed)?, status: verdict.ok_or(Malformed)? })
}

fn module_identity<'a>(
    json: &mut Json<'a>,
    too_many: &mut bool,
) -> Result<(&'a str, TdxModule, Vec<SvnLevel>), Malformed> {
    let (mut id, mut levels) = (None, None);
    let module = TdxModule::read(json, |json, name| match name {
        "id" => json::set(&mut id, json.plain_string()?),
        "tcbLevels" => json::set(&mut levels, list(json, MAX_LEVELS, too_many, svn_level)?),
        _ => json.skip(),
    })?;
    Ok((id.ok_or(Malformed)?, module, levels.ok_or(Malformed)?))
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

impl<'a> QeIdentity<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Code> {
        let mut too_many = false;
        let (identity, issued, next_update) =
            Self::read(text, &mut too_many).map_err(|Malformed| Code::QeIdentityJson)?;
        if too_many {
            return Err(Code::TcbLevelCount);
        }
        Ok(Self { issued: date(issued)?, next_update: date(next_update)?, ..identity })
    }

    fn read(text: &'a str, too_many: &mut bool) -> Result<(Self, &'a str, &'a str), Malformed> {
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
        let identity = Self {
            id: id.ok_or(Malformed)?,
            version: version.ok_or(Malformed)?,
            issued: 0,
            next_update: 0,
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
