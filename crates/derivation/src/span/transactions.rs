//! The transaction columns of a span batch.

use super::transaction::{Data, Fields, Kind};
use crate::{
    DerivationError,
    reader::{Bits, Reader, put_uvarint},
};
use alloy_primitives::{Address, Bytes};

/// Reads the columns of `count` transactions and gives the full transactions back.
pub(super) fn decode(
    reader: &mut Reader<'_>,
    count: usize,
    chain_id: u64,
) -> Result<Vec<Bytes>, DerivationError> {
    let creations = reader.bits(count)?;
    let parities = reader.bits(count)?;
    let signatures = reader.take(count.saturating_mul(64))?;
    let tos = reader.take(count.saturating_sub(creations.count_ones()).saturating_mul(20))?;
    let mut tos = tos.chunks_exact(20).map(Address::from_slice);

    let mut datas = Vec::with_capacity(count);
    let mut buf = reader.rest();
    for _ in 0..count {
        datas.push(Data::decode(&mut buf)?);
    }
    reader.take(reader.rest().len() - buf.len())?;
    let nonces = (0..count).map(|_| reader.uvarint()).collect::<Result<Vec<_>, _>>()?;
    let gases = (0..count).map(|_| reader.uvarint()).collect::<Result<Vec<_>, _>>()?;
    let legacy = datas.iter().filter(|data| data.kind == Kind::Legacy).count();
    let protected = reader.bits(legacy)?;

    let mut legacy_index = 0;
    let mut transactions = Vec::with_capacity(count);
    for (index, data) in datas.into_iter().enumerate() {
        let is_protected = if data.kind == Kind::Legacy {
            legacy_index += 1;
            protected.get(legacy_index - 1)
        } else {
            true
        };
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&signatures[index * 64..index * 64 + 32]);
        s.copy_from_slice(&signatures[index * 64 + 32..index * 64 + 64]);
        let fields = Fields {
            nonce: nonces[index],
            gas: gases[index],
            to: if creations.get(index) { None } else { tos.next() },
            y_parity: parities.get(index),
            r,
            s,
            protected: is_protected,
        };
        transactions.push(data.assemble(&fields, chain_id)?);
    }
    Ok(transactions)
}

/// The columns while they are being filled.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    count: usize,
    legacy_count: usize,
    creations: Bits,
    parities: Bits,
    signatures: Vec<u8>,
    tos: Vec<u8>,
    datas: Vec<u8>,
    nonces: Vec<u8>,
    gases: Vec<u8>,
    protected: Bits,
}

impl Columns {
    /// Appends a transaction.
    pub(super) fn push(&mut self, data: &Data<'_>, fields: &Fields) {
        self.creations.set(self.count, fields.to.is_none());
        self.parities.set(self.count, fields.y_parity);
        self.signatures.extend_from_slice(&fields.r);
        self.signatures.extend_from_slice(&fields.s);
        if let Some(to) = fields.to {
            self.tos.extend_from_slice(to.as_slice());
        }
        data.encode(&mut self.datas);
        put_uvarint(&mut self.nonces, fields.nonce);
        put_uvarint(&mut self.gases, fields.gas);
        if data.kind == Kind::Legacy {
            self.protected.set(self.legacy_count, fields.protected);
            self.legacy_count += 1;
        }
        self.count += 1;
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Appends the columns' encoding.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        self.creations.put(out, self.count);
        self.parities.put(out, self.count);
        for column in [&self.signatures, &self.tos, &self.datas, &self.nonces, &self.gases] {
            out.extend_from_slice(column);
        }
        self.protected.put(out, self.legacy_count);
    }

    /// Length of the encoding, in bytes.
    pub(super) fn encoded_length(&self) -> usize {
        2 * self.count.div_ceil(8)
            + self.signatures.len()
            + self.tos.len()
            + self.datas.len()
            + self.nonces.len()
            + self.gases.len()
            + self.legacy_count.div_ceil(8)
    }
}
