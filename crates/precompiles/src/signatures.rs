//! `ISignatures`: many signatures of one scheme in one call.

use crate::{
    abi::Reader,
    contracts::ISignatures,
    gas,
    outcome::{Failure, Meter},
};
use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};
use assay_attestation::{
    Backend,
    signatures::{Scheme, verify},
};

/// Most signatures in one call.
const MAX_SIGNATURES: usize = 4_096;
/// `Malformed(1)`: not as many keys or signatures as digests.
const LENGTHS: u16 = 1;
/// `Malformed(12)`: the calldata is not the canonical ABI encoding, as in `IAttribution`.
const NOT_CANONICAL: u16 = 12;

/// Runs a call whose calldata is charged for.
pub(crate) fn call(
    selector: [u8; 4],
    arguments: &[u8],
    backend: Backend,
    meter: &mut Meter,
) -> Result<Vec<u8>, Failure> {
    match selector {
        ISignatures::verifyManyCall::SELECTOR => verify_many(arguments, backend, meter),
        _ => Err(Failure::Revert(Vec::new())),
    }
}

fn verify_many(arguments: &[u8], backend: Backend, meter: &mut Meter) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut reader = Reader::new(arguments, 4)?;
        let read = (reader.u8()?, reader.words()?, reader.bytes_array()?, reader.bytes_array()?);
        reader.finish()?;
        Some(read)
    };
    let malformed = |code| Failure::error(&ISignatures::Malformed { code });
    let (number, digests, keys, signatures) = read().ok_or_else(|| malformed(NOT_CANONICAL))?;
    let scheme = Scheme::from_number(number)
        .ok_or_else(|| Failure::error(&ISignatures::UnknownScheme { scheme: number }))?;
    if digests.len() > MAX_SIGNATURES {
        return Err(Failure::error(&ISignatures::TooLarge {
            size: U256::from(digests.len()),
            limit: U256::from(MAX_SIGNATURES),
        }));
    }
    if keys.len() != digests.len() || signatures.len() != digests.len() {
        return Err(malformed(LENGTHS));
    }
    meter.charge(gas::items(gas::signature(scheme), digests.len()))?;
    let mut bits = vec![0u8; digests.len().div_ceil(8)];
    for (index, ((digest, key), signature)) in digests.iter().zip(keys).zip(signatures).enumerate()
    {
        if verify(scheme, &B256::new(*digest), key, signature, backend) {
            bits[index / 8] |= 1 << (index % 8);
        }
    }
    Ok(Bytes::from(bits).abi_encode())
}

#[cfg(test)]
mod tests;
