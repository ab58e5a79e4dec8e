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

    function session(bytes32 sessionId) external view returns (ISessions.Session memory opened) {
        opened = sessions[sessionId];
        if (opened.controller == address(0)) revert ISessions.UnknownSession(sessionId);
    }

    function policy(bytes32 policyId) external view returns (ISessions.Policy memory empty) {
        if (!known[policyId]) revert ISessions.UnknownPolicy(policyId);
        return empty;
    }

    function verifySignatures(bytes32 sessionId, bytes32[] calldata digests, bytes[] calldata signatures)
        external
        view
        returns (bytes memory)
    {
        bytes[] memory keys = new bytes[](digests.length);
        for (uint256 i = 0; i < keys.length; i++) {
            keys[i] = sessions[sessionId].key;
        }
        return SIGNATURES.verifyMany(32, digests, keys, signatures);
    }
}
