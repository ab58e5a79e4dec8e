// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {SessionData} from "./SessionData.sol";
import {ISessions} from "../interfaces/ISessions.sol";

/// @title Whether a session is what a consumer demands.
library SessionPolicy {
    using SessionData for bytes;

    uint8 private constant FIRST_KIND = 1;
    uint8 private constant LAST_KIND = 5;
    uint8 private constant DCAP = 1;
    uint8 private constant SEV_SNP = 3;
    uint8 private constant COMPOSITE = 5;
    /// @dev Where kind 1's `tcb` has its TCB evaluation data number, four bytes.
    uint256 private constant EVALUATION_AT = 2;
    /// @dev Where kind 3's `tcb` has the product, one byte, and REPORTED_TCB, five bytes.
    uint256 private constant PRODUCT_AT = 1;
    uint256 private constant REPORTED_AT = 3;

    /// @dev Whether the policy names kinds, identities and anchors, and whether its masks and products are unambiguous.
    function isSound(ISessions.Policy calldata wanted) internal pure returns (bool) {
        if (wanted.kinds.length == 0 || wanted.identities.length == 0 || wanted.anchors.length == 0) return false;
        for (uint256 i = 0; i < wanted.kinds.length; i++) {
            if (wanted.kinds[i] < FIRST_KIND || wanted.kinds[i] > LAST_KIND) return false;
        }
        for (uint256 i = 0; i < wanted.masks.length; i++) {
            ISessions.Mask calldata mask = wanted.masks[i];
            if (mask.mask.length == 0) return false;
            for (uint256 j = 0; j < i; j++) {
                ISessions.Mask calldata other = wanted.masks[j];
                if (mask.kind == other.kind && mask.mask.length == other.mask.length) return false;
            }
        }
        for (uint256 i = 0; i < wanted.firmware.length; i++) {
            for (uint256 j = 0; j < i; j++) {
                if (wanted.firmware[i].product == wanted.firmware[j].product) return false;
            }
        }
        return true;
    }

    /// @dev Whether a session that has not ended, of this status now, meets the policy.
    function holds(ISessions.Policy memory wanted, bytes memory session, uint32 status) internal view returns (bool) {
        uint8 kind = session.kind();
        return hasKind(wanted.kinds, kind) && session.assurance() >= wanted.leastAssurance
            && status & ~wanted.toleratedStatus == 0
            && block.timestamp < uint256(session.time()) + wanted.greatestAge
            && (wanted.platforms.length == 0 || has(wanted.platforms, session.platform()))
            && hasAll(wanted.anchors, session.anchors())
            && meetsVersions(wanted, kind, session)
            && has(wanted.identities, maskedIdentity(wanted.masks, kind, session.measurement()));
    }

    /// @dev As `Claims.identity`.
    function identity(uint8 kind, bytes memory measurement) internal pure returns (bytes32) {
        return keccak256(abi.encode(kind, measurement));
    }

    function hasKind(uint8[] memory kinds, uint8 kind) private pure returns (bool) {
        for (uint256 i = 0; i < kinds.length; i++) {
            if (kinds[i] == kind) return true;
        }
        return false;
    }

    function has(bytes32[] memory list, bytes32 item) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; i++) {
            if (list[i] == item) return true;
        }
        return false;
    }

    /// @dev No anchor at all is none that the policy names.
    function hasAll(bytes32[] memory list, bytes32[] memory items) private pure returns (bool) {
        for (uint256 i = 0; i < items.length; i++) {
            if (!has(list, items[i])) return false;
        }
        return items.length != 0;
    }

    /// @dev Kinds without such versions have nothing to compare: a policy that accepts them accepts that.
    function meetsVersions(ISessions.Policy memory wanted, uint8 kind, bytes memory session)
        private
        pure
        returns (bool)
    {
        if (wanted.leastEvaluation == 0 && wanted.firmware.length == 0) return true;
        bytes memory tcb = session.tcb();
        uint256 start = 0;
        if (kind == COMPOSITE) {
            // The CPU's kind, then its own `tcb`.
            kind = uint8(field(tcb, 0, 1));
            start = 1;
        }
        if (kind == DCAP) return field(tcb, start + EVALUATION_AT, 4) >= wanted.leastEvaluation;
        if (kind == SEV_SNP && wanted.firmware.length != 0) {
            return meetsFirmware(
                wanted.firmware, field(tcb, start + PRODUCT_AT, 1), field(tcb, start + REPORTED_AT, 5)
            );
        }
        return true;
    }

    function meetsFirmware(ISessions.Firmware[] memory accepted, uint256 product, uint256 reported)
        private
        pure
        returns (bool)
    {
        for (uint256 i = 0; i < accepted.length; i++) {
            if (accepted[i].product == product) return isAtLeast(reported, uint40(accepted[i].least));
        }
        return false;
    }

    /// @dev Five versions of one byte each, each for itself.
    function isAtLeast(uint256 versions, uint256 least) private pure returns (bool) {
        for (uint256 shift = 0; shift < 40; shift += 8) {
            if ((versions >> shift) & 0xff < (least >> shift) & 0xff) return false;
        }
        return true;
    }

    /// @dev A number in a `tcb`; 0, which is no version that a policy accepts, where it is shorter.
    function field(bytes memory tcb, uint256 offset, uint256 size) private pure returns (uint256 value) {
        if (tcb.length < offset + size) return 0;
        assembly ("memory-safe") {
            value := shr(sub(256, mul(8, size)), mload(add(add(tcb, 32), offset)))
        }
    }

    /// @dev The identity of the measurement under the mask of its kind and length, if there is one.
    function maskedIdentity(ISessions.Mask[] memory masks, uint8 kind, bytes memory measurement)
        private
        pure
        returns (bytes32)
    {
        for (uint256 i = 0; i < masks.length; i++) {
            bytes memory mask = masks[i].mask;
            if (masks[i].kind != kind || mask.length != measurement.length) continue;
            assembly ("memory-safe") {
                // Whole words: the allocation of `measurement` is rounded up to them.
                let end := add(measurement, mload(measurement))
                for { let word := add(measurement, 32) } lt(word, add(end, 32)) { word := add(word, 32) } {
                    mstore(word, and(mload(word), mload(add(mask, sub(word, measurement)))))
                }
            }
            break;
        }
        return identity(kind, measurement);
    }
}
