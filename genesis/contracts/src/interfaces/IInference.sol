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
        /// keccak256(abi.encode(IDatanets.Attribution)), 0 where the model has no datanet.
        bytes32 attributionRoot;
        bytes32 requestId;
        address requester;
        address provider;
        uint256 price;
        uint64 nonce;
        uint64 time;
    }

    /// @notice A model on offer.
    struct Model {
        address owner;
        /// Whom sessions must satisfy, whatever the requester demands.
        bytes32 policyId;
        /// The datanet whose contributors share, 0: none.
        bytes32 datanetId;
        /// Parts of 10,000 of each price; the provider gets the rest.
        uint16 ownerShare;
        uint16 dataShare;
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
        /// 0: the model's policy alone.
        bytes32 policyId;
        uint64 time;
        uint64 deadline;
        State state;
    }

    /// @notice One receipt to settle.
    struct Settlement {
        InferenceReceipt receipt;
        bytes32 sessionId;
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
    error WrongDeadline(uint64 deadline);
    error WrongEscrow();
    error TransferFailed(address token);
    error NotOpen(bytes32 requestId, State state);
    error NotExpired(uint64 deadline);
    /// @notice A field of the receipt is not the request's.
    error WrongReceipt(bytes32 field);
    error WrongTime(uint64 time);
    error WrongProvider(address provider, address controller);
    error PriceAboveEscrow(uint256 price, uint256 escrow);
    error NonceUsed(address provider, uint64 nonce);
    error NotLive(bytes32 sessionId, bytes32 policyId);
    error WrongSignature();
    error GasPerItem(uint256 given, uint256 needed);
    error NothingToWithdraw();
    error Reentered();

    /// @notice keccak256(abi.encode(keccak256("assay.model.v1"), owner, weights, tokenizer, parameters)).
    function modelIdOf(address owner, bytes32 weights, bytes32 tokenizer, bytes32 parameters)
        external
        pure
        returns (bytes32);

    /// @notice Registers the caller's model; the id commits to weights, tokenizer and decoding parameters.
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

    /// @notice Replaces the policy, for a new build of the serving code.
    function setModelPolicy(bytes32 modelId, bytes32 policyId) external;
    function setModelOwner(bytes32 modelId, address owner) external;
    function model(bytes32 modelId) external view returns (Model memory);

    /// @notice Asks for an inference and puts its escrow: the call's value, or `amount` of `token` by transferFrom.
    function request(
        bytes32 modelId,
        bytes32 inputHash,
        bytes32 policyId,
        uint64 deadline,
        address token,
        uint256 amount
    ) external payable returns (bytes32 requestId);
    function requestOf(bytes32 requestId) external view returns (Request memory);

    /// @notice Verifies the receipt and pays model owner, provider and datanet; what is left of the escrow goes back
    /// to the requester. All or nothing.
    function settle(Settlement calldata settlement) external;

    /// @notice Settles each item with `gasPerItem` gas of its own; one that fails changes nothing and is reported.
    /// @return settled Bit i as in ISignatures.verifyMany.
    function settleMany(Settlement[] calldata settlements, uint256 gasPerItem) external returns (bytes memory settled);

    /// @notice Gives the escrow back after the deadline; anyone may call.
    function refund(bytes32 requestId) external;

    /// @notice What an account may withdraw.
    function balanceOf(address token, address account) external view returns (uint256);
    function withdraw(address token, address to) external returns (uint256 amount);

    /// @notice Digest that a session's key signs.
    function receiptHash(InferenceReceipt calldata receipt) external view returns (bytes32);
    /// @notice EIP-712 hash of the settled receipt of a request, 0 before. Storage slot 0 (a mapping by requestId): what
    /// `assay_getReceiptProof` proves to other chains.
    function receiptOf(bytes32 requestId) external view returns (bytes32);
    function nonceUsed(address provider, uint64 nonce) external view returns (bool);
}
