// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title The precompile at 0xA55a…0003: many signatures in one call.
interface ISignatures {
    /// @notice Bit i (byte i/8, least significant first) is 1 where signature i holds.
    /// @param scheme 32 secp256k1, 33 P-256, 34 Ed25519, 35 BLS12-381.
    function verifyMany(
        uint8 scheme,
        bytes32[] calldata digests,
        bytes[] calldata keys,
        bytes[] calldata signatures
    ) external view returns (bytes memory bits);

    error UnknownScheme(uint8 scheme);
    error Malformed(uint16 code);
    error TooLarge(uint256 size, uint256 limit);
}
