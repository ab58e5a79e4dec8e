// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISessions} from "../src/interfaces/ISessions.sol";
import {ISignatures} from "../src/interfaces/ISignatures.sol";

/// In place of Sessions: says what a test told it. Signatures are checked as the real one checks them.
contract TestSessions {
    ISignatures private constant SIGNATURES = ISignatures(0xa55a000000000000000000000000000000000003);

    mapping(bytes32 sessionId => ISessions.Session) private sessions;
    mapping(bytes32 policyId => bool) private known;
    mapping(bytes32 sessionId => mapping(bytes32 policyId => bool)) public isLive;

    function setSession(bytes32 sessionId, address controller, bytes calldata key) external {
        sessions[sessionId].controller = controller;
        sessions[sessionId].key = key;
    }

    function setPolicy(bytes32 policyId) external {
        known[policyId] = true;
    }

    function setLive(bytes32 sessionId, bytes32 policyId, bool live) external {
        isLive[sessionId][policyId] = live;
    }

    function check(
        bytes32 sessionId,
        bytes32[] calldata policyIds,
        bytes32[] calldata digests,
        bytes[] calldata signatures
    ) external view returns (address controller, bool[] memory live, bytes memory bits) {
        // A kilobyte, and a megabyte, of return data.
        if (sessionId == bytes32(hex"b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0")) shout(1_000);
        if (sessionId == bytes32(hex"b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1")) shout(1 << 20);
        ISessions.Session storage opened = sessions[sessionId];
        controller = opened.controller;
        if (controller == address(0)) revert ISessions.UnknownSession(sessionId);
        live = new bool[](policyIds.length);
        for (uint256 i = 0; i < live.length; i++) {
            live[i] = isLive[sessionId][policyIds[i]];
        }
        bytes[] memory keys = new bytes[](digests.length);
        for (uint256 i = 0; i < keys.length; i++) {
            keys[i] = opened.key;
        }
        bits = SIGNATURES.verifyMany(32, digests, keys, signatures);
    }

    function isPolicy(bytes32 policyId) external view returns (bool) {
        return known[policyId];
    }

    function shout(uint256 size) private pure {
        assembly {
            let word := not(0)
            for { let i := 0 } lt(i, 1000) { i := add(i, 32) } { mstore(i, mul(0xee, div(word, 0xff))) }
            revert(0, size)
        }
    }
}
