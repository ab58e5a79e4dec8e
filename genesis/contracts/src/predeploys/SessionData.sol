// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title What never changes of a session, packed as it is kept in an account's code.
/// @dev Code costs 200 gas a byte, storage 690, and one EXTCODECOPY reads all of it. Layout, big-endian:
///
///      0 kind, 1        1 assurance, 1       2 controller, 20   22 platform, 32   54 status, 4
///     58 time, 8       66 notAfter, 8       74 anchors, 1       75 keys, 1        76 length of key, 2
///     78 of encryptionKey, 2                80 of measurement, 2                  82 of tcb, 2
///
/// Then from 84 on: anchors and collateral keys, 32 each; key, encryptionKey, measurement, tcb.
library SessionData {
    uint256 private constant ANCHORS_AT = 84;

    function word(bytes memory data, uint256 offset, uint256 size) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, mul(8, size)), mload(add(add(data, 32), offset)))
        }
    }

    function slice(bytes memory data, uint256 offset, uint256 size) private pure returns (bytes memory part) {
        part = new bytes(size);
        assembly ("memory-safe") {
            mcopy(add(part, 32), add(add(data, 32), offset), size)
        }
    }

    function words(bytes memory data, uint256 offset, uint256 count) private pure returns (bytes32[] memory parts) {
        parts = new bytes32[](count);
        assembly ("memory-safe") {
            mcopy(add(parts, 32), add(add(data, 32), offset), mul(count, 32))
        }
    }

    function kind(bytes memory data) internal pure returns (uint8) {
        return uint8(word(data, 0, 1));
    }

    function assurance(bytes memory data) internal pure returns (uint8) {
        return uint8(word(data, 1, 1));
    }

    function controller(bytes memory data) internal pure returns (address) {
        return address(uint160(word(data, 2, 20)));
    }

    function platform(bytes memory data) internal pure returns (bytes32) {
        return bytes32(word(data, 22, 32));
    }

    function status(bytes memory data) internal pure returns (uint32) {
        return uint32(word(data, 54, 4));
    }

    function time(bytes memory data) internal pure returns (uint64) {
        return uint64(word(data, 58, 8));
    }

    function notAfter(bytes memory data) internal pure returns (uint64) {
        return uint64(word(data, 66, 8));
    }

    function anchors(bytes memory data) internal pure returns (bytes32[] memory) {
        return words(data, ANCHORS_AT, word(data, 74, 1));
    }

    function keyCount(bytes memory data) internal pure returns (uint256) {
        return word(data, 75, 1);
    }

    function collateralKeys(bytes memory data) internal pure returns (bytes32[] memory) {
        return words(data, ANCHORS_AT + 32 * word(data, 74, 1), keyCount(data));
    }

    function keyAt(bytes memory data) private pure returns (uint256) {
        return ANCHORS_AT + 32 * (word(data, 74, 1) + word(data, 75, 1));
    }

    function key(bytes memory data) internal pure returns (bytes memory) {
        return slice(data, keyAt(data), word(data, 76, 2));
    }

    /// @dev The key's first byte: a scheme of ISignatures.
    function scheme(bytes memory data) internal pure returns (uint8) {
        return uint8(word(data, keyAt(data), 1));
    }

    /// @dev The key without the scheme.
    function publicKey(bytes memory data) internal pure returns (bytes memory) {
        return slice(data, keyAt(data) + 1, word(data, 76, 2) - 1);
    }

    function encryptionKey(bytes memory data) internal pure returns (bytes memory) {
        return slice(data, keyAt(data) + word(data, 76, 2), word(data, 78, 2));
    }

    function measurementAt(bytes memory data) private pure returns (uint256) {
        return keyAt(data) + word(data, 76, 2) + word(data, 78, 2);
    }

    function measurement(bytes memory data) internal pure returns (bytes memory) {
        return slice(data, measurementAt(data), word(data, 80, 2));
    }

    function tcb(bytes memory data) internal pure returns (bytes memory) {
        return slice(data, measurementAt(data) + word(data, 80, 2), word(data, 82, 2));
    }
}
