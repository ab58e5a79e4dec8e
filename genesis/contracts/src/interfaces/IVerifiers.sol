// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title ERC-8274's inner layer: what a proof system implements to be registered.
/// @notice As of commit 07139e1698ede7ef3ff1f5ea66aeda7e14ab61b2 of github.com/ethereum/ERCs (ERCS/erc-8274.md, a draft).
interface IProofVerifier {
    /// @notice Whether `proof` proves that `inputHash` gave `outputHash` under `metadata`: a circuit's key, a program's hash.
    /// @dev Not a view in the draft; Verifiers calls it as one.
    function verify(bytes32 inputHash, bytes32 outputHash, bytes calldata metadata, bytes calldata proof)
        external
        returns (bool);

    /// @notice "paradigm/variant", as "zk/sp1".
    function proofSystem() external view returns (string memory);

    /// @notice Tells this deployment from others of its proof system.
    function proofProfile() external view returns (bytes32);
}

/// @title The predeploy at 0xA55a…1005: any other proof system, behind one interface.
/// @notice Verifier ids 16, 17 and 18 are the precompile's Groth16, SP1 and RISC Zero; all others are contracts that anyone
/// registered. Whom to trust is the consumer's policy: an id pins an address and its code, and nothing more. A contract
/// whose code delegates to another (a proxy) is pinned no better than that other.
interface IVerifiers {
    /// @notice A verifier that can be called.
    struct Verifier {
        /// The precompile for ids 16 to 18.
        address verifier;
        /// 0 for ids 16 to 18.
        bytes32 codeHash;
        /// Its proofSystem() when it was registered.
        string name;
    }

    event VerifierRegistered(bytes32 indexed verifierId, address indexed verifier, bytes32 codeHash, string name);
    event ProofVerified(bytes32 indexed verifierId, bytes32 indexed statement, address indexed caller);

    error UnknownVerifier(bytes32 verifierId);
    /// @notice The code at the verifier's address is not that which was registered.
    error VerifierChanged(bytes32 verifierId);
    /// @notice There is no contract of its own at the address, or it does not answer as an IProofVerifier: a profile, and a
    /// proof system of 1 to 64 bytes, with 100,000 gas for each question.
    error NotVerifier(address verifier);
    /// @notice The verifier reverted, ran out of gas, answered neither true nor false, or answered false with less gas than
    /// VERIFIER_GAS. `reason` is its revert data, cut at 256 bytes. Not a verdict: a caller that gives too little gas must
    /// not make one.
    error VerifierFailed(bytes32 verifierId, bytes reason);
    /// @notice The proof does not prove the statement.
    error NotProven(bytes32 verifierId, bytes32 statement);

    /// @notice The most gas that a registered verifier gets.
    function VERIFIER_GAS() external view returns (uint256);

    /// @notice Registers a contract under its address and code; anyone may, again and again.
    /// @return verifierId keccak256(abi.encode(verifier, verifier.codehash)).
    function register(address verifier) external returns (bytes32 verifierId);

    /// @notice A verifier; reverts where the id is unknown.
    function verifierOf(bytes32 verifierId) external view returns (Verifier memory);

    /// @notice Whether `proof` proves that `inputHash` gave `outputHash` under `metadata`, called without state changes and
    /// with capped gas.
    /// @dev Ids 16 to 18: `metadata` is `program ‖ rest`. The program, 32 bytes, is the claims' measurement
    /// (docs/attestation.md): the verifying key's hash, the program's verifying key, the image id. `proof` is the evidence;
    /// it must commit to the two hashes and the rest, to nothing else: public values or journal are `inputHash ‖ outputHash
    /// ‖ rest`; Groth16's public inputs are the hashes' upper and lower 128 bits in that order, then the rest's words.
    function verify(
        bytes32 verifierId,
        bytes32 inputHash,
        bytes32 outputHash,
        bytes calldata metadata,
        bytes calldata proof
    ) external view returns (bool);

    /// @notice As verify, leaving an event; reverts where it is not proven.
    /// @return statement As statementOf.
    function prove(
        bytes32 verifierId,
        bytes32 inputHash,
        bytes32 outputHash,
        bytes calldata metadata,
        bytes calldata proof
    ) external returns (bytes32 statement);

    /// @notice keccak256(abi.encode(inputHash, outputHash, keccak256(metadata))).
    function statementOf(bytes32 inputHash, bytes32 outputHash, bytes calldata metadata)
        external
        pure
        returns (bytes32);
}
