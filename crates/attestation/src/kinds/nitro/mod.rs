//! Kind 2: AWS Nitro attestation documents.

use crate::{
    Code,
    encoding::{
        algorithm::Algorithm,
        x509::{self, Profile, Role},
    },
};

/// AWS's Nitro Enclaves root G1, valid to October 2049.
pub(crate) const AWS_ROOT_DER: &[u8] = include_bytes!("aws_root.der");

/// Most certificates between the root and the enclave's.
const MAX_INTERMEDIATES: u8 = 4;

/// Every certificate's algorithms.
const PROFILE: Profile =
    Profile { key: Algorithm::EcdsaP384, signed_with: Algorithm::EcdsaP384, extensions: &[] };

/// Whether a genesis may name `der` as a root.
pub(crate) fn check_root(der: &[u8]) -> Result<(), Code> {
    x509::check_root(der, PROFILE, Role::Issuer { below: MAX_INTERMEDIATES })
}
