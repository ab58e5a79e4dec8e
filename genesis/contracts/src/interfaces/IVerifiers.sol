// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title The predeploy at 0xA55a…1005: any other proof system, behind one interface.
interface IVerifiers {
    event VerifierRegistered(bytes32 indexed verifierId, address indexed verifier, bytes32 codeHash, string name);
    event ProofVerified(bytes32 indexed verifierId, bytes32 indexed statement, address indexed caller);

    error UnknownVerifier(bytes32 verifierId);
    error VerifierChanged(bytes32 verifierId);

    /// @notice Registers a verifier contract by its address and code: anyone may; whom to trust is the consumer's policy.
    /// @return verifierId keccak256(abi.encode(verifier, verifier.codehash)).
    function register(address verifier, string calldata name) external returns (bytes32 verifierId);

    /// @notice Whether `proof` proves `statement` by this verifier, called without state changes and with capped gas.
    function verify(bytes32 verifierId, bytes calldata statement, bytes calldata proof)
        external
        view
        returns (bool);
}
