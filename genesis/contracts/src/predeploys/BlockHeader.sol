// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISessions} from "../interfaces/ISessions.sol";

/// @title Number and timestamp of one of the last 8,191 blocks, out of its header.
/// @dev The hash decides: EIP-2935's contract knows the hash under the number that was read, so bytes that are not that
/// block's header cannot pass, whatever is read from them.
library BlockHeader {
    /// @dev EIP-2935.
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    /// @dev Places of the fields before the number, which have one length since the Merge: a list of 256 to 65,535
    /// bytes; parent and ommers; beneficiary; three roots; bloom; difficulty 0.
    uint256 private constant NUMBER_AT = 449;

    /// @dev Reverts with `ISessions.WrongHeader` where the bytes are not such a header.
    function read(bytes calldata header) internal view returns (uint256 number, uint64 time, bytes32 hash) {
        if (header.length < NUMBER_AT || header.length > 65_538) revert ISessions.WrongHeader();
        if (uint24(bytes3(header)) != (0xf9 << 16) + header.length - 3) revert ISessions.WrongHeader();
        if (
            header[3] != 0xa0 || header[36] != 0xa0 || header[69] != 0x94 || header[90] != 0xa0
                || header[123] != 0xa0 || header[156] != 0xa0 || bytes3(header[189:192]) != 0xb90100
                || header[448] != 0x80
        ) revert ISessions.WrongHeader();
        uint256 offset = NUMBER_AT;
        (number, offset) = scalar(header, offset);
        // Gas limit and gas used.
        (, offset) = scalar(header, offset);
        (, offset) = scalar(header, offset);
        (time,) = scalar(header, offset);
        hash = keccak256(header);
        if (hashOf(number) != hash) revert ISessions.WrongHeader();
    }

    /// @dev A number of at most 64 bits in its one RLP encoding, and where it ends.
    function scalar(bytes calldata header, uint256 offset) private pure returns (uint64 value, uint256 end) {
        if (offset >= header.length) revert ISessions.WrongHeader();
        uint256 first = uint8(header[offset]);
        if (first < 0x80) {
            if (first == 0) revert ISessions.WrongHeader();
            return (uint64(first), offset + 1);
        }
        uint256 size = first - 0x80;
        end = offset + 1 + size;
        if (size > 8 || end > header.length) revert ISessions.WrongHeader();
        if (size == 0) return (0, end);
        value = uint64(uint256(bytes32(header[offset + 1:end])) >> (256 - 8 * size));
        // The shortest form: no zero in front, and nothing that fits in the first byte.
        if (header[offset + 1] == 0 || value < 0x80) revert ISessions.WrongHeader();
    }

    /// @dev The hash of a block before this one, 0 where it is too long ago.
    function hashOf(uint256 block_) private view returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore(0, block_)
            let done := staticcall(gas(), HISTORY, 0, 32, 0, 32)
            if and(done, eq(returndatasize(), 32)) { hash := mload(0) }
        }
    }
}
