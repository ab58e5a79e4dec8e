// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title Inclusion proofs of Ethereum's secure Merkle-Patricia trie, whose keys are hashes.
/// @notice Yellow Paper, appendices B (RLP) and D (trie). Nodes shorter than 32 bytes, which a parent holds in place of
/// a hash, are refused: with keys of 32 bytes none is on the way to an account or to a value of 29 bytes or more.
library AssayReceiptProofTrie {
    /// Nibbles of a key.
    uint256 private constant KEY_LENGTH = 64;

    /// @notice The proof fails at this node: it is not what its parent names, not on the key's way, or no node.
    error WrongNode(uint256 index);
    /// @notice Not RLP of the form expected.
    error WrongRlp();

    /// @notice The value under a hashed key.
    /// @param nodes From the root to the leaf, no more.
    function get(bytes32 root, bytes32 key, bytes[] memory nodes) internal pure returns (bytes memory) {
        bytes32 expected = root;
        uint256 depth = 0;
        for (uint256 i = 0; i < nodes.length; i++) {
            bytes memory node = nodes[i];
            if (keccak256(node) != expected) revert WrongNode(i);
            bytes[] memory items = list(node);
            bytes memory next;
            if (items.length == 17) {
                if (depth == KEY_LENGTH) revert WrongNode(i);
                next = items[nibbleOf(key, depth)];
                depth++;
            } else if (items.length == 2) {
                bool leaf;
                (leaf, depth) = follow(string_(items[0]), key, depth, i);
                next = items[1];
                if (leaf) {
                    if (depth != KEY_LENGTH || i + 1 != nodes.length) revert WrongNode(i);
                    return string_(next);
                }
            } else {
                revert WrongNode(i);
            }
            // A hash, with its prefix; an empty place and a node in place of its hash are shorter.
            if (next.length != 33 || next[0] != 0xa0) revert WrongNode(i);
            expected = bytes32(string_(next));
        }
        revert WrongNode(nodes.length);
    }

    /// @notice The items of an RLP list, each as it is encoded.
    function list(bytes memory encoded) internal pure returns (bytes[] memory items) {
        (bool isList, uint256 start, uint256 end) = header(encoded, 0);
        if (!isList || end != encoded.length) revert WrongRlp();
        uint256 count = 0;
        for (uint256 next = start; next < end; count++) {
            (,, next) = header(encoded, next);
        }
        items = new bytes[](count);
        for (uint256 i = 0; i < count; i++) {
            (,, uint256 next) = header(encoded, start);
            items[i] = slice(encoded, start, next);
            start = next;
        }
        if (start != end) revert WrongRlp();
    }

    /// @notice What an RLP string holds.
    function string_(bytes memory encoded) internal pure returns (bytes memory) {
        (bool isList, uint256 start, uint256 end) = header(encoded, 0);
        if (isList || end != encoded.length) revert WrongRlp();
        return slice(encoded, start, end);
    }

    /// Goes along a leaf's or extension's path, whose first nibble is 2 for a leaf, and 1 for an odd count of nibbles.
    function follow(bytes memory path, bytes32 key, uint256 depth, uint256 index)
        private
        pure
        returns (bool leaf, uint256)
    {
        if (path.length == 0 || path.length > 33) revert WrongNode(index);
        uint8 flags = uint8(path[0]) >> 4;
        bool odd = flags & 1 != 0;
        if (flags > 3 || (!odd && path[0] & 0x0f != 0)) revert WrongNode(index);
        leaf = flags & 2 != 0;
        uint256 length = path.length * 2;
        for (uint256 i = odd ? 1 : 2; i < length; i++) {
            uint8 nibble = uint8(path[i / 2]);
            nibble = i % 2 == 0 ? nibble >> 4 : nibble & 0x0f;
            if (depth == KEY_LENGTH || nibble != nibbleOf(key, depth)) revert WrongNode(index);
            depth++;
        }
        return (leaf, depth);
    }

    function nibbleOf(bytes32 key, uint256 index) private pure returns (uint8) {
        uint8 both = uint8(key[index / 2]);
        return index % 2 == 0 ? both >> 4 : both & 0x0f;
    }

    /// Where the content of the item at `offset` begins and ends.
    function header(bytes memory encoded, uint256 offset)
        private
        pure
        returns (bool isList, uint256 start, uint256 end)
    {
        if (offset >= encoded.length) revert WrongRlp();
        uint256 prefix = uint8(encoded[offset]);
        isList = prefix >= 0xc0;
        start = offset + 1;
        if (prefix < 0x80) return (false, offset, start);
        uint256 length = prefix - (isList ? 0xc0 : 0x80);
        if (length > 55) {
            uint256 size = length - 55;
            // No node is as long as 2^24 bytes.
            if (size > 3 || start + size > encoded.length) revert WrongRlp();
            length = 0;
            for (uint256 i = 0; i < size; i++) {
                length = length << 8 | uint8(encoded[start + i]);
            }
            start += size;
        }
        end = start + length;
        if (end > encoded.length) revert WrongRlp();
    }

    function slice(bytes memory from, uint256 start, uint256 end) private pure returns (bytes memory part) {
        part = new bytes(end - start);
        // By words, without MCOPY: for chains before Cancun. Memory of `part` ends at a word.
        for (uint256 i = 0; i < part.length; i += 32) {
            assembly ("memory-safe") {
                mstore(add(add(part, 0x20), i), mload(add(add(from, 0x20), add(start, i))))
            }
        }
    }
}
