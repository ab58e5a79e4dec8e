//! Where statements come from.

use crate::{
    KeeperError, intel,
    service::{MAX_BYTES, Service},
};
use alloy_primitives::{Bytes, hex};
use assay_attestation::{dcap::split_collateral, kind};
use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

/// One statement, as `IAttestation.verifyCollateral` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The evidence kind that it is about.
    pub kind: u8,
    /// The encoding of docs/attestation.md.
    pub input: Bytes,
    /// Where it came from, for logs.
    pub origin: String,
}

/// Which enclaves a bundle of Intel's is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tee {
    /// SGX enclaves.
    Sgx,
    /// Trust domains.
    Tdx,
}

/// Which of Intel's authorities signed a platform's PCK certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PckAuthority {
    /// Single-package platforms.
    Processor,
    /// Multi-package platforms.
    Platform,
}

/// A model of Intel platforms, written `FMSPC:TEE:AUTHORITY`, as in `b0c06f000000:tdx:platform`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntelPlatform {
    /// Family, model, stepping, platform type and SKU.
    pub fmspc: [u8; 6],
    /// SGX or TDX.
    pub tee: Tee,
    /// Who signs its PCK certificates.
    pub authority: PckAuthority,
}

impl FromStr for IntelPlatform {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(':').collect();
        let [fmspc, tee, authority] = parts[..] else {
            return Err("expected FMSPC:TEE:AUTHORITY".to_owned());
        };
        Ok(Self {
            fmspc: hex::decode_to_array(fmspc)
                .map_err(|_| format!("FMSPC {fmspc:?} is not 12 hex digits"))?,
            tee: match tee {
                "sgx" => Tee::Sgx,
                "tdx" => Tee::Tdx,
                _ => return Err(format!("TEE {tee:?} is neither sgx nor tdx")),
            },
            authority: match authority {
                "processor" => PckAuthority::Processor,
                "platform" => PckAuthority::Platform,
                _ => {
                    return Err(format!(
                        "authority {authority:?} is neither processor nor platform"
                    ));
                }
            },
        })
    }
}

/// A family of AMD's processors, as its key distribution service names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmdProduct {
    /// EPYC 7003.
    Milan,
    /// EPYC 9004.
    Genoa,
    /// EPYC 9005.
    Turin,
}

impl AmdProduct {
    const fn name(self) -> &'static str {
        match self {
            Self::Milan => "Milan",
            Self::Genoa => "Genoa",
            Self::Turin => "Turin",
        }
    }
}

impl FromStr for AmdProduct {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "milan" => Ok(Self::Milan),
            "genoa" => Ok(Self::Genoa),
            "turin" => Ok(Self::Turin),
            _ => Err(format!("{text:?} is none of milan, genoa, turin")),
        }
    }
}

/// Where statements come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Intel's service, or a PCCS that caches it.
    Intel {
        /// Base URL, without a path.
        url: String,
        /// The platforms to ask about.
        platforms: Vec<IntelPlatform>,
    },
    /// AMD's key distribution service: revocation lists.
    Amd {
        /// Base URL, without a path.
        url: String,
        /// The products to ask about.
        products: Vec<AmdProduct>,
    },
    /// A folder, read anew each round: `*.json` are Intel's bundles (dcap-qvl's
    /// `QuoteCollateralV3`), `*.crl` AMD's lists in DER. Other files are passed over.
    Folder(PathBuf),
}

impl Source {
    /// Adds what the source has now. A platform, product or file that fails does not keep the others
    /// from being added.
    ///
    /// # Errors
    /// The first failure: [`KeeperError::Fetch`], [`KeeperError::File`].
    pub async fn fetch(&self, statements: &mut Vec<Statement>) -> Result<(), KeeperError> {
        let mut result = Ok(());
        let mut take = |fetched: Result<Vec<Statement>, KeeperError>| match fetched {
            Ok(fetched) => statements.extend(fetched),
            Err(error) => {
                tracing::warn!(%error, "no collateral from here");
                if result.is_ok() {
                    result = Err(error);
                }
            }
        };
        match self {
            Self::Intel { url, platforms } => {
                let service = Service::new(url)?;
                for platform in platforms {
                    take(intel::fetch(&service, platform).await);
                }
            }
            Self::Amd { url, products } => {
                let service = Service::new(url)?;
                for product in products {
                    take(amd(&service, *product).await.map(|list| vec![list]));
                }
            }
            Self::Folder(path) => {
                for file in files(path)? {
                    take(read(&file));
                }
            }
        }
        result
    }
}

/// The four statements of a bundle.
pub(crate) fn split(json: &[u8], origin: &str) -> Result<Vec<Statement>, String> {
    let inputs = split_collateral(json).map_err(|code| format!("not a bundle: {code}"))?;
    let statement = |input: Vec<u8>| Statement {
        kind: kind::INTEL_DCAP,
        input: input.into(),
        origin: origin.to_owned(),
    };
    Ok(inputs.map(statement).into())
}

/// A product's revocation list (specification 57230, "CRL").
async fn amd(service: &Service, product: AmdProduct) -> Result<Statement, KeeperError> {
    let path = format!("/vcek/v1/{}/crl", product.name());
    let answer = service.get(&path).await?;
    Ok(Statement { kind: kind::AMD_SEV_SNP, input: answer.body, origin: answer.url })
}

fn failed(path: &Path, reason: impl Into<String>) -> KeeperError {
    KeeperError::File { path: path.into(), reason: reason.into() }
}

/// The files of a folder, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, KeeperError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, error.to_string()))? {
        files.push(entry.map_err(|error| failed(folder, error.to_string()))?.path());
    }
    files.sort();
    Ok(files)
}

/// The statements in a file; none if it is of another kind.
fn read(file: &Path) -> Result<Vec<Statement>, KeeperError> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    if !matches!(extension, Some("json" | "crl")) {
        return Ok(Vec::new());
    }
    let length = fs::metadata(file).map_err(|error| failed(file, error.to_string()))?.len();
    if length > MAX_BYTES {
        return Err(failed(file, format!("more than {MAX_BYTES} bytes")));
    }
    let bytes = fs::read(file).map_err(|error| failed(file, error.to_string()))?;
    let origin = file.display().to_string();
    if extension == Some("json") {
        return split(&bytes, &origin).map_err(|reason| failed(file, reason));
    }
    Ok(vec![Statement { kind: kind::AMD_SEV_SNP, input: bytes.into(), origin }])
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE: &[u8] = include_bytes!("../../attestation/testdata/dcap/tdx_v4.collateral.json");

    #[test]
    fn platforms_and_products_are_read_as_operators_write_them() {
        let platform: IntelPlatform = "B0C06F000000:tdx:platform".parse().unwrap();
        assert_eq!(platform.fmspc, [0xb0, 0xc0, 0x6f, 0, 0, 0]);
        assert_eq!((platform.tee, platform.authority), (Tee::Tdx, PckAuthority::Platform));
        for wrong in ["", "b0c06f000000", "b0c06f0000:tdx:platform", "b0c06f000000:sev:platform"] {
            assert!(wrong.parse::<IntelPlatform>().is_err(), "{wrong}");
        }
        assert_eq!("genoa".parse(), Ok(AmdProduct::Genoa));
        assert!("Rome".parse::<AmdProduct>().is_err());
    }

    #[tokio::test]
    async fn a_folder_gives_its_bundles_statements_and_lists() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("intel.json"), BUNDLE).unwrap();
        fs::write(directory.path().join("milan.crl"), [1, 2, 3]).unwrap();
        fs::write(directory.path().join("notes.txt"), "passed over").unwrap();
        let source = Source::Folder(directory.path().into());
        let mut statements = Vec::new();
        source.fetch(&mut statements).await.unwrap();
        let kinds: Vec<u8> = statements.iter().map(|statement| statement.kind).collect();
        assert_eq!(
            kinds,
            [kind::INTEL_DCAP; 4].into_iter().chain([kind::AMD_SEV_SNP]).collect::<Vec<_>>()
        );
        assert_eq!(statements[4].input, Bytes::from(vec![1, 2, 3]));

        fs::write(directory.path().join("broken.json"), "{").unwrap();
        let mut others = Vec::new();
        let error = source.fetch(&mut others).await.unwrap_err().to_string();
        assert!(error.contains("broken.json"), "{error}");
        assert_eq!(others, statements);
    }
}
