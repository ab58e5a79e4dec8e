// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title The precompile at 0xA55a…0001: verified evidence.
/// @notice Pure: nothing but calldata and the chain's trust anchors decides. docs/attestation.md has every byte.
interface IAttestation {
    /// @notice What a verifier learnt from evidence.
    struct Claims {
        /// The kind that was verified.
        uint8 kind;
        /// 1 key signature, 2 zero-knowledge proof, 3 TEE, 4 TEE with attested GPU.
        uint8 assurance;
        /// The registers that identify the code, laid out per kind.
        bytes measurement;
        /// keccak256(abi.encode(kind, measurement)).
        bytes32 identity;
        /// keccak256 of the hardware id, 0 where the kind has none.
        bytes32 platform;
        /// What the evidence commits to: report data, user data, public inputs, digest.
        bytes bound;
        /// keccak256 of signed bytes alone, as docs/attestation.md lays out: with kind and identity, the replay key.
        bytes32 id;
        /// The roots relied on.
        bytes32[] anchors;
        /// Digest of the collateral relied on, 0 where the kind needs none.
        bytes32 collateral;
        /// Unix seconds, 0 where the evidence carries no time.
        uint64 issuedAt;
        /// Unix seconds.
        uint64 notBefore;
        /// Unix seconds, exclusive.
        uint64 notAfter;
        /// Bit set, 0 = up to date; bit 31 = collateral assumed, bit 30 = anchor left to policy.
        uint32 status;
        /// What `assess` needs later.
        bytes tcb;
    }

    /// @notice One vendor's statement in compact form.
    struct CollateralClaims {
        /// Names what is stated: by anchor, type, FMSPC or issuer, TCB evaluation number.
        bytes32 key;
        /// keccak256(abi.encode(kind, anchor, compact)).
        bytes32 digest;
        /// Of two statements under one key, the one with the higher version is newer.
        uint64 version;
        /// Unix seconds.
        uint64 notBefore;
        /// Unix seconds, exclusive.
        uint64 notAfter;
        /// What `verifyWith` and `assess` take.
        bytes compact;
    }

    /// @notice Checks everything, collateral signatures included: safe to call alone.
    function verify(uint8 kind, bytes calldata evidence, bytes calldata collateral, uint64 time)
        external
        view
        returns (Claims memory);

    /// @notice Checks one statement against its vendor's root and gives it back in compact form.
    function verifyCollateral(uint8 kind, bytes calldata collateral, uint64 time)
        external
        view
        returns (CollateralClaims memory);

    /// @notice As verify, over compact collateral whose signatures are NOT checked: always sets status bit 31.
    function verifyWith(uint8 kind, bytes calldata evidence, bytes calldata compact, uint64 time)
        external
        view
        returns (Claims memory);

    /// @notice Judges an earlier Claims.tcb by newer collateral (bit 31 set as well).
    function assess(uint8 kind, bytes calldata tcb, bytes calldata compact, uint64 time)
        external
        view
        returns (uint32 status, uint64 notAfter);

    error UnknownKind(uint8 kind);
    error TooLarge(uint256 size, uint256 limit);
    error Refused(uint16 code);
    error NotYetValid(uint64 notBefore);
    error Expired(uint64 notAfter);
}
