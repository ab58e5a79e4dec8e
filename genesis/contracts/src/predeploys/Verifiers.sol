// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IAttestation} from "../interfaces/IAttestation.sol";
import {IProofVerifier, IVerifiers} from "../interfaces/IVerifiers.sol";

/// @title Any other proof system behind one interface.
/// @notice See IVerifiers. There is no list of good verifiers and nobody to keep one.
/// @dev Registered contracts are called statically and with capped gas, and nothing is written after a call.
/// Storage, checked where the contract is built: slot 0, `verifiers`, mapping(bytes32 verifierId => Verifier), three slots
/// each: verifier; codeHash; name.
contract Verifiers is IVerifiers {
    uint256 private constant GROTH16 = 16;
    uint256 private constant SP1 = 17;
    uint256 private constant RISC_ZERO = 18;

    /// @inheritdoc IVerifiers
    uint256 public constant VERIFIER_GAS = 10_000_000;
    /// What is left where a call gets VERIFIER_GAS: 63 of 64 parts, after what the call itself costs.
    uint256 private constant AMPLE_GAS = VERIFIER_GAS + VERIFIER_GAS / 63 + 5_000;
    /// Gas of a question to a contract that is being registered.
    uint256 private constant QUESTION_GAS = 100_000;
    /// Most bytes of revert data that are passed on.
    uint256 private constant MAX_REASON = 256;
    /// Most bytes of a name.
    uint256 private constant MAX_NAME = 64;

    IAttestation private constant ATTESTATION = IAttestation(0xA55A000000000000000000000000000000000001);

    mapping(bytes32 verifierId => Verifier) private verifiers;

    /// @inheritdoc IVerifiers
    function register(address verifier) external returns (bytes32 verifierId) {
        bytes32 codeHash = verifier.codehash;
        verifierId = keccak256(abi.encode(verifier, codeHash));
        if (verifiers[verifierId].verifier != address(0)) return verifierId;
        if (!hasCode(verifier)) revert NotVerifier(verifier);
        string memory name = nameOf(verifier);
        verifiers[verifierId] = Verifier(verifier, codeHash, name);
        emit VerifierRegistered(verifierId, verifier, codeHash, name);
    }

    /// @inheritdoc IVerifiers
    function verifierOf(bytes32 verifierId) external view returns (Verifier memory found) {
        uint256 kind = uint256(verifierId);
        if (kind == GROTH16) return Verifier(address(ATTESTATION), 0, "zk/groth16-bn254");
        if (kind == SP1) return Verifier(address(ATTESTATION), 0, "zk/sp1");
        if (kind == RISC_ZERO) return Verifier(address(ATTESTATION), 0, "zk/risc-zero");
        found = verifiers[verifierId];
        if (found.verifier == address(0)) revert UnknownVerifier(verifierId);
    }

    /// @inheritdoc IVerifiers
    function verify(
        bytes32 verifierId,
        bytes32 inputHash,
        bytes32 outputHash,
        bytes calldata metadata,
        bytes calldata proof
    ) public view returns (bool) {
        uint256 kind = uint256(verifierId);
        if (kind >= GROTH16 && kind <= RISC_ZERO) {
            return proves(uint8(kind), inputHash, outputHash, metadata, proof);
        }
        address verifier = verifiers[verifierId].verifier;
        if (verifier == address(0)) revert UnknownVerifier(verifierId);
        if (keccak256(abi.encode(verifier, verifier.codehash)) != verifierId) revert VerifierChanged(verifierId);
        bytes memory question =
            abi.encodeCall(IProofVerifier.verify, (inputHash, outputHash, metadata, proof));
        bool ample = gasleft() > AMPLE_GAS;
        (bool done, uint256 size, uint256 answer) = ask(verifier, VERIFIER_GAS, question);
        if (!done || size != 32 || answer > 1) revert VerifierFailed(verifierId, returned(done ? 0 : MAX_REASON));
        // It may have run out of gas in a call of its own, and taken that for a bad proof.
        if (answer == 0 && !ample) revert VerifierFailed(verifierId, "");
        return answer == 1;
    }

    /// @inheritdoc IVerifiers
    function prove(
        bytes32 verifierId,
        bytes32 inputHash,
        bytes32 outputHash,
        bytes calldata metadata,
        bytes calldata proof
    ) external returns (bytes32 statement) {
        statement = statementOf(inputHash, outputHash, metadata);
        if (!verify(verifierId, inputHash, outputHash, metadata, proof)) revert NotProven(verifierId, statement);
        emit ProofVerified(verifierId, statement, msg.sender);
    }

    /// @inheritdoc IVerifiers
    function statementOf(bytes32 inputHash, bytes32 outputHash, bytes calldata metadata)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(inputHash, outputHash, keccak256(metadata)));
    }

    /// @dev By the precompile. A refusal is a verdict; running out of gas is none.
    function proves(uint8 kind, bytes32 inputHash, bytes32 outputHash, bytes calldata metadata, bytes calldata proof)
        private
        view
        returns (bool)
    {
        try ATTESTATION.verify(kind, proof, "", uint64(block.timestamp)) returns (IAttestation.Claims memory claims) {
            if (metadata.length < 32) return false;
            bytes memory hashes = kind == GROTH16
                ? abi.encode(
                    uint256(inputHash) >> 128,
                    uint256(uint128(uint256(inputHash))),
                    uint256(outputHash) >> 128,
                    uint256(uint128(uint256(outputHash)))
                )
                : abi.encode(inputHash, outputHash);
            return keccak256(claims.measurement) == keccak256(metadata[:32])
                && keccak256(claims.bound) == keccak256(bytes.concat(hashes, metadata[32:]));
        } catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            if (selector == IAttestation.Refused.selector || selector == IAttestation.TooLarge.selector) return false;
            revert VerifierFailed(bytes32(uint256(kind)), reason);
        }
    }

    /// @dev Whether the account has code of its own: not none, and not EIP-7702's, which its key can change.
    function hasCode(address account) private view returns (bool) {
        bytes memory code = account.code;
        return code.length != 0 && code[0] != 0xef;
    }

    /// @dev What it calls its proof system; it must have a profile as well.
    function nameOf(address verifier) private view returns (string memory name) {
        (bool done, uint256 size,) = ask(verifier, QUESTION_GAS, abi.encodeCall(IProofVerifier.proofProfile, ()));
        if (!done || size != 32) revert NotVerifier(verifier);
        uint256 offset;
        (done, size, offset) = ask(verifier, QUESTION_GAS, abi.encodeCall(IProofVerifier.proofSystem, ()));
        // abi.encode(string) of 1 to MAX_NAME bytes: offset, length, text.
        if (!done || offset != 32 || size < 96 || size > 64 + MAX_NAME) revert NotVerifier(verifier);
        bytes memory answer = returned(size);
        uint256 length;
        assembly ("memory-safe") {
            length := mload(add(answer, 64))
        }
        if (length == 0 || 64 + (length + 31) / 32 * 32 != size) revert NotVerifier(verifier);
        return abi.decode(answer, (string));
    }

    /// @dev A static call that copies no more than the first word of the answer.
    function ask(address to, uint256 most, bytes memory question)
        private
        view
        returns (bool done, uint256 size, uint256 answer)
    {
        assembly ("memory-safe") {
            mstore(0, 0)
            done := staticcall(most, to, add(question, 32), mload(question), 0, 32)
            size := returndatasize()
            answer := mload(0)
        }
    }

    /// @dev The last call's return data, cut at `most` bytes.
    function returned(uint256 most) private pure returns (bytes memory data) {
        assembly ("memory-safe") {
            let size := returndatasize()
            if gt(size, most) { size := most }
            data := mload(0x40)
            mstore(data, size)
            returndatacopy(add(data, 32), 0, size)
            mstore(0x40, add(data, add(32, and(add(size, 31), not(31)))))
        }
    }
}
