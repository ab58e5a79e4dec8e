// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {IAttribution} from "./IAttribution.sol";

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
