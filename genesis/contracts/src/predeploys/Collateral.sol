// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {CodeStore} from "./CodeStore.sol";
import {IAttestation} from "../interfaces/IAttestation.sol";
import {ICollateral} from "../interfaces/ICollateral.sol";

/// @title Vendors' newest statements, verified once, for all contracts.
/// @notice A statement is verified when it is put and kept in its compact form as the code of an account of its own, so
/// that whoever reads it pays for one cold account and not for storage slots. Only a vendor's signature decides what is
/// put, and only its version what replaces what: there is no owner, and nobody can remove a statement.
/// @dev Storage, checked where the contract is built: slot 0, `statements`, mapping(bytes32 key => Statement); each
/// Statement takes three slots: digest; version, notBefore and notAfter (64 bits each, lowest first); pointer.
contract Collateral is ICollateral {
    using CodeStore for address;

    /// @dev What `status` loses: the statements' signatures were checked when they were put.
    uint32 private constant COLLATERAL_ASSUMED = 1 << 31;

    IAttestation private constant ATTESTATION = IAttestation(0xA55A000000000000000000000000000000000001);

    mapping(bytes32 key => Statement) private statements;

    /// @inheritdoc ICollateral
    function put(uint8 kind, bytes calldata collateral) external returns (bytes32 key) {
        IAttestation.CollateralClaims memory claims = verified(kind, collateral);
        key = claims.key;
        Statement storage held = statements[key];
        if (!isNewer(claims, held)) revert NotNewer(key, claims.version, held.version);
        hold(kind, claims, held);
    }

    /// @inheritdoc ICollateral
    function putMany(uint8 kind, bytes[] calldata collateral) external returns (uint256 changed) {
        for (uint256 i = 0; i < collateral.length; i++) {
            IAttestation.CollateralClaims memory claims = verified(kind, collateral[i]);
            Statement storage held = statements[claims.key];
            if (isNewer(claims, held)) {
                hold(kind, claims, held);
                changed++;
            }
        }
    }

    /// @inheritdoc ICollateral
    function statement(bytes32 key) external view returns (Statement memory) {
        return statements[key];
    }

    /// @inheritdoc ICollateral
    function digestOf(bytes32[] calldata keys) external view returns (bytes32) {
        bytes32[] memory digests = new bytes32[](keys.length);
        for (uint256 i = 0; i < keys.length; i++) {
            digests[i] = statements[keys[i]].digest;
        }
        return keccak256(abi.encodePacked(digests));
    }

    /// @inheritdoc ICollateral
    function verify(uint8 kind, bytes calldata evidence, bytes32[] calldata keys)
        external
        view
        returns (IAttestation.Claims memory claims)
    {
        claims = ATTESTATION.verifyWith(kind, evidence, joined(keys), uint64(block.timestamp));
        claims.status &= ~COLLATERAL_ASSUMED;
    }

    /// @inheritdoc ICollateral
    function assess(uint8 kind, bytes calldata tcb, bytes32[] calldata keys)
        external
        view
        returns (uint32 status, uint64 notAfter)
    {
        (status, notAfter) = ATTESTATION.assess(kind, tcb, joined(keys), uint64(block.timestamp));
        status &= ~COLLATERAL_ASSUMED;
    }

    function verified(uint8 kind, bytes calldata collateral)
        private
        view
        returns (IAttestation.CollateralClaims memory)
    {
        return ATTESTATION.verifyCollateral(kind, collateral, uint64(block.timestamp));
    }

    function isNewer(IAttestation.CollateralClaims memory claims, Statement storage held) private view returns (bool) {
        return held.pointer == address(0) || claims.version > held.version;
    }

    function hold(uint8 kind, IAttestation.CollateralClaims memory claims, Statement storage held) private {
        address pointer = CodeStore.write(claims.compact);
        held.digest = claims.digest;
        held.version = claims.version;
        held.notBefore = claims.notBefore;
        held.notAfter = claims.notAfter;
        held.pointer = pointer;
        emit CollateralPut(
            kind, claims.key, claims.digest, claims.version, claims.notBefore, claims.notAfter, pointer
        );
    }

    /// @dev What `verifyWith` and `assess` take: the compact form held under the one key, or the forms under several, each
    /// with its length before it (uint16).
    function joined(bytes32[] calldata keys) private view returns (bytes memory data) {
        uint256 prefix = keys.length == 1 ? 0 : 2;
        uint256 size;
        address[] memory pointers = new address[](keys.length);
        for (uint256 i = 0; i < keys.length; i++) {
            pointers[i] = statements[keys[i]].pointer;
            if (pointers[i] == address(0)) revert Missing(keys[i]);
            size += prefix + pointers[i].size();
        }
        data = new bytes(size);
        uint256 end = 0;
        for (uint256 i = 0; i < keys.length; i++) {
            address pointer = pointers[i];
            uint256 length = pointer.size();
            if (prefix != 0) {
                // CodeStore's limit is below 2^16.
                data[end] = bytes1(uint8(length >> 8));
                data[end + 1] = bytes1(uint8(length));
            }
            pointer.copy(length, data, end + prefix);
            end += prefix + length;
        }
    }
}
