//! A plain trie over the nodes of a witness, which fails where a node is missing.

use alloy_primitives::{B256, Bytes, map::B256Map};
use alloy_rlp::Decodable;
use alloy_trie::{
    EMPTY_ROOT_HASH, Nibbles, TrieMask,
    nodes::{BranchNode, ExtensionNode, LeafNode, RlpNode, TrieNode},
};

pub(super) enum Node {
    Empty,
    Hash(B256),
    Leaf(Vec<u8>, Vec<u8>),
    Extension(Vec<u8>, Box<Self>),
    Branch([Box<Self>; 16]),
}

pub(super) struct Stateless<'w> {
    pub(super) nodes: &'w B256Map<Bytes>,
}

impl Stateless<'_> {
    pub(super) fn open(root: B256) -> Node {
        if root == EMPTY_ROOT_HASH { Node::Empty } else { Node::Hash(root) }
    }

    fn decode(mut rlp: &[u8]) -> Node {
        let child = |node: &[u8]| match node {
            [0xa0, hash @ ..] if hash.len() == 32 => Node::Hash(B256::from_slice(hash)),
            inline => Self::decode(inline),
        };
        match TrieNode::decode(&mut rlp).unwrap() {
            TrieNode::EmptyRoot => Node::Empty,
            TrieNode::Leaf(leaf) => Node::Leaf(leaf.key.to_vec(), leaf.value),
            TrieNode::Extension(node) => {
                Node::Extension(node.key.to_vec(), Box::new(child(&node.child)))
            }
            TrieNode::Branch(branch) => Node::Branch(std::array::from_fn(|nibble| {
                let child = branch.as_ref().children().nth(nibble).unwrap().1.map(|it| child(it));
                Box::new(child.unwrap_or(Node::Empty))
            })),
        }
    }

    fn resolve(&self, node: Node) -> Node {
        match node {
            Node::Hash(hash) => Self::decode(self.nodes.get(&hash).expect("in the witness")),
            node => node,
        }
    }

    pub(super) fn get(&self, node: &Node, path: &[u8]) -> Option<Vec<u8>> {
        match node {
            Node::Empty => None,
            Node::Hash(hash) => self.get(&self.resolve(Node::Hash(*hash)), path),
            Node::Leaf(key, value) => (key == path).then(|| value.clone()),
            Node::Extension(key, child) => self.get(child, path.strip_prefix(key.as_slice())?),
            Node::Branch(children) => self.get(&children[usize::from(path[0])], &path[1..]),
        }
    }

    pub(super) fn set(&self, node: Node, path: &[u8], value: Option<Vec<u8>>) -> Node {
        match (self.resolve(node), value) {
            (Node::Empty, None) => Node::Empty,
            (Node::Empty, Some(value)) => Node::Leaf(path.to_vec(), value),
            (Node::Leaf(key, _), value) if key == path => {
                value.map_or(Node::Empty, |value| Node::Leaf(key, value))
            }
            (leaf @ Node::Leaf(..), None) => leaf,
            (Node::Extension(key, child), value) if path.starts_with(&key) => {
                let child = self.set(*child, &path[key.len()..], value);
                self.joined(key, child)
            }
            (extension @ Node::Extension(..), None) => extension,
            (Node::Leaf(key, old), Some(value)) => {
                let fork = key.iter().zip(path).take_while(|(a, b)| a == b).count();
                let mut children: [Box<Node>; 16] = std::array::from_fn(|_| Box::new(Node::Empty));
                *children[usize::from(key[fork])] = Node::Leaf(key[fork + 1..].to_vec(), old);
                *children[usize::from(path[fork])] = Node::Leaf(path[fork + 1..].to_vec(), value);
                self.joined(key[..fork].to_vec(), Node::Branch(children))
            }
            (Node::Extension(key, below), Some(value)) => {
                let fork = key.iter().zip(path).take_while(|(a, b)| a == b).count();
                let mut children: [Box<Node>; 16] = std::array::from_fn(|_| Box::new(Node::Empty));
                // What is below an extension is a branch: it need not be looked at.
                let rest = key[fork + 1..].to_vec();
                *children[usize::from(key[fork])] =
                    if rest.is_empty() { *below } else { Node::Extension(rest, below) };
                *children[usize::from(path[fork])] = Node::Leaf(path[fork + 1..].to_vec(), value);
                self.joined(key[..fork].to_vec(), Node::Branch(children))
            }
            (Node::Branch(mut children), value) => {
                let at = usize::from(path[0]);
                let child = std::mem::replace(&mut *children[at], Node::Empty);
                *children[at] = self.set(child, &path[1..], value);
                let mut left =
                    (0u8..).zip(&children).filter(|(_, it)| !matches!(***it, Node::Empty));
                match (left.next(), left.next()) {
                    (Some((nibble, _)), None) => {
                        let child =
                            std::mem::replace(&mut *children[usize::from(nibble)], Node::Empty);
                        self.joined(vec![nibble], self.resolve(child))
                    }
                    _ => Node::Branch(children),
                }
            }
            (Node::Hash(_), _) => unreachable!("resolved"),
        }
    }

    fn joined(&self, mut path: Vec<u8>, child: Node) -> Node {
        if path.is_empty() {
            return child;
        }
        match child {
            Node::Leaf(key, value) => {
                path.extend(key);
                Node::Leaf(path, value)
            }
            Node::Extension(key, child) => {
                path.extend(key);
                Node::Extension(path, child)
            }
            Node::Empty => Node::Empty,
            child => Node::Extension(path, Box::new(child)),
        }
    }

    fn rlp(node: &Node) -> RlpNode {
        let mut buffer = Vec::new();
        match node {
            Node::Empty => RlpNode::from_rlp(&[0x80]),
            Node::Hash(hash) => RlpNode::word_rlp(hash),
            Node::Leaf(key, value) => {
                LeafNode::new(Nibbles::from_nibbles(key), value.clone()).as_ref().rlp(&mut buffer)
            }
            Node::Extension(key, child) => {
                let child = Self::rlp(child);
                ExtensionNode::new(Nibbles::from_nibbles(key), child).as_ref().rlp(&mut buffer)
            }
            Node::Branch(children) => {
                let mut mask = TrieMask::default();
                let mut stack = Vec::new();
                for (nibble, child) in (0u8..).zip(children) {
                    if !matches!(**child, Node::Empty) {
                        mask.set_bit(nibble);
                        stack.push(Self::rlp(child));
                    }
                }
                BranchNode::new(stack, mask).as_ref().rlp(&mut buffer)
            }
        }
    }

    pub(super) fn root(node: &Node) -> B256 {
        crate::encode::root_of(&Self::rlp(node))
    }
}
