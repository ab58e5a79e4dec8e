// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BlockHeader} from "./BlockHeader.sol";
import {CodeStore} from "./CodeStore.sol";
import {SessionData} from "./SessionData.sol";
import {SessionPolicy} from "./SessionPolicy.sol";
import {IAttestation} from "../interfaces/IAttestation.sol";
import {ICollateral} from "../interfaces/ICollateral.sol";
import {ISessions} from "../interfaces/ISessions.sol";
import {ISignatures} from "../interfaces/ISignatures.sol";

/// @title Keys that live inside attested code, for as long as their evidence holds.
/// @notice Evidence opens one session, once; the session ends with the statements it was opened by, when a newer statement
/// refuses it, or when its controller closes it. Nobody has to act for it to end: every view judges it anew.
/// @dev Calls go to precompiles and predeploys alone, so nothing can call back in.
/// Storage, checked where the contract is built: slot 0, `records`, mapping(bytes32 sessionId => Record), two slots each:
/// data (160 bits), status (32), notAfter (56) and closed (8), lowest first; judgedBy. Slot 1, `policies`,
/// mapping(bytes32 policyId => address whose code is a zero byte and abi.encode(policy)).
contract Sessions is ISessions {
    using CodeStore for address;
    using SessionData for bytes;

    /// What changes of a session.
    struct Record {
        /// The account whose code is a zero byte and the session's `SessionData`.
        address data;
        /// The newest verdict that is remembered: status, and end, 0 where it is refused.
        uint32 status;
        uint56 notAfter;
        bool closed;
        /// Collateral.digestOf of the statements that gave this verdict; 0 where no statements judge the session.
        bytes32 judgedBy;
    }

    bytes32 private constant SESSION_TAG = keccak256("assay.session.v1");

    uint8 private constant FIRST_KIND = 1;
    uint8 private constant LAST_KIND = 5;
    /// CPU with GPU.
    uint8 private constant COMPOSITE = 5;
    /// Status bits that are said of GPUs alone: a warning of NVIDIA's, and its key left to policy.
    uint32 private constant GPU_STATUS = 1 << 4 | 1 << 30;
    /// Most bytes of an encryption key.
    uint256 private constant MAX_ENCRYPTION_KEY = 2_048;
    /// Most statements that judge a session.
    uint256 private constant MAX_COLLATERAL_KEYS = 16;

    IAttestation private constant ATTESTATION = IAttestation(0xA55A000000000000000000000000000000000001);
    ISignatures private constant SIGNATURES = ISignatures(0xa55a000000000000000000000000000000000003);
    ICollateral private constant COLLATERAL = ICollateral(0xa55a000000000000000000000000000000001001);

    mapping(bytes32 sessionId => Record) private records;
    mapping(bytes32 policyId => address) private policies;

    /// @inheritdoc ISessions
    function open(uint8 kind, bytes calldata evidence, bytes32[] calldata collateralKeys, Binding calldata binding)
        external
        returns (bytes32 sessionId)
    {
        if (kind < FIRST_KIND || kind > LAST_KIND) revert WrongKind(kind);
        checkKeys(binding, collateralKeys.length);
        (uint256 number, uint64 time, bytes32 hash) = BlockHeader.read(binding.header);
        IAttestation.Claims memory claims = collateralKeys.length == 0
            ? ATTESTATION.verify(kind, evidence, "", uint64(block.timestamp))
            : COLLATERAL.verify(kind, evidence, collateralKeys);
        bytes32 expected = bindingHash(binding.controller, binding.key, binding.encryptionKey, number, hash);
        if (claims.bound.length < 32 || bytes32(claims.bound) != expected) revert WrongBinding(expected);
        sessionId = claims.id;
        Record storage record = records[sessionId];
        // Evidence names its controller, so what is there already is his as well.
        if (record.data != address(0) && (record.closed || msg.sender != binding.controller)) {
            revert AlreadyOpened(sessionId);
        }

        record.data = store(claims, collateralKeys, binding, time);
        record.status = claims.status;
        record.notAfter = end(claims.notAfter);
        record.judgedBy = collateralKeys.length == 0 ? bytes32(0) : COLLATERAL.digestOf(collateralKeys);
        emit SessionOpened(
            sessionId,
            binding.controller,
            claims.identity,
            claims.kind,
            claims.assurance,
            claims.platform,
            claims.anchors,
            claims.status,
            time,
            claims.notAfter,
            binding.key,
            binding.encryptionKey
        );
    }

    /// @inheritdoc ISessions
    function close(bytes32 sessionId) external {
        (Record storage record, bytes memory data) = opened(sessionId);
        if (msg.sender != data.controller()) revert NotController(msg.sender);
        if (record.closed) return;
        record.closed = true;
        emit SessionClosed(sessionId);
    }

    /// @inheritdoc ISessions
    function bindingHash(
        address controller,
        bytes calldata key,
        bytes calldata encryptionKey,
        uint256 blockNumber,
        bytes32 blockHash
    ) public view returns (bytes32) {
        return keccak256(
            abi.encode(
                SESSION_TAG, block.chainid, address(this), controller, key, encryptionKey, blockNumber, blockHash
            )
        );
    }

    /// @inheritdoc ISessions
    function registerPolicy(Policy calldata wanted) external returns (bytes32 policyId) {
        bytes memory encoded = abi.encode(wanted);
        policyId = keccak256(encoded);
        if (policies[policyId] != address(0)) return policyId;
        if (!SessionPolicy.isSound(wanted)) revert WrongPolicy();
        policies[policyId] = CodeStore.write(encoded);
        emit PolicyRegistered(policyId, wanted);
    }

    /// @inheritdoc ISessions
    function isPolicy(bytes32 policyId) external view returns (bool) {
        return policies[policyId] != address(0);
    }

    /// @inheritdoc ISessions
    function policy(bytes32 policyId) public view returns (Policy memory) {
        address pointer = policies[policyId];
        if (pointer == address(0)) revert UnknownPolicy(policyId);
        return abi.decode(pointer.read(), (Policy));
    }

    /// @inheritdoc ISessions
    function session(bytes32 sessionId) external view returns (Session memory as_) {
        (Record storage record, bytes memory data) = opened(sessionId);
        as_.kind = data.kind();
        as_.assurance = data.assurance();
        as_.controller = data.controller();
        as_.measurement = data.measurement();
        as_.identity = SessionPolicy.identity(as_.kind, as_.measurement);
        as_.platform = data.platform();
        as_.anchors = data.anchors();
        as_.status = data.status();
        as_.time = data.time();
        as_.notAfter = data.notAfter();
        as_.closed = record.closed;
        as_.key = data.key();
        as_.encryptionKey = data.encryptionKey();
        as_.tcb = data.tcb();
        as_.collateralKeys = data.collateralKeys();
    }

    /// @inheritdoc ISessions
    function refresh(bytes32 sessionId) external returns (uint32 status, uint64 notAfter) {
        (Record storage record, bytes memory data) = opened(sessionId);
        bytes32 digest;
        (status, notAfter, digest) = judge(record, data);
        if (digest != record.judgedBy) {
            record.status = status;
            record.notAfter = uint56(notAfter);
            record.judgedBy = digest;
            emit SessionAssessed(sessionId, status, notAfter, digest);
        }
        if (record.closed) notAfter = 0;
    }

    /// @inheritdoc ISessions
    function standing(bytes32 sessionId) external view returns (uint32 status, uint64 notAfter) {
        (Record storage record, bytes memory data) = opened(sessionId);
        (status, notAfter,) = judge(record, data);
        if (record.closed) notAfter = 0;
    }

    /// @inheritdoc ISessions
    function isLive(bytes32 sessionId, bytes32 policyId) external view returns (bool) {
        if (records[sessionId].data == address(0)) return false;
        bytes32[] memory policyIds = new bytes32[](1);
        policyIds[0] = policyId;
        (Record storage record, bytes memory data) = opened(sessionId);
        return meets(record, data, policyIds)[0];
    }

    /// @inheritdoc ISessions
    function verifySignatures(bytes32 sessionId, bytes32[] calldata digests, bytes[] calldata signatures)
        external
        view
        returns (bytes memory bits)
    {
        (, bytes memory data) = opened(sessionId);
        return signed(data, digests, signatures);
    }

    /// @inheritdoc ISessions
    function check(
        bytes32 sessionId,
        bytes32[] calldata policyIds,
        bytes32[] calldata digests,
        bytes[] calldata signatures
    ) external view returns (address controller, bool[] memory live, bytes memory bits) {
        (Record storage record, bytes memory data) = opened(sessionId);
        controller = data.controller();
        live = meets(record, data, policyIds);
        bits = signed(data, digests, signatures);
    }

    /// @dev A key that its scheme cannot take would open a session that can never sign.
    function checkKeys(Binding calldata binding, uint256 collateralKeys) private pure {
        bytes calldata key = binding.key;
        if (key.length == 0 || binding.encryptionKey.length > MAX_ENCRYPTION_KEY) revert WrongKey();
        uint8 scheme = uint8(key[0]);
        uint256 length = scheme == 32 || scheme == 33 ? 65 : scheme == 34 ? 32 : scheme == 35 ? 48 : 0;
        if (length == 0 || key.length != 1 + length) revert WrongKey();
        if (collateralKeys > MAX_COLLATERAL_KEYS) revert TooManyKeys(collateralKeys);
    }

    /// @dev Packs what never changes. Precompiles' caps keep each length below 2^16 and the number of anchors small, and
    /// CodeStore refuses a sum that could hide a greater one.
    function store(
        IAttestation.Claims memory claims,
        bytes32[] calldata collateralKeys,
        Binding calldata binding,
        uint64 time
    ) private returns (address) {
        bytes memory head = abi.encodePacked(
            claims.kind,
            claims.assurance,
            binding.controller,
            claims.platform,
            claims.status,
            time,
            claims.notAfter,
            uint8(claims.anchors.length),
            uint8(collateralKeys.length)
        );
        bytes memory lengths = abi.encodePacked(
            uint16(binding.key.length),
            uint16(binding.encryptionKey.length),
            uint16(claims.measurement.length),
            uint16(claims.tcb.length)
        );
        return CodeStore.write(
            abi.encodePacked(
                head,
                lengths,
                claims.anchors,
                collateralKeys,
                binding.key,
                binding.encryptionKey,
                claims.measurement,
                claims.tcb
            )
        );
    }

    function opened(bytes32 sessionId) private view returns (Record storage record, bytes memory data) {
        record = records[sessionId];
        address pointer = record.data;
        if (pointer == address(0)) revert UnknownSession(sessionId);
        data = pointer.read();
    }

    /// @dev An end as it is remembered. Years after 2^56 do not matter.
    function end(uint64 notAfter) private pure returns (uint56) {
        return notAfter > type(uint56).max ? type(uint56).max : uint56(notAfter);
    }

    /// @dev The verdict by what Collateral holds now, whether or not it is remembered. An end is never later than at
    /// opening: a session's own certificates may end then, and `tcb` does not say when they do.
    /// @return status Bits as in Claims.
    /// @return notAfter 0 where it is refused.
    /// @return digest What judged it, as `Record.judgedBy`.
    function judge(Record storage record, bytes memory data)
        private
        view
        returns (uint32 status, uint64 notAfter, bytes32 digest)
    {
        (status, notAfter, digest) = (record.status, record.notAfter, record.judgedBy);
        if (data.keyCount() == 0) return (status, notAfter, digest);
        bytes32[] memory keys = data.collateralKeys();
        bytes32 newest = COLLATERAL.digestOf(keys);
        if (newest == digest) return (status, notAfter, digest);
        digest = newest;
        try COLLATERAL.assess(data.kind(), data.tcb(), keys) returns (uint32 found, uint64 until) {
            uint64 last = end(data.notAfter());
            // `assess` knows the CPU alone: what was said of the GPUs at opening stays said.
            if (data.kind() == COMPOSITE) found |= data.status() & GPU_STATUS;
            return (found, until < last ? until : last, digest);
        } catch (bytes memory reason) {
            // Out of gas is no verdict: whoever gives too little must not make one.
            if (!isRefusal(reason)) {
                assembly ("memory-safe") {
                    revert(add(reason, 32), mload(reason))
                }
            }
            return (status, 0, digest);
        }
    }

    /// @dev Refusals that no later time takes back.
    function isRefusal(bytes memory reason) private pure returns (bool) {
        bytes4 selector = bytes4(reason);
        return selector == IAttestation.Refused.selector || selector == IAttestation.Expired.selector;
    }

    /// @dev Whether the session is live and meets each policy.
    function meets(Record storage record, bytes memory data, bytes32[] memory policyIds)
        private
        view
        returns (bool[] memory live)
    {
        live = new bool[](policyIds.length);
        (uint32 status, uint64 notAfter,) = judge(record, data);
        bool over = record.closed || block.timestamp >= notAfter;
        for (uint256 i = 0; i < policyIds.length; i++) {
            Policy memory wanted = policy(policyIds[i]);
            live[i] = !over && SessionPolicy.holds(wanted, data, status);
        }
    }

    function signed(bytes memory data, bytes32[] calldata digests, bytes[] calldata signatures)
        private
        view
        returns (bytes memory)
    {
        bytes memory key = data.publicKey();
        bytes[] memory keys = new bytes[](digests.length);
        for (uint256 i = 0; i < digests.length; i++) {
            keys[i] = key;
        }
        return SIGNATURES.verifyMany(data.scheme(), digests, keys, signatures);
    }
}
