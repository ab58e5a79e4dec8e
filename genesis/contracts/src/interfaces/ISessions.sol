// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// @title The predeploy at 0xA55a…1002: keys that live inside attested code, for as long as their evidence holds.
interface ISessions {
    /// @notice What evidence binds a key to; its hash starts the evidence's `bound`.
    struct Binding {
        /// The only provider and payee of this session.
        address controller;
        /// A scheme of ISignatures (one byte), then the public key that signs receipts.
        bytes key;
        /// The key that requests may be encrypted to; free form, may be empty.
        bytes encryptionKey;
        /// RLP of the header of the block that dates the evidence, one of the last 8,191.
        bytes header;
    }

    /// @notice Registers that vary between runs of the same code.
    struct Mask {
        uint8 kind;
        /// Bits that are 0 are taken as 0 before identities are compared. Applies to measurements of this kind and length.
        bytes mask;
    }

    /// @notice What an AMD processor must run.
    struct Firmware {
        /// As in kind 3's `tcb`: 1 Milan, 2 Genoa, 3 Turin.
        uint8 product;
        /// Least REPORTED_TCB, byte by byte: FMC, boot loader, TEE, SNP firmware, microcode.
        bytes5 least;
    }

    /// @notice What a consumer demands. Assurance alone never suffices: anchors and identities must be named.
    struct Policy {
        /// Kinds accepted.
        uint8[] kinds;
        /// keccak256(abi.encode(kind, masked measurement)) of the code accepted.
        bytes32[] identities;
        /// Platforms accepted; empty: any.
        bytes32[] platforms;
        /// Every anchor relied on must be among these.
        bytes32[] anchors;
        Mask[] masks;
        uint8 leastAssurance;
        /// Status bits that may be set.
        uint32 toleratedStatus;
        /// Least TCB evaluation data number, for kinds that have one: 1, and 5 on it.
        uint32 leastEvaluation;
        /// AMD's products that are accepted, for kind 3, and 5 on it; empty: any, whatever it runs.
        Firmware[] firmware;
        /// Seconds after the block that dates the evidence, exclusive.
        uint64 greatestAge;
    }

    /// @notice A session as it was opened.
    struct Session {
        uint8 kind;
        uint8 assurance;
        address controller;
        bytes32 identity;
        bytes32 platform;
        bytes32[] anchors;
        /// Status at opening.
        uint32 status;
        /// Timestamp of the block that dates the evidence.
        uint64 time;
        /// End of the statements used at opening.
        uint64 notAfter;
        bool closed;
        bytes key;
        bytes encryptionKey;
        bytes measurement;
        bytes tcb;
        /// Keys of the statements in Collateral that judge it.
        bytes32[] collateralKeys;
    }

    event SessionOpened(
        bytes32 indexed sessionId,
        address indexed controller,
        bytes32 indexed identity,
        uint8 kind,
        uint8 assurance,
        bytes32 platform,
        bytes32[] anchors,
        uint32 status,
        uint64 time,
        uint64 notAfter,
        bytes key,
        bytes encryptionKey
    );
    /// @notice Newer collateral judged the session; a session that is refused has `notAfter` 0.
    event SessionAssessed(bytes32 indexed sessionId, uint32 status, uint64 notAfter, bytes32 collateral);
    event SessionClosed(bytes32 indexed sessionId);
    event PolicyRegistered(bytes32 indexed policyId, Policy policy);

    error AlreadyOpened(bytes32 sessionId);
    error UnknownSession(bytes32 sessionId);
    error UnknownPolicy(bytes32 policyId);
    error NotController(address caller);
    /// @notice The kind opens no sessions.
    error WrongKind(uint8 kind);
    /// @notice The evidence does not commit to this binding.
    error WrongBinding(bytes32 expected);
    /// @notice The header is not RLP of one of the last 8,191 blocks.
    error WrongHeader();
    /// @notice The key is not of its scheme's length, or the encryption key is over 2,048 bytes.
    error WrongKey();
    /// @notice More statements are named than judge any kind.
    error TooManyKeys(uint256 count);
    /// @notice The policy names no kind, no identity or no anchor, a kind that opens no sessions, an empty mask, two masks of
    /// one kind and length, or one product twice.
    error WrongPolicy();
    /// @notice A policy, or a session, is longer than an account's code may be.
    error TooLong(uint256 size);

    /// @notice Opens a session; anyone may bring the evidence, once.
    /// @dev Evidence leaves some choice to whoever brings it: statements of another TCB evaluation number, and of kind 5 the
    /// CPU's half alone or with other tokens over its nonce. So that nobody can spoil evidence by bringing it first, its
    /// controller may bring it again: that replaces what was opened, unless it is closed.
    /// @param collateralKeys Keys of the statements in Collateral that judge the kind, in its order; none for kinds without.
    /// @return sessionId The evidence's id.
    function open(uint8 kind, bytes calldata evidence, bytes32[] calldata collateralKeys, Binding calldata binding)
        external
        returns (bytes32 sessionId);

    /// @notice Ends a session; its controller alone may.
    function close(bytes32 sessionId) external;

    /// @notice keccak256(abi.encode(keccak256("assay.session.v1"), chainid, this, controller, key, encryptionKey, blockNumber, blockhash)).
    function bindingHash(
        address controller,
        bytes calldata key,
        bytes calldata encryptionKey,
        uint256 blockNumber,
        bytes32 blockHash
    ) external view returns (bytes32);

    /// @notice Makes a policy known by its hash, keccak256(abi.encode(policy)); anyone may, again and again.
    function registerPolicy(Policy calldata policy) external returns (bytes32 policyId);

    /// @notice Whether a policy is known by this id.
    function isPolicy(bytes32 policyId) external view returns (bool);

    /// @notice The policy of this id; reverts where it is unknown.
    function policy(bytes32 policyId) external view returns (Policy memory);

    /// @notice The session of this id; reverts where it is unknown.
    function session(bytes32 sessionId) external view returns (Session memory);

    /// @notice Judges a session by the newest collateral and remembers the verdict until something newer is put.
    function refresh(bytes32 sessionId) external returns (uint32 status, uint64 notAfter);

    /// @notice Status and end of a session by the newest collateral; `notAfter` 0: refused or closed.
    /// @dev The end is never later than at opening: newer statements do not prolong a session, new evidence opens another.
    /// Newer statements that have ended refuse, too: unless their verdict was remembered before, `notAfter` is 0 then and
    /// the status that which is remembered.
    function standing(bytes32 sessionId) external view returns (uint32 status, uint64 notAfter);

    /// @notice Whether the session is live now and meets the policy. An unknown session is not; reverts where the session
    /// is known and the policy is not.
    function isLive(bytes32 sessionId, bytes32 policyId) external view returns (bool);

    /// @notice Checks digests signed by the session's key, whether or not it is live. Bits as in ISignatures.verifyMany.
    function verifySignatures(bytes32 sessionId, bytes32[] calldata digests, bytes[] calldata signatures)
        external
        view
        returns (bytes memory bits);

    /// @notice All that a settlement asks, in one call: who controls the session, whether it is live and meets each policy,
    /// and which digests its key signed.
    function check(
        bytes32 sessionId,
        bytes32[] calldata policyIds,
        bytes32[] calldata digests,
        bytes[] calldata signatures
    ) external view returns (address controller, bool[] memory live, bytes memory bits);
}
