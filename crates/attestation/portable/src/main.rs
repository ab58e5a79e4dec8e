//! Verifies evidence of every kind by the portable backend, in a program that has an allocator and
//! nothing else: it does not compile if anything that it depends on brings the standard library.

#![no_std]
#![no_main]

extern crate alloc;

mod runtime;
mod vectors;

use assay_attestation::{Backend, verify};

/// What the C runtime calls; 0 if all is well. A failed assertion aborts the process.
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    // Without `native` there is no other.
    assert_eq!(Backend::default(), Backend::Portable);
    for vector in vectors::all() {
        let run = |evidence: &[u8]| {
            verify(vector.kind, evidence, &vector.collateral, &vector.anchors, Backend::Portable)
        };
        let claims = run(&vector.evidence);
        assert_eq!(claims.as_ref().map(|claims| claims.kind), Ok(vector.kind));
        // In the midst of evidence there is nothing that may be otherwise.
        let mut forged = vector.evidence.to_vec();
        let middle = forged.len() / 2;
        forged[middle] ^= 1;
        assert!(run(&forged).is_err(), "kind {}: a forgery verifies", vector.kind);
        runtime::print(format_args!("kind {}: verified, forgery refused\n", vector.kind));
    }
    0
}
