// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

interface IAttestation {
    struct Claims {
        uint8 kind;
        uint8 assurance;
        bytes measurement;
        bytes32 identity;
        bytes32 platform;
        bytes bound;
        bytes32 id;
        bytes32[] anchors;
        bytes32 collateral;
        uint64 issuedAt;
        uint64 notBefore;
        uint64 notAfter;
        uint32 status;
        bytes tcb;
    }

    function verify(uint8 kind, bytes calldata evidence, bytes calldata collateral, uint64 time)
        external
        view
        returns (Claims memory);
}

interface IAttribution {
    function verifyInclusion(
        bytes32 logHead,
        uint64 size,
        uint64[] calldata indices,
        bytes32[] calldata leafHashes,
        bytes32[] calldata proof
    ) external view returns (bool);
    function apportion(uint256 pool, uint256[] calldata weights) external view returns (uint256[] memory parts);
}

interface ISignatures {
    function verifyMany(
        uint8 scheme,
        bytes32[] calldata digests,
        bytes[] calldata keys,
        bytes[] calldata signatures
    ) external view returns (bytes memory bits);
}

/// What `assay demo` deploys: the shortest way from an enclave's quote to paid contributors.
/// It shows the precompiles at work and is no example of a market: sessions, escrow and replay
/// protection are the predeploys' business.
contract InferenceDemo {
    IAttestation constant ATTESTATION = IAttestation(0xA55A000000000000000000000000000000000001);
    IAttribution constant ATTRIBUTION = IAttribution(0xa55a000000000000000000000000000000000002);
    ISignatures constant SIGNATURES = ISignatures(0xa55a000000000000000000000000000000000003);

    event EvidenceVerified(
        uint8 kind, bytes32 identity, bytes32 id, bytes32 anchor, uint64 notBefore, uint64 notAfter, uint32 status
    );
    event KeyOpened(bytes32 indexed keyHash, uint64 notAfter);
    event Settled(uint256 statements, uint256 contributors, uint256 paid);

    error WrongBinding();
    error NotUpToDate(uint32 status);
    error KeyNotOpen();
    error BadSignature();
    error NotInLog();
    error PaymentFailed(address contributor);

    /// When the evidence that opened a key ends, by the key's hash.
    mapping(bytes32 => uint64) public keyEnds;

    /// Verifies evidence as of `time` and leaves what it says in the log.
    function verifyAt(uint8 kind, bytes calldata evidence, bytes calldata collateral, uint64 time) external {
        IAttestation.Claims memory claims = ATTESTATION.verify(kind, evidence, collateral, time);
        emit EvidenceVerified(
            claims.kind,
            claims.identity,
            claims.id,
            claims.anchors[0],
            claims.notBefore,
            claims.notAfter,
            claims.status
        );
    }

    /// Opens a key that an enclave's report data binds to this chain and contract.
    function openKey(bytes calldata evidence, bytes calldata collateral, bytes calldata key) external {
        IAttestation.Claims memory claims = ATTESTATION.verify(1, evidence, collateral, uint64(block.timestamp));
        if (claims.status != 0) revert NotUpToDate(claims.status);
        bytes32 expected =
            keccak256(abi.encode(keccak256("assay.demo.key.v1"), block.chainid, address(this), keccak256(key)));
        if (bytes32(claims.bound) != expected) revert WrongBinding();
        keyEnds[keccak256(key)] = claims.notAfter;
        emit KeyOpened(keccak256(key), claims.notAfter);
    }

    /// Checks statements signed by an open key and contributors' places in a data log, and splits
    /// the call's value among the contributors by weight, to the last wei.
    function settle(
        bytes calldata key,
        bytes32[] calldata digests,
        bytes[] calldata signatures,
        bytes32 logHead,
        uint64 logSize,
        uint64[] calldata indices,
        bytes32[] calldata proof,
        address[] calldata contributors,
        uint256[] calldata weights
    ) external payable {
        if (block.timestamp >= keyEnds[keccak256(key)]) revert KeyNotOpen();
        checkSignatures(key, digests, signatures);
        checkContributors(logHead, logSize, indices, proof, contributors);
        uint256[] memory parts = ATTRIBUTION.apportion(msg.value, weights);
        for (uint256 i = 0; i < contributors.length; i++) {
            (bool paid,) = contributors[i].call{value: parts[i]}("");
            if (!paid) revert PaymentFailed(contributors[i]);
        }
        emit Settled(digests.length, contributors.length, msg.value);
    }

    function checkSignatures(bytes calldata key, bytes32[] calldata digests, bytes[] calldata signatures)
        private
        view
    {
        bytes[] memory keys = new bytes[](digests.length);
        for (uint256 i = 0; i < digests.length; i++) {
            keys[i] = key;
        }
        bytes memory bits = SIGNATURES.verifyMany(32, digests, keys, signatures);
        for (uint256 i = 0; i < digests.length; i++) {
            if (uint8(bits[i / 8]) & (1 << (i % 8)) == 0) revert BadSignature();
        }
    }

    function checkContributors(
        bytes32 logHead,
        uint64 logSize,
        uint64[] calldata indices,
        bytes32[] calldata proof,
        address[] calldata contributors
    ) private view {
        bytes32[] memory leaves = new bytes32[](contributors.length);
        for (uint256 i = 0; i < contributors.length; i++) {
            leaves[i] = keccak256(abi.encodePacked(bytes1(0x00), contributors[i]));
        }
        if (!ATTRIBUTION.verifyInclusion(logHead, logSize, indices, leaves, proof)) revert NotInLog();
    }
}
