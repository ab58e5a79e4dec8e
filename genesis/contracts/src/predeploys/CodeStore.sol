// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Bytes kept as the code of an account of their own.
/// @dev A zero byte comes before them, so that the account does nothing when it is called.
library CodeStore {
    /// @dev EIP-170, less the zero byte.
    uint256 internal constant MAX_SIZE = 24_575;

    /// @dev There are more bytes than an account's code can have.
    error TooLong(uint256 size);

    /// @dev Makes the account. Out of gas is an error without data, like anywhere else.
    function write(bytes memory data) internal returns (address pointer) {
        if (data.length > MAX_SIZE) revert TooLong(data.length);
        // PUSH2 size, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: gives back what follows these ten bytes.
        bytes memory creation = abi.encodePacked(hex"61", uint16(data.length + 1), hex"80600a5f395ff3", hex"00", data);
        assembly ("memory-safe") {
            pointer := create(0, add(creation, 32), mload(creation))
            if iszero(pointer) { revert(0, 0) }
        }
    }

    function size(address pointer) internal view returns (uint256) {
        return pointer.code.length - 1;
    }

    /// @dev Copies the bytes to a place in memory that has been allocated for them.
    function copy(address pointer, uint256 length, bytes memory to, uint256 offset) internal view {
        assembly ("memory-safe") {
            extcodecopy(pointer, add(add(to, 32), offset), 1, length)
        }
    }

    function read(address pointer) internal view returns (bytes memory data) {
        data = new bytes(size(pointer));
        copy(pointer, data.length, data, 0);
    }
}
