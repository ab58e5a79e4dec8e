mod mutations;
mod oracle;
mod vectors;

use super::*;
use crate::{
    Refusal,
    dev::{DevDocument, DevNitro, nitro::Recipe},
};

/// Signed by AWS: of a production enclave, and of one in debug mode.
const PRODUCTION: &[u8] = include_bytes!("../../../../testdata/nitro/production.cose");
const DEBUG: &[u8] = include_bytes!("../../../../testdata/nitro/debug.cose");

const START: u64 = 1_700_000_000;
const END: u64 = 1_800_000_000;
const TIME: u64 = 1_750_000_000;

fn instance() -> DevNitro {
    DevNitro::new(B256::repeat_byte(7), START..END)
}

/// Registers as Nitro states them: sixteen, most of them zero.
fn document() -> DevDocument {
    let mut document = DevDocument { time: TIME, ..DevDocument::default() };
    document.pcrs.extend((0..16).map(|index| (index, [0; 48])));
    document.pcrs.extend([0, 1, 2, 3, 4, 8].map(|index| (index, [index + 0x51; 48])));
    document.user_data = Some(vec![0xaa; 32].into());
    document.nonce = Some(vec![0xbb; 20].into());
    document
}

/// AWS's root and the development instance's.
fn anchors() -> Anchors {
    Anchors::new(&[(kind::AWS_NITRO, vec![instance().root()])].into_iter().collect()).unwrap()
}

/// The verdict through the public entrance, which both backends must share.
fn verdict(evidence: &[u8], anchors: &Anchors) -> Result<Claims, Refusal> {
    let run = |backend| crate::verify(kind::AWS_NITRO, evidence, &[], anchors, backend);
    let native = run(Backend::Native);
    assert_eq!(native, run(Backend::Portable), "backends differ");
    native
}

fn refused(code: Code) -> Result<Claims, Refusal> {
    Err(Refusal::Refused(code))
}
