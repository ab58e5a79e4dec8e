// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {IAttestation} from "./IAttestation.sol";

/// @title The predeploy at 0xA55a…1001: vendors' newest statements, verified once, for all contracts.
/// @notice Anyone may put a statement; what decides is its vendor's signature and which is newer.
interface ICollateral {
    /// @notice A statement that is held.
    struct Statement {
        /// keccak256(abi.encode(kind, anchor, compact)).
        bytes32 digest;
        uint64 version;
        uint64 notBefore;
        uint64 notAfter;
        /// The account whose code is a zero byte and the compact form.
        address pointer;
    }

    /// @notice A statement is held under `key` from now on, in place of an older one.
    event CollateralPut(
        uint8 indexed kind,
        bytes32 indexed key,
        bytes32 digest,
        uint64 version,
        uint64 notBefore,
        uint64 notAfter,
        address pointer
    );

    /// @notice What is held under the key is not older.
    error NotNewer(bytes32 key, uint64 version, uint64 held);
    /// @notice Nothing is held under the key.
    error Missing(bytes32 key);
    /// @notice The compact form is longer than an account's code may be.
    error TooLong(uint256 size);

    /// @notice Verifies one statement and holds it if it is newer than what is held under its key.
    /// @return key Names what is stated; docs/attestation.md says how to compute it.
    function put(uint8 kind, bytes calldata collateral) external returns (bytes32 key);

    /// @notice Puts several; statements that are held already are passed over without an error.
    /// @return changed How many were newer.
    function putMany(uint8 kind, bytes[] calldata collateral) external returns (uint256 changed);

    /// @notice What is held under a key; all zero where nothing is.
    function statement(bytes32 key) external view returns (Statement memory);

    /// @notice One hash over the digests held under these keys: equal as long as nothing newer was put.
    function digestOf(bytes32[] calldata keys) external view returns (bytes32);

    /// @notice Verifies evidence by the statements held under `keys`, in the kind's order.
    /// @dev `keys` are those of kind 1's four statements, or of kind 3's one; of kind 5 its CPU's.
    /// A wrong key is refused by the verifier: what a statement is about is checked, not how it was found.
    /// Gives what `IAttestation.verify` gives with the same statements; status bit 31 is clear.
    function verify(uint8 kind, bytes calldata evidence, bytes32[] calldata keys)
        external
        view
        returns (IAttestation.Claims memory);

    /// @notice Judges an earlier Claims.tcb by what is held now; status bit 31 is clear.
    /// @dev `keys` are those by which the evidence was verified, kept by the caller: a `tcb` of kind 1 names no root, and
    /// statements about such a platform under another root that the chain trusts would judge it as well.
    function assess(uint8 kind, bytes calldata tcb, bytes32[] calldata keys)
        external
        view
        returns (uint32 status, uint64 notAfter);
}
