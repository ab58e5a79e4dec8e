//! `abi.encode` of what evidence is made of.

use alloc::vec::Vec;
use alloy_primitives::U256;

/// A field of a tuple.
pub(crate) enum Value<'a> {
    Number(u8),
    Bytes(&'a [u8]),
    Array(&'a [&'a [u8]]),
}

/// Encodes a tuple.
pub(crate) fn encode(values: &[Value<'_>]) -> Vec<u8> {
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    for value in values {
        let offset = word(values.len() * 32 + tail.len());
        match value {
            Value::Number(number) => head.extend(word(usize::from(*number))),
            Value::Bytes(bytes) => {
                head.extend(offset);
                tail.extend(padded(bytes));
            }
            Value::Array(array) => {
                head.extend(offset);
                tail.extend(word(array.len()));
                let fields: Vec<Value<'_>> =
                    array.iter().map(|bytes| Value::Bytes(bytes)).collect();
                tail.extend(encode(&fields));
            }
        }
    }
    [head, tail].concat()
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut encoded = [&word(bytes.len())[..], bytes].concat();
    encoded.resize(encoded.len().next_multiple_of(32), 0);
    encoded
}

fn word(number: usize) -> [u8; 32] {
    U256::from(number).to_be_bytes()
}
