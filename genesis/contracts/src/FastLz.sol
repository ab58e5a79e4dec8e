// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title FastLz
/// @notice The size that FastLZ (level 1) compresses to, as the protocol counts it from Fjord on.
library FastLz {
    uint256 private constant TABLE_ENTRIES = 8192;

    function length(bytes memory data) internal pure returns (uint256 size) {
        unchecked {
            uint256 table = _newTable();
            uint256 limit = data.length < 13 ? 0 : data.length - 13;
            uint256 anchor;
            uint256 i = 2;
            while (i < limit) {
                uint256 candidate;
                // The next position whose three bytes were seen less than 8,192 bytes ago.
                while (true) {
                    uint256 sequence = _three(data, i);
                    candidate = _swap(table, sequence, i);
                    if (i >= limit) break;
                    i++;
                    if (i - 1 - candidate < 8192 && sequence == _three(data, candidate)) break;
                }
                if (i >= limit) break;
                i--;
                if (i > anchor) size = _literals(i - anchor, size);
                uint256 matched = _common(data, candidate + 3, i + 3, limit + 9);
                size += 3 * ((matched - 1) / 262) + ((matched - 1) % 262 >= 6 ? 3 : 2);
                i += matched;
                _swap(table, _three(data, i), i);
                _swap(table, _three(data, i + 1), i + 1);
                i += 2;
                anchor = i;
            }
            return _literals(data.length - anchor, size);
        }
    }

    /// @dev Literals go in runs of up to 32, each with a byte before it.
    function _literals(uint256 count, uint256 size) private pure returns (uint256) {
        unchecked {
            size += 33 * (count / 32);
            count %= 32;
            return count == 0 ? size : size + count + 1;
        }
    }

    /// @dev Bytes compared from p and q on, the first unequal one included, q below end.
    function _common(bytes memory data, uint256 p, uint256 q, uint256 end) private pure returns (uint256 count) {
        unchecked {
            uint256 most = end - q;
            while (count < most) {
                count++;
                if (data[p + count - 1] != data[q + count - 1]) break;
            }
        }
    }

    /// @dev The three bytes at i, little-endian.
    function _three(bytes memory data, uint256 i) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            let word := mload(add(add(data, 32), i))
            value := or(byte(0, word), or(shl(8, byte(1, word)), shl(16, byte(2, word))))
        }
    }

    /// @dev 8,192 entries of four bytes, and room to load a word at the last one.
    function _newTable() private pure returns (uint256 table) {
        uint256 bytesNeeded = TABLE_ENTRIES * 4 + 32;
        assembly ("memory-safe") {
            table := mload(0x40)
            mstore(0x40, add(table, bytesNeeded))
            calldatacopy(table, calldatasize(), bytesNeeded)
        }
    }

    /// @dev Sets the entry of these three bytes and gives what it held.
    function _swap(uint256 table, uint256 sequence, uint256 value) private pure returns (uint256 old) {
        assembly ("memory-safe") {
            let entry := add(table, shl(2, and(shr(19, mul(sequence, 2654435769)), 0x1fff)))
            let word := mload(entry)
            old := shr(224, word)
            mstore(entry, xor(word, shl(224, xor(old, value))))
        }
    }
}
