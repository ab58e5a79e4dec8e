// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

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
