//! One transaction between its full encoding and the columns of a span batch.
//!
//! Fields are moved as raw RLP: what a decoder of transactions would refuse (a gas price beyond 256
//! bits, say) stays as it is, and the execution client refuses the block, as on every other node.

use crate::{
    DerivationError,
    rlp_items::{Item, list_items, next_item},
};
use alloy_eips::{eip2930::AccessList, eip7702::SignedAuthorization};
use alloy_primitives::{Address, Bytes};
use alloy_rlp::{Decodable, Encodable, Header};

const WHAT: &str = "span batch transaction";
/// The longest data column entry, in bytes.
const MAX_DATA: usize = super::MAX_SPAN_ELEMENTS as usize;

/// The kinds that a span batch can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Legacy,
    AccessList,
    DynamicFee,
    SetCode,
}

impl Kind {
    const fn of(type_byte: u8) -> Option<Self> {
        Some(match type_byte {
            1 => Self::AccessList,
            2 => Self::DynamicFee,
            4 => Self::SetCode,
            _ => return None,
        })
    }

    const fn type_byte(self) -> Option<u8> {
        match self {
            Self::Legacy => None,
            Self::AccessList => Some(1),
            Self::DynamicFee => Some(2),
            Self::SetCode => Some(4),
        }
    }
}

/// The columns' values for one transaction, beside its data column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) nonce: u64,
    pub(super) gas: u64,
    pub(super) to: Option<Address>,
    pub(super) y_parity: bool,
    pub(super) r: [u8; 32],
    pub(super) s: [u8; 32],
    /// Whether a legacy transaction's signature covers the chain id; true for the others.
    pub(super) protected: bool,
}

/// An entry of the data column, cut into items.
#[derive(Debug, Clone, Copy)]
pub(super) struct Data<'a> {
    pub(super) kind: Kind,
    value: Item<'a>,
    /// Gas price, or priority fee and fee cap.
    fees: [Item<'a>; 2],
    input: Item<'a>,
    access_list: Option<Item<'a>>,
    authorizations: Option<Item<'a>>,
}

impl<'a> Data<'a> {
    /// Takes the next entry off `buf`.
    pub(super) fn decode(buf: &mut &'a [u8]) -> Result<Self, DerivationError> {
        let fail = |reason| DerivationError::malformed(WHAT, reason);
        let kind = match buf.split_first() {
            None => return Err(fail("it ends too early")),
            Some((&type_byte, rest)) if type_byte < 0x80 => {
                *buf = rest;
                Kind::of(type_byte).ok_or_else(|| fail("a type that span batches cannot hold"))?
            }
            Some(_) => Kind::Legacy,
        };
        let list = next_item(buf, WHAT)?;
        if list.payload.len() > MAX_DATA {
            return Err(fail("its data is too long"));
        }
        let data = match kind {
            Kind::Legacy => {
                let [value, price, input] = list_items(list, WHAT)?;
                Self::new(kind, value, [price; 2], input, None, None)
            }
            Kind::AccessList => {
                let [value, price, input, access] = list_items(list, WHAT)?;
                Self::new(kind, value, [price; 2], input, Some(access), None)
            }
            Kind::DynamicFee => {
                let [value, tip, cap, input, access] = list_items(list, WHAT)?;
                Self::new(kind, value, [tip, cap], input, Some(access), None)
            }
            Kind::SetCode => {
                let [value, tip, cap, input, access, auth] = list_items(list, WHAT)?;
                Self::new(kind, value, [tip, cap], input, Some(access), Some(auth))
            }
        };
        data.check()
    }

    const fn new(
        kind: Kind,
        value: Item<'a>,
        fees: [Item<'a>; 2],
        input: Item<'a>,
        access_list: Option<Item<'a>>,
        authorizations: Option<Item<'a>>,
    ) -> Self {
        Self { kind, value, fees, input, access_list, authorizations }
    }

    fn check(self) -> Result<Self, DerivationError> {
        self.value.integer(WHAT)?;
        self.fees[0].integer(WHAT)?;
        self.fees[1].integer(WHAT)?;
        self.input.string(WHAT)?;
        if self.kind == Kind::SetCode {
            for item in [self.value, self.fees[0], self.fees[1]] {
                item.word(WHAT)?;
            }
        }
        if let Some(item) = self.access_list {
            well_formed::<AccessList>(item)?;
        }
        if let Some(item) = self.authorizations {
            well_formed::<Vec<SignedAuthorization>>(item)?;
        }
        Ok(self)
    }

    /// Appends the entry for the data column.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.kind.type_byte());
        let fees = if self.one_price() { &self.fees[..1] } else { &self.fees };
        let items = || {
            std::iter::once(&self.value)
                .chain(fees)
                .chain(std::iter::once(&self.input))
                .chain(&self.access_list)
                .chain(&self.authorizations)
        };
        let payload_length = items().map(|item| item.raw.len()).sum();
        Header { list: true, payload_length }.encode(out);
        for item in items() {
            out.extend_from_slice(item.raw);
        }
    }

    const fn one_price(&self) -> bool {
        matches!(self.kind, Kind::Legacy | Kind::AccessList)
    }

    /// The transaction's full EIP-2718 encoding.
    pub(super) fn assemble(
        &self,
        fields: &Fields,
        chain_id: u64,
    ) -> Result<Bytes, DerivationError> {
        if self.kind == Kind::SetCode && fields.to.is_none() {
            return Err(DerivationError::malformed(WHAT, "a set-code transaction that creates"));
        }
        let mut body = Vec::with_capacity(
            self.value.raw.len()
                + self.fees[0].raw.len()
                + self.fees[1].raw.len()
                + self.input.raw.len()
                + self.access_list.map_or(0, |item| item.raw.len())
                + self.authorizations.map_or(0, |item| item.raw.len())
                + 128,
        );
        if self.kind != Kind::Legacy {
            chain_id.encode(&mut body);
        }
        fields.nonce.encode(&mut body);
        body.extend_from_slice(self.fees[0].raw);
        if !self.one_price() {
            body.extend_from_slice(self.fees[1].raw);
        }
        fields.gas.encode(&mut body);
        match fields.to {
            Some(to) => to.encode(&mut body),
            None => body.push(alloy_rlp::EMPTY_STRING_CODE),
        }
        body.extend_from_slice(self.value.raw);
        body.extend_from_slice(self.input.raw);
        for item in self.access_list.iter().chain(&self.authorizations) {
            body.extend_from_slice(item.raw);
        }
        let parity = u128::from(fields.y_parity);
        match self.kind {
            Kind::Legacy if fields.protected => u128::from(chain_id) * 2 + 35 + parity,
            Kind::Legacy => 27 + parity,
            _ => parity,
        }
        .encode(&mut body);
        encode_word(&fields.r, &mut body);
        encode_word(&fields.s, &mut body);

        let mut out = Vec::with_capacity(body.len() + 10);
        out.extend(self.kind.type_byte());
        Header { list: true, payload_length: body.len() }.encode(&mut out);
        out.extend_from_slice(&body);
        Ok(out.into())
    }
}

/// Takes a full transaction apart.
pub(super) fn split(encoded: &[u8], chain_id: u64) -> Result<(Data<'_>, Fields), DerivationError> {
    let fail = |reason| DerivationError::malformed(WHAT, reason);
    let (kind, mut body) = match encoded.split_first() {
        None => return Err(fail("it is empty")),
        Some((&type_byte, rest)) if type_byte < 0x80 => {
            let kind = Kind::of(type_byte);
            (kind.ok_or_else(|| fail("a type that span batches cannot hold"))?, rest)
        }
        Some(_) => (Kind::Legacy, encoded),
    };
    let list = next_item(&mut body, WHAT)?;
    if !body.is_empty() {
        return Err(fail("trailing bytes"));
    }
    let (id, nonce, fees, gas, to, value, input, access, auth, v, r, s) = match kind {
        Kind::Legacy => {
            let [nonce, price, gas, to, value, input, v, r, s] = list_items(list, WHAT)?;
            (None, nonce, [price; 2], gas, to, value, input, None, None, v, r, s)
        }
        Kind::AccessList => {
            let [id, nonce, price, gas, to, value, input, access, v, r, s] =
                list_items(list, WHAT)?;
            (Some(id), nonce, [price; 2], gas, to, value, input, Some(access), None, v, r, s)
        }
        Kind::DynamicFee => {
            let [id, nonce, tip, cap, gas, to, value, input, access, v, r, s] =
                list_items(list, WHAT)?;
            (Some(id), nonce, [tip, cap], gas, to, value, input, Some(access), None, v, r, s)
        }
        Kind::SetCode => {
            let [id, nonce, tip, cap, gas, to, value, input, access, auth, v, r, s] =
                list_items(list, WHAT)?;
            (Some(id), nonce, [tip, cap], gas, to, value, input, Some(access), Some(auth), v, r, s)
        }
    };
    let v = v.uint(WHAT)?;
    let (y_parity, protected) = match (kind, v) {
        (Kind::Legacy, 27 | 28) => (v == 28, false),
        (Kind::Legacy, _) => {
            let base = u128::from(chain_id) * 2 + 35;
            match u128::from(v).checked_sub(base) {
                Some(parity @ (0 | 1)) => (parity == 1, true),
                _ => return Err(fail("signed for another chain")),
            }
        }
        (_, 0 | 1) => (v == 1, true),
        _ => return Err(fail("its parity is neither 0 nor 1")),
    };
    if let Some(id) = id
        && id.uint(WHAT)? != chain_id
    {
        return Err(fail("signed for another chain"));
    }
    let to = match to.string(WHAT)?.payload {
        [] => None,
        payload => {
            Some(Address::try_from(payload).map_err(|_| fail("its recipient is no address"))?)
        }
    };
    let data = Data::new(kind, value, fees, input, access, auth).check()?;
    let fields = Fields {
        nonce: nonce.uint(WHAT)?,
        gas: gas.uint(WHAT)?,
        to,
        y_parity,
        r: r.word(WHAT)?,
        s: s.word(WHAT)?,
        protected,
    };
    Ok((data, fields))
}

fn well_formed<T: Decodable>(item: Item<'_>) -> Result<(), DerivationError> {
    let mut raw = item.raw;
    match T::decode(&mut raw) {
        Ok(_) if raw.is_empty() => Ok(()),
        _ => Err(DerivationError::malformed(WHAT, "a broken access or authorization list")),
    }
}

/// Encodes a 256-bit integer.
fn encode_word(word: &[u8; 32], out: &mut Vec<u8>) {
    let start = word.iter().position(|byte| *byte != 0).unwrap_or(32);
    word[start..].encode(out);
}
