//! Encoding and hashing of nodes: the hot path of a state root.

use crate::node::{AccountValue, Branch, Extension, Leaf, Link};
use alloy_primitives::{B256, U256, keccak256};
use alloy_rlp::{EMPTY_LIST_CODE, EMPTY_STRING_CODE, Encodable, Header};
use alloy_trie::{
    EMPTY_ROOT_HASH, Nibbles,
    nodes::{RlpNode, encode_path_leaf},
};

/// What a leaf holds.
pub(crate) trait Value: Clone + Send + Sync {
    /// Length of the encoded value.
    fn encoded_len(&self) -> usize;
    /// Appends the encoded value.
    fn encode_to(&self, out: &mut Vec<u8>);
    /// Bytes of memory below the leaf.
    fn memory(&self) -> usize;
}

impl Value for U256 {
    fn encoded_len(&self) -> usize {
        self.length()
    }

    fn encode_to(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }

    fn memory(&self) -> usize {
        0
    }
}

impl AccountValue {
    fn payload_len(&self) -> usize {
        self.nonce.length() + self.balance.length() + 33 + 33
    }
}

impl Value for AccountValue {
    fn encoded_len(&self) -> usize {
        let payload = self.payload_len();
        payload + alloy_rlp::length_of_length(payload)
    }

    fn encode_to(&self, out: &mut Vec<u8>) {
        Header { list: true, payload_length: self.payload_len() }.encode(out);
        self.nonce.encode(out);
        self.balance.encode(out);
        put_hash(&self.storage_root, out);
        put_hash(&self.code_hash, out);
    }

    fn memory(&self) -> usize {
        self.storage_bytes()
    }
}

fn put_hash(hash: &B256, out: &mut Vec<u8>) {
    out.push(EMPTY_STRING_CODE + 32);
    out.extend_from_slice(hash.as_slice());
}

/// Writes what stands at `depth` into `out`, which is cleared first. Nothing and what is not in
/// memory are written as the empty string.
pub(crate) fn encode_link<V: Value>(link: &Link<V>, depth: usize, out: &mut Vec<u8>) {
    out.clear();
    match link {
        Link::Empty | Link::Blind => out.push(EMPTY_STRING_CODE),
        Link::Leaf(leaf) => encode_leaf(leaf, depth, out),
        Link::Extension(extension) => encode_extension(extension, out),
        Link::Branch(branch) => encode_branch(branch, out),
    }
}

/// What stands for the link in its parent's encoding.
pub(crate) fn reference<V: Value>(link: &Link<V>, depth: usize, scratch: &mut Vec<u8>) -> RlpNode {
    encode_link(link, depth, scratch);
    RlpNode::from_rlp(scratch)
}

/// As [`reference`], of a branch.
pub(crate) fn branch_reference<V>(branch: &Branch<V>, scratch: &mut Vec<u8>) -> RlpNode {
    scratch.clear();
    encode_branch(branch, scratch);
    RlpNode::from_rlp(scratch)
}

/// The root of the trie whose root node has this reference.
pub(crate) fn root_of(reference: &RlpNode) -> B256 {
    match reference.as_hash() {
        Some(hash) => hash,
        None if reference.as_slice() == [EMPTY_STRING_CODE] => EMPTY_ROOT_HASH,
        None => keccak256(reference),
    }
}

/// A leaf at `depth`: the list of the rest of its key and its value as a string.
fn encode_leaf<V: Value>(leaf: &Leaf<V>, depth: usize, out: &mut Vec<u8>) {
    let value_len = leaf.value.encoded_len();
    // The rest of the key in hex-prefix form: a flag (and a nibble, if odd), then whole bytes.
    let rest = &leaf.key[depth.div_ceil(2)..];
    let flag = if depth.is_multiple_of(2) { 0x20 } else { 0x30 | (leaf.key[depth / 2] & 0x0f) };
    let path_len = 1 + rest.len();
    let path_header = usize::from(path_len > 1);
    // A value of one byte below 0x80 is its own string.
    let plain = value_len == 1;
    let value_header = if plain { 0 } else { alloy_rlp::length_of_length(value_len) };
    let payload_length = path_header + path_len + value_header + value_len;
    Header { list: true, payload_length }.encode(out);
    if path_header == 1 {
        out.push(EMPTY_STRING_CODE + path_len as u8);
    }
    out.push(flag);
    out.extend_from_slice(rest);
    if !plain {
        Header { list: false, payload_length: value_len }.encode(out);
    }
    leaf.value.encode_to(out);
}

fn encode_extension<V>(extension: &Extension<V>, out: &mut Vec<u8>) {
    put_extension(&extension.path, &extension.reference, out);
}

fn put_extension(path: &Nibbles, child: &RlpNode, out: &mut Vec<u8>) {
    let path = encode_path_leaf(path, false);
    let payload_length = path.as_slice().length() + child.len();
    Header { list: true, payload_length }.encode(out);
    path.as_slice().encode(out);
    out.extend_from_slice(child);
}

/// The list of sixteen references and no value.
fn encode_branch<V>(branch: &Branch<V>, out: &mut Vec<u8>) {
    let count = branch.children.len();
    let references: usize = branch.children.iter().map(|child| child.reference.len()).sum();
    let payload = references + (16 - count) + 1;
    match payload {
        0..=55 => out.push(EMPTY_LIST_CODE + payload as u8),
        56..=255 => out.extend_from_slice(&[0xf8, payload as u8]),
        _ => out.extend_from_slice(&[0xf9, (payload >> 8) as u8, payload as u8]),
    }
    let mut children = branch.children.iter();
    for nibble in 0..16 {
        if branch.state_mask & (1 << nibble) == 0 {
            out.push(EMPTY_STRING_CODE);
        } else if let Some(child) = children.next() {
            out.extend_from_slice(&child.reference);
        }
    }
    out.push(EMPTY_STRING_CODE);
}
