// SPDX-License-Identifier: MIT OR Apache-2.0
// Built by contracts/build.mjs.
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

/// @title The precompile at 0xA55a…0002: attribution of a result to the data that shaped it.
/// @notice docs/attribution.md has the exact semantics. Malformed input reverts, a mismatch gives false.
interface IAttribution {
    /// @notice `length` tokens of the output, from `outputStart`, are those of a chunk from `chunkStart`.
    struct Span {
        uint32 chunk;
        uint32 outputStart;
        uint32 chunkStart;
        uint32 length;
    }

    /// @notice The head of a log of these leaf hashes.
    function head(bytes32[] calldata leafHashes) external view returns (bytes32);

    /// @notice Appends leaves to a log of which only the frontier is known.
    function append(bytes32[] calldata frontier, uint64 size, bytes32[] calldata leafHashes)
        external
        view
        returns (bytes32[] memory newFrontier, uint64 newSize, bytes32 newHead);

    /// @notice Whether the leaves stand at these places of the log.
    function verifyInclusion(
        bytes32 logHead,
        uint64 size,
        uint64[] calldata indices,
        bytes32[] calldata leafHashes,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice Whether the newer log begins with all of the older one.
    function verifyConsistency(
        bytes32 oldHead,
        uint64 oldSize,
        bytes32 newHead,
        uint64 newSize,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice Output tokens covered by each chunk's spans.
    function spanWeights(bytes calldata output, bytes[] calldata chunks, Span[] calldata spans, uint32 minLength)
        external
        view
        returns (uint256[] memory weights, bytes32[] memory leafHashes);

    /// @notice Inner products of committed gradient sketches with the output's sketch.
    function influence(bytes calldata output, bytes calldata sketches, uint32 dimension)
        external
        view
        returns (int256[] memory values, bytes32[] memory leafHashes);

    /// @notice KNN-Shapley values, unit 1e18.
    function knnShapley(
        uint32 k,
        bytes calldata query,
        uint32 queryLabel,
        bytes calldata points,
        bytes calldata labels,
        uint32 dimension
    ) external view returns (int256[] memory values, bytes32[] memory leafHashes);

    /// @notice Splits pool by weights; the parts sum to it exactly.
    function apportion(uint256 pool, uint256[] calldata weights) external view returns (uint256[] memory parts);

    error Malformed(uint16 code);
    error TooLarge(uint256 size, uint256 limit);
}

/// @title The precompile at 0xA55a…0003: many signatures in one call.
interface ISignatures {
    /// @notice Bit i (byte i/8, least significant first) is 1 where signature i holds.
    /// @param scheme 32 secp256k1, 33 P-256, 34 Ed25519, 35 BLS12-381.
    function verifyMany(
        uint8 scheme,
        bytes32[] calldata digests,
        bytes[] calldata keys,
        bytes[] calldata signatures
    ) external view returns (bytes memory bits);

    error UnknownScheme(uint8 scheme);
    error Malformed(uint16 code);
    error TooLarge(uint256 size, uint256 limit);
}

/// @title The predeploy at 0xA55a…1001: vendors' newest statements, verified once, for all contracts.
/// @notice Anyone may put a statement; what decides is its vendor's signature and which is newer.
interface ICollateral {
    /// @notice A statement that is held.
    struct Statement {
        /// keccak256(abi.encode(kind, anchor, compact)).
        bytes32 digest;
        uint64 version;
        uint64 notBefore;
        uint64 notAfter;
        /// The account whose code is a zero byte and the compact form.
        address pointer;
    }

    /// @notice A statement is held under `key` from now on, in place of an older one.
    event CollateralPut(
        uint8 indexed kind,
        bytes32 indexed key,
        bytes32 digest,
        uint64 version,
        uint64 notBefore,
        uint64 notAfter,
        address pointer
    );

    /// @notice What is held under the key is not older.
    error NotNewer(bytes32 key, uint64 version, uint64 held);
    /// @notice Nothing is held under the key.
    error Missing(bytes32 key);
    /// @notice The compact form is longer than an account's code may be.
    error TooLong(uint256 size);

    /// @notice Verifies one statement and holds it if it is newer than what is held under its key.
    /// @return key Names what is stated; docs/attestation.md says how to compute it.
    function put(uint8 kind, bytes calldata collateral) external returns (bytes32 key);

    /// @notice Puts several; statements that are held already are passed over without an error.
    /// @return changed How many were newer.
    function putMany(uint8 kind, bytes[] calldata collateral) external returns (uint256 changed);

    /// @notice What is held under a key; all zero where nothing is.
    function statement(bytes32 key) external view returns (Statement memory);

    /// @notice One hash over the digests held under these keys: equal as long as nothing newer was put.
    function digestOf(bytes32[] calldata keys) external view returns (bytes32);

    /// @notice Verifies evidence by the statements held under `keys`, in the kind's order.
    /// @dev `keys` are those of kind 1's four statements, or of kind 3's one; of kind 5 its CPU's.
    /// A wrong key is refused by the verifier: what a statement is about is checked, not how it was found.
    /// Gives what `IAttestation.verify` gives with the same statements; status bit 31 is clear.
    function verify(uint8 kind, bytes calldata evidence, bytes32[] calldata keys)
        external
        view
        returns (IAttestation.Claims memory);

    /// @notice Judges an earlier Claims.tcb by what is held now; status bit 31 is clear.
    /// @dev `keys` are those by which the evidence was verified, kept by the caller: a `tcb` of kind 1 names no root, and
    /// statements about such a platform under another root that the chain trusts would judge it as well.
    function assess(uint8 kind, bytes calldata tcb, bytes32[] calldata keys)
        external
        view
        returns (uint32 status, uint64 notAfter);
}

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

/// @title The predeploy at 0xA55a…1003: requests with escrow, and receipts that settle them.
interface IInference {
    /// @notice What a provider signs with its session's key: EIP-712, domain ("Assay Inference", "1", chain id, this).
    struct InferenceReceipt {
        bytes32 modelId;
        bytes32 inputHash;
        /// keccak256 of the output's tokens (uint32 big-endian, packed).
        bytes32 outputHash;
        /// keccak256(abi.encode(IDatanets.Attribution)). 0 where nothing is cited, always so where the model has no
        /// datanet: the datanet's share goes back to the requester.
        bytes32 attributionRoot;
        bytes32 requestId;
        address requester;
        address provider;
        /// In the request's token; at most the escrow.
        uint256 price;
        /// Of the session's own choice, each once.
        uint64 nonce;
        /// Unix seconds, from the request's time to its deadline.
        uint64 time;
    }

    /// @notice A model on offer.
    struct Model {
        address owner;
        /// Parts of 10,000 of each price; the provider gets the rest.
        uint16 ownerShare;
        uint16 dataShare;
        /// Whom sessions must satisfy, whatever the requester demands.
        bytes32 policyId;
        /// The datanet whose contributors share, 0: none.
        bytes32 datanetId;
    }

    /// @notice 0 none, 1 open, 2 settled, 3 refunded.
    enum State {
        None,
        Open,
        Settled,
        Refunded
    }

    struct Request {
        bytes32 modelId;
        address requester;
        /// 0: the native token.
        address token;
        uint256 escrow;
        bytes32 inputHash;
        /// 0: the model's policy alone, which its owner may replace until the receipt settles.
        bytes32 policyId;
        uint64 time;
        uint64 deadline;
        State state;
    }

    /// @notice One receipt to settle.
    struct Settlement {
        InferenceReceipt receipt;
        /// A live session in ISessions whose controller is the receipt's provider.
        bytes32 sessionId;
        /// Over `receiptHash` by the session's key, at most 1,024 bytes.
        bytes signature;
    }

    event ModelRegistered(
        bytes32 indexed modelId,
        address indexed owner,
        bytes32 weights,
        bytes32 tokenizer,
        bytes32 parameters,
        bytes32 policyId,
        bytes32 datanetId,
        uint16 ownerShare,
        uint16 dataShare,
        string uri
    );
    event ModelPolicyChanged(bytes32 indexed modelId, bytes32 policyId);
    event ModelOwnerChanged(bytes32 indexed modelId, address owner);
    event Requested(
        bytes32 indexed requestId,
        bytes32 indexed modelId,
        address indexed requester,
        address token,
        uint256 escrow,
        bytes32 inputHash,
        bytes32 policyId,
        uint64 deadline
    );
    event Settled(
        bytes32 indexed requestId,
        bytes32 indexed modelId,
        address indexed provider,
        bytes32 receiptHash,
        bytes32 sessionId,
        InferenceReceipt receipt
    );
    /// @notice An item of a batch did not settle; nothing changed for it. `reason` is its revert data, cut at 256 bytes.
    event SettlementFailed(bytes32 indexed requestId, uint256 index, bytes reason);
    event Refunded(bytes32 indexed requestId, address indexed requester, address token, uint256 amount);
    /// @notice The account may withdraw this much more.
    event Paid(address indexed account, address indexed token, uint256 amount, bytes32 indexed requestId);
    event Withdrawn(address indexed account, address indexed token, address to, uint256 amount);

    error UnknownModel(bytes32 modelId);
    error ModelExists(bytes32 modelId);
    error NotModelOwner(address caller);
    error WrongShares(uint256 sum);
    /// @notice The deadline is not in the future, or more than MAX_TIME away.
    error WrongDeadline(uint64 deadline);
    /// @notice The call's value is not `amount`, is not 0 beside a token, or nothing of the token arrived.
    error WrongEscrow();
    error TransferFailed(address token);
    error NotOpen(bytes32 requestId, State state);
    error NotExpired(uint64 deadline);
    /// @notice A field of the receipt is not the request's.
    error WrongReceipt(bytes32 field);
    /// @notice The receipt's time is before the request, after the deadline or in the future.
    error WrongTime(uint64 time);
    error WrongProvider(address provider, address controller);
    error PriceAboveEscrow(uint256 price, uint256 escrow);
    error NonceUsed(bytes32 sessionId, uint64 nonce);
    error NotLive(bytes32 sessionId, bytes32 policyId);
    error WrongSignature();
    error GasPerItem(uint256 given, uint256 needed);
    error NothingToWithdraw();
    /// @notice Money cannot be sent to this account.
    error WrongReceiver(address to);
    /// @notice Only settleMany calls this.
    error NotSelf(address caller);
    error Reentered();

    /// @notice Seconds from a request to its deadline at most.
    function MAX_TIME() external view returns (uint64);
    /// @notice What settleMany needs for each item besides the item's own gas.
    function ITEM_OVERHEAD() external view returns (uint256);

    /// @notice keccak256(abi.encode(keccak256("assay.model.v1"), owner, weights, tokenizer, parameters)).
    function modelIdOf(address owner, bytes32 weights, bytes32 tokenizer, bytes32 parameters)
        external
        pure
        returns (bytes32);

    /// @notice Registers the caller's model; the id commits to weights, tokenizer and decoding parameters.
    /// @dev The policy is known to ISessions, the datanet (if not 0) to IDatanets. The shares never change. Without a
    /// datanet `dataShare` is 0.
    function registerModel(
        bytes32 weights,
        bytes32 tokenizer,
        bytes32 parameters,
        bytes32 policyId,
        bytes32 datanetId,
        uint16 ownerShare,
        uint16 dataShare,
        string calldata uri
    ) external returns (bytes32 modelId);

    /// @notice Replaces the policy, for a new build of the serving code; it holds for open requests as well.
    function setModelPolicy(bytes32 modelId, bytes32 policyId) external;
    function setModelOwner(bytes32 modelId, address owner) external;
    function model(bytes32 modelId) external view returns (Model memory);

    /// @notice Asks for an inference and puts its escrow: `amount` of the native token, which is the call's value, or
    /// of `token`, by transferFrom. Of a token that takes a fee of transfers, what arrives is the escrow.
    /// @dev Tokens whose balances change by themselves are not supported. Without a policy of its own a request trusts the
    /// model's owner with its escrow: he can replace the model's policy by one that a session of his meets. With one, the
    /// model's own for instance, both must hold.
    /// @return requestId keccak256(abi.encode(keccak256("assay.request.v1"), chainid, this, requester, the requester's
    /// count of requests before, modelId, inputHash, policyId, deadline, token, escrow)).
    function request(
        bytes32 modelId,
        bytes32 inputHash,
        bytes32 policyId,
        uint64 deadline,
        address token,
        uint256 amount
    ) external payable returns (bytes32 requestId);
    function requestOf(bytes32 requestId) external view returns (Request memory);
    /// @notice How many requests an account has made.
    function requestCount(address requester) external view returns (uint256);

    /// @notice Verifies the receipt and pays model owner, provider and datanet; what is left of the escrow goes back
    /// to the requester. All or nothing; anyone may call.
    /// @dev Checked in this order: the request is open; modelId, inputHash, requester and attributionRoot; time; price;
    /// nonce; the signature's length; that the session is known; provider; the model's policy; the requester's policy; the
    /// signature.
    /// The price is split by IAttribution.apportion over [owner's, provider's, datanet's] share.
    function settle(Settlement calldata settlement) external;

    /// @notice Settles each item with `gasPerItem` gas of its own; one that fails changes nothing and is reported.
    /// @dev Needs `gasPerItem` + ITEM_OVERHEAD for each item and a 63rd of `gasPerItem` at the start, or all of it
    /// reverts with GasPerItem: no item can take another's gas.
    /// @return settled Bit i as in ISignatures.verifyMany.
    function settleMany(Settlement[] calldata settlements, uint256 gasPerItem) external returns (bytes memory settled);

    /// @notice `settle` for settleMany, which alone may call.
    function settleItem(Settlement calldata settlement) external;

    /// @notice Gives the escrow back after the deadline; anyone may call. Until then, and until someone calls, a
    /// receipt whose time is within the deadline settles.
    function refund(bytes32 requestId) external;

    /// @notice What an account may withdraw.
    function balanceOf(address token, address account) external view returns (uint256);
    function withdraw(address token, address to) external returns (uint256 amount);

    /// @notice Digest that a session's key signs: keccak256(0x1901 ‖ domain separator ‖ struct hash) of EIP-712.
    function receiptHash(InferenceReceipt calldata receipt) external view returns (bytes32);
    /// @notice `receiptHash` of the settled receipt of a request, 0 before.
    /// @dev Storage slot 0 is this mapping: the value is in slot keccak256(abi.encode(requestId, 0)). That is what
    /// `assay_getReceiptProof` proves and AssayReceiptProof checks on other chains.
    function receiptOf(bytes32 requestId) external view returns (bytes32);
    /// @notice Whether a receipt of this session with this nonce was settled.
    /// @dev By session and not by provider: anyone can make an enclave of his own name another as its controller, and
    /// could otherwise use up the other's nonces.
    function nonceUsed(bytes32 sessionId, uint64 nonce) external view returns (bool);
}

/// @title The predeploy at 0xA55a…1004: contribution logs, and what contributors are paid for each receipt.
/// @notice A receipt's share waits in a pool until its attribution is settled: at once by a proof, or, unless it is
/// challenged, after the challenge window by opening it.
interface IDatanets {
    /// @notice What `InferenceReceipt.attributionRoot` is the hash of.
    struct Attribution {
        bytes32 datanetId;
        /// A size that the log had, for `logHead`.
        uint64 logSize;
        /// Strictly ascending places in the log.
        uint64[] indices;
        /// Leaf hashes at these places.
        bytes32[] leafHashes;
        /// What each weighs; their sum is not 0.
        uint256[] weights;
        /// keccak256(abi.encode(IAttribution.Span[], uint32 minLength)).
        bytes32 spansHash;
    }

    /// @notice 0 none, 1 waiting for the window's end, 2 challenged, 3 distributed, 4 void.
    enum State {
        None,
        Waiting,
        Challenged,
        Distributed,
        Void
    }

    struct Datanet {
        address creator;
        /// Who may contribute for others and let others in; 0: anyone contributes, for himself.
        address curator;
        uint64 size;
        bytes32 head;
    }

    struct Credit {
        bytes32 datanetId;
        bytes32 attributionRoot;
        bytes32 outputHash;
        uint256 pool;
        address requester;
        /// End of the challenge window, or, once challenged, of the time to answer.
        uint64 until;
        State state;
        address token;
        address challenger;
    }

    event DatanetCreated(bytes32 indexed datanetId, address indexed creator, address curator, string uri);
    /// @notice The curator let an account in, or shut it out.
    event ContributorAllowed(bytes32 indexed datanetId, address indexed contributor, bool allowed);
    event Contributed(
        bytes32 indexed datanetId,
        address indexed contributor,
        uint64 firstIndex,
        uint64 newSize,
        bytes32 newHead,
        bytes32[] leafHashes
    );
    event Credited(
        bytes32 indexed requestId,
        bytes32 indexed datanetId,
        bytes32 attributionRoot,
        address token,
        uint256 pool,
        uint64 until
    );
    event Challenged(bytes32 indexed requestId, address indexed challenger, uint64 until);
    /// @notice The pool was split: `amounts[i]` to `contributors[i]`, who contributed the i-th place.
    event Distributed(
        bytes32 indexed requestId,
        bytes32 indexed datanetId,
        address token,
        uint64[] indices,
        address[] contributors,
        uint256[] amounts
    );
    /// @notice The attribution was not answered for, or nobody opened it; the pool went back to the requester.
    event Voided(bytes32 indexed requestId, address indexed requester, uint256 pool);
    /// @notice A challenge ended: the bond is the answerer's, or the challenger's again.
    event BondPaid(bytes32 indexed requestId, address indexed account, uint256 bond);
    event Claimed(address indexed contributor, address indexed token, address to, uint256 amount);

    error UnknownDatanet(bytes32 datanetId);
    error DatanetExists(bytes32 datanetId);
    error NotCurator(address caller);
    /// @notice The caller may not contribute in this name.
    error NotContributor(address caller, address contributor);
    error NoLeaves();
    error NotInference(address caller);
    error WrongState(bytes32 requestId, State state);
    /// @notice Not what the receipt's attributionRoot is the hash of, another datanet's, or its lists differ in length.
    error WrongAttribution();
    error WrongBond(uint256 bond);
    /// @notice The call's value is not 0 beside a token.
    error WrongValue(uint256 value);
    /// @notice No share of this token was awaited.
    error NotAwaited(address token);
    /// @notice The log never had this size, or the leaves do not stand at their places.
    error NotInLog();
    /// @notice Output, spans, weights or leaf hashes are not those of the attribution.
    error WrongSpans();
    /// @notice The index-th place is not in the contribution named for it.
    error WrongRange(uint256 index);
    error TooEarly(uint64 until);
    error TooLate(uint64 until);
    error NothingToClaim();
    error TransferFailed(address token);
    /// @notice Money cannot be sent to this account.
    error WrongReceiver(address to);
    error Reentered();

    /// @notice Seconds after settlement in which an attribution may be challenged.
    function CHALLENGE_WINDOW() external view returns (uint64);
    /// @notice Seconds after a challenge in which it may be answered.
    function ANSWER_WINDOW() external view returns (uint64);
    /// @notice What a challenger stakes, in wei: the answerer's if answered, the challenger's again if not.
    function CHALLENGE_BOND() external view returns (uint256);
    /// @notice Seconds after the challenge window in which the attribution must be opened; then the pool may go back.
    function OPENING_WINDOW() external view returns (uint64);

    /// @notice Makes an empty log.
    /// @return datanetId keccak256(abi.encode(keccak256("assay.datanet.v1"), creator, curator, salt)).
    function create(address curator, bytes32 salt, string calldata uri) external returns (bytes32 datanetId);

    /// @notice Lets an account contribute in its own name, or no longer; the curator alone may call.
    function allow(bytes32 datanetId, address contributor, bool allowed) external;
    /// @notice Whether the account may contribute in its own name.
    function isAllowed(bytes32 datanetId, address contributor) external view returns (bool);

    /// @notice Appends leaves to the log, in `contributor`'s name.
    /// @dev The caller is the contributor, if he is allowed, or the curator. One call is one contribution.
    function contribute(bytes32 datanetId, address contributor, bytes32[] calldata leafHashes)
        external
        returns (uint64 firstIndex);
    /// @notice A datanet; all zero where it is unknown.
    function datanet(bytes32 datanetId) external view returns (Datanet memory);
    /// @notice The head that the log had at this size, 0 where it had none.
    function headAt(bytes32 datanetId, uint64 size) external view returns (bytes32);
    /// @notice What IAttribution.append continues from.
    function frontier(bytes32 datanetId) external view returns (bytes32[] memory);
    /// @notice Contributions of the datanet: each is a range of places with one contributor.
    function rangeCount(bytes32 datanetId) external view returns (uint256);
    function range(bytes32 datanetId, uint256 index) external view returns (uint64 firstIndex, address contributor);

    /// @notice Before a share of a token is sent; Inference alone may call. Until `credit` nothing else can be called that
    /// changes anything, so that what arrives in between is the share, whatever the token calls while it moves.
    function awaitShare(address token) external;
    /// @notice Takes a receipt's share; Inference alone may call, once for each request. The pool is the call's value, or
    /// what arrived of the token since `awaitShare`.
    function credit(
        bytes32 requestId,
        bytes32 datanetId,
        bytes32 attributionRoot,
        bytes32 outputHash,
        address requester,
        address token
    ) external payable;
    function creditOf(bytes32 requestId) external view returns (Credit memory);

    /// @notice Splits the pool after the challenge window. `ranges[i]` is the contribution that holds `indices[i]`.
    /// @dev By IAttribution.apportion, to the last unit. Anyone may call. It is one transaction, so an attribution to
    /// some hundreds of places is the most that can be paid.
    function distribute(
        bytes32 requestId,
        Attribution calldata attribution,
        uint256[] calldata ranges,
        bytes32[] calldata inclusionProof
    ) external;

    /// @notice Stakes the bond, which is the call's value, on nobody proving the attribution in time.
    function challenge(bytes32 requestId) external payable;

    /// @notice Proves the attribution by its spans and splits the pool at once, challenged or not. A challenger's bond
    /// is the caller's.
    /// @dev What is proven: the output has the cited spans, the cited places of the log hold their chunks, and the
    /// weights follow. Output and chunks become public.
    function prove(
        bytes32 requestId,
        Attribution calldata attribution,
        uint256[] calldata ranges,
        bytes32[] calldata inclusionProof,
        bytes calldata output,
        bytes[] calldata chunks,
        IAttribution.Span[] calldata spans,
        uint32 minLength
    ) external;

    /// @notice After a challenge that nobody answered: the pool to the requester, the bond to the challenger. Also where
    /// nobody opened the attribution until OPENING_WINDOW after the challenge window: the pool to the requester.
    function voidCredit(bytes32 requestId) external;

    /// @notice What an account may claim.
    function balanceOf(address token, address account) external view returns (uint256);
    function claim(address token, address to) external returns (uint256 amount);
}

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
