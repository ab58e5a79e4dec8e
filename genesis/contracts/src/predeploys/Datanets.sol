// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Locked, Money} from "./Money.sol";
import {IAttribution} from "../interfaces/IAttribution.sol";
import {IDatanets} from "../interfaces/IDatanets.sol";

/// @title The predeploy at 0xA55a…1004: contribution logs, and what contributors are paid for each receipt.
/// @notice A credit's pool leaves by one of two ways, once: split among contributors, or back to the requester. For
/// each token, what came in is what went out, waiting pools, staked bonds and balances, to the last unit.
contract Datanets is IDatanets, Locked {
    IAttribution private constant ATTRIBUTION = IAttribution(0xa55a000000000000000000000000000000000002);
    address private constant INFERENCE = 0xA55a000000000000000000000000000000001003;

    bytes32 private constant DATANET_TAG = keccak256("assay.datanet.v1");
    /// Head of a log of nothing: keccak256(0x02 ‖ uint64 0 ‖ keccak256("")).
    bytes32 private constant EMPTY_HEAD = keccak256(abi.encodePacked(hex"02", uint64(0), keccak256("")));

    /// @inheritdoc IDatanets
    uint64 public constant CHALLENGE_WINDOW = 1 days;
    /// @inheritdoc IDatanets
    uint64 public constant ANSWER_WINDOW = 1 days;
    /// @inheritdoc IDatanets
    uint64 public constant OPENING_WINDOW = 30 days;
    /// @inheritdoc IDatanets
    uint256 public constant CHALLENGE_BOND = 0.01 ether;

    /// A contribution: places from `first`, `count` of them.
    struct Range {
        uint64 first;
        uint32 count;
        address contributor;
    }

    struct Log {
        address creator;
        uint64 size;
        address curator;
        /// Roots of the perfect subtrees, the largest first: as many as `size` has set bits, then leftovers.
        bytes32[64] frontier;
        Range[] ranges;
        mapping(uint64 size => bytes32) heads;
        mapping(address contributor => bool) allowed;
    }

    mapping(bytes32 datanetId => Log) private logs;
    mapping(bytes32 requestId => Credit) private credits;
    /// @inheritdoc IDatanets
    mapping(address token => mapping(address account => uint256)) public balanceOf;

    /// The token of which a share is on its way, and what there was of it before.
    address private transient awaited;
    uint256 private transient before;

    /// @inheritdoc IDatanets
    function create(address curator, bytes32 salt, string calldata uri) external lock returns (bytes32 datanetId) {
        datanetId = keccak256(abi.encode(DATANET_TAG, msg.sender, curator, salt));
        Log storage log = logs[datanetId];
        if (log.creator != address(0)) revert DatanetExists(datanetId);
        log.creator = msg.sender;
        log.curator = curator;
        emit DatanetCreated(datanetId, msg.sender, curator, uri);
    }

    /// @inheritdoc IDatanets
    function allow(bytes32 datanetId, address contributor, bool allowed) external lock {
        Log storage log = known(datanetId);
        if (log.curator != msg.sender) revert NotCurator(msg.sender);
        log.allowed[contributor] = allowed;
        emit ContributorAllowed(datanetId, contributor, allowed);
    }

    /// @inheritdoc IDatanets
    function isAllowed(bytes32 datanetId, address contributor) public view returns (bool) {
        Log storage log = known(datanetId);
        return log.curator == address(0) || log.curator == contributor || log.allowed[contributor];
    }

    /// @inheritdoc IDatanets
    function contribute(bytes32 datanetId, address contributor, bytes32[] calldata leafHashes)
        external
        lock
        returns (uint64 firstIndex)
    {
        Log storage log = known(datanetId);
        if (contributor == address(0) || !mayContribute(datanetId, log, contributor)) {
            revert NotContributor(msg.sender, contributor);
        }
        if (leafHashes.length == 0) revert NoLeaves();
        firstIndex = log.size;
        bytes32[] memory nodes = frontierOf(log);
        (bytes32[] memory newNodes, uint64 newSize, bytes32 newHead) =
            ATTRIBUTION.append(nodes, firstIndex, leafHashes);
        for (uint256 i = 0; i < newNodes.length; i++) {
            if (i >= nodes.length || newNodes[i] != nodes[i]) log.frontier[i] = newNodes[i];
        }
        log.size = newSize;
        log.heads[newSize] = newHead;
        // The precompile takes at most 65,536 leaves.
        log.ranges.push(Range(firstIndex, uint32(leafHashes.length), contributor));
        emit Contributed(datanetId, contributor, firstIndex, newSize, newHead, leafHashes);
    }

    /// @inheritdoc IDatanets
    function datanet(bytes32 datanetId) external view returns (Datanet memory) {
        Log storage log = logs[datanetId];
        return Datanet(log.creator, log.curator, log.size, headAt(datanetId, log.size));
    }

    /// @inheritdoc IDatanets
    function headAt(bytes32 datanetId, uint64 size) public view returns (bytes32) {
        Log storage log = logs[datanetId];
        if (size == 0 && log.creator != address(0)) return EMPTY_HEAD;
        return log.heads[size];
    }

    /// @inheritdoc IDatanets
    function frontier(bytes32 datanetId) external view returns (bytes32[] memory) {
        return frontierOf(known(datanetId));
    }

    /// @inheritdoc IDatanets
    function rangeCount(bytes32 datanetId) external view returns (uint256) {
        return logs[datanetId].ranges.length;
    }

    /// @inheritdoc IDatanets
    function range(bytes32 datanetId, uint256 index) external view returns (uint64 firstIndex, address contributor) {
        Range[] storage ranges = logs[datanetId].ranges;
        if (index >= ranges.length) revert WrongRange(index);
        return (ranges[index].first, ranges[index].contributor);
    }

    /// @inheritdoc IDatanets
    function awaitShare(address token) external {
        if (msg.sender != INFERENCE) revert NotInference(msg.sender);
        takeLock();
        awaited = token;
        before = Money.held(token, address(this));
    }

    /// @inheritdoc IDatanets
    function credit(
        bytes32 requestId,
        bytes32 datanetId,
        bytes32 attributionRoot,
        bytes32 outputHash,
        address requester,
        address token
    ) external payable {
        if (msg.sender != INFERENCE) revert NotInference(msg.sender);
        uint256 pool = arrived(token);
        Credit storage due = credits[requestId];
        if (due.state != State.None) revert WrongState(requestId, due.state);
        uint64 until = uint64(block.timestamp) + CHALLENGE_WINDOW;
        due.datanetId = datanetId;
        due.attributionRoot = attributionRoot;
        due.outputHash = outputHash;
        due.pool = pool;
        (due.requester, due.until, due.state) = (requester, until, State.Waiting);
        if (token != Money.NATIVE) due.token = token;
        emit Credited(requestId, datanetId, attributionRoot, token, pool, until);
        releaseLock();
    }

    /// @inheritdoc IDatanets
    function creditOf(bytes32 requestId) external view returns (Credit memory) {
        return credits[requestId];
    }

    /// @inheritdoc IDatanets
    function distribute(
        bytes32 requestId,
        Attribution calldata attribution,
        uint256[] calldata ranges,
        bytes32[] calldata inclusionProof
    ) external lock {
        Credit storage due = credits[requestId];
        if (due.state != State.Waiting) revert WrongState(requestId, due.state);
        if (block.timestamp < due.until) revert TooEarly(due.until);
        split(requestId, due, attribution, ranges, inclusionProof);
    }

    /// @inheritdoc IDatanets
    function challenge(bytes32 requestId) external payable lock {
        Credit storage due = credits[requestId];
        if (due.state != State.Waiting) revert WrongState(requestId, due.state);
        if (block.timestamp >= due.until) revert TooLate(due.until);
        if (msg.value != CHALLENGE_BOND) revert WrongBond(msg.value);
        uint64 until = uint64(block.timestamp) + ANSWER_WINDOW;
        due.state = State.Challenged;
        due.until = until;
        due.challenger = msg.sender;
        emit Challenged(requestId, msg.sender, until);
    }

    /// @inheritdoc IDatanets
    function prove(
        bytes32 requestId,
        Attribution calldata attribution,
        uint256[] calldata ranges,
        bytes32[] calldata inclusionProof,
        bytes calldata output,
        bytes[] calldata chunks,
        IAttribution.Span[] calldata spans,
        uint32 minLength
    ) external lock {
        Credit storage due = credits[requestId];
        bool challenged = due.state == State.Challenged;
        if (!challenged && due.state != State.Waiting) revert WrongState(requestId, due.state);
        if (challenged && block.timestamp >= due.until) revert TooLate(due.until);
        if (keccak256(output) != due.outputHash) revert WrongSpans();
        if (keccak256(abi.encode(spans, minLength)) != attribution.spansHash) revert WrongSpans();
        (uint256[] memory weights, bytes32[] memory leafHashes) =
            ATTRIBUTION.spanWeights(output, chunks, spans, minLength);
        // Lists of words encode alike exactly if they are alike.
        if (keccak256(abi.encode(weights, leafHashes)) != keccak256(abi.encode(attribution.weights, attribution.leafHashes)))
        {
            revert WrongSpans();
        }
        split(requestId, due, attribution, ranges, inclusionProof);
        if (challenged) payBond(requestId, msg.sender);
    }

    /// @inheritdoc IDatanets
    function voidCredit(bytes32 requestId) external lock {
        Credit storage due = credits[requestId];
        bool challenged = due.state == State.Challenged;
        if (!challenged && due.state != State.Waiting) revert WrongState(requestId, due.state);
        uint64 until = challenged ? due.until : due.until + OPENING_WINDOW;
        if (block.timestamp < until) revert TooEarly(until);
        due.state = State.Void;
        (address requester, uint256 pool) = (due.requester, due.pool);
        balanceOf[due.token][requester] += pool;
        emit Voided(requestId, requester, pool);
        if (challenged) payBond(requestId, due.challenger);
    }

    /// @inheritdoc IDatanets
    function claim(address token, address to) external lock returns (uint256 amount) {
        // Nothing there would account for it.
        if (to == address(0) || to == address(this) || to == INFERENCE) revert WrongReceiver(to);
        amount = balanceOf[token][msg.sender];
        if (amount == 0) revert NothingToClaim();
        balanceOf[token][msg.sender] = 0;
        emit Claimed(msg.sender, token, to, amount);
        Money.send(token, to, amount);
    }

    /// A share that came with this call, or under the lock of `awaitShare`; takes that lock where it is not taken.
    function arrived(address token) private returns (uint256) {
        if (token == Money.NATIVE) {
            takeLock();
            return msg.value;
        }
        if (msg.value != 0) revert WrongValue(msg.value);
        if (awaited != token) revert NotAwaited(token);
        awaited = address(0);
        return Money.gained(token, before);
    }

    function known(bytes32 datanetId) private view returns (Log storage log) {
        log = logs[datanetId];
        if (log.creator == address(0)) revert UnknownDatanet(datanetId);
    }

    function mayContribute(bytes32 datanetId, Log storage log, address contributor) private view returns (bool) {
        if (msg.sender == log.curator) return true;
        return msg.sender == contributor && isAllowed(datanetId, contributor);
    }

    function frontierOf(Log storage log) private view returns (bytes32[] memory nodes) {
        uint256 count = 0;
        for (uint64 rest = log.size; rest != 0; rest &= rest - 1) {
            count++;
        }
        nodes = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            nodes[i] = log.frontier[i];
        }
    }

    /// Checks the attribution against credit and log, and puts the pool to the contributors' balances.
    function split(
        bytes32 requestId,
        Credit storage due,
        Attribution calldata attribution,
        uint256[] calldata ranges,
        bytes32[] calldata inclusionProof
    ) private {
        checkAttribution(due, attribution, ranges, inclusionProof);
        due.state = State.Distributed;
        uint256[] memory amounts = ATTRIBUTION.apportion(due.pool, attribution.weights);
        address[] memory contributors = new address[](amounts.length);
        address token = due.token;
        mapping(address account => uint256) storage balances = balanceOf[token];
        Range[] storage held = logs[attribution.datanetId].ranges;
        for (uint256 i = 0; i < amounts.length; i++) {
            address contributor = contributorOf(held, ranges[i], attribution.indices[i], i);
            contributors[i] = contributor;
            if (amounts[i] != 0) balances[contributor] += amounts[i];
        }
        emit Distributed(requestId, attribution.datanetId, token, attribution.indices, contributors, amounts);
    }

    function checkAttribution(
        Credit storage due,
        Attribution calldata attribution,
        uint256[] calldata ranges,
        bytes32[] calldata inclusionProof
    ) private view {
        if (keccak256(abi.encode(attribution)) != due.attributionRoot) revert WrongAttribution();
        uint256 count = attribution.indices.length;
        if (
            attribution.datanetId != due.datanetId || attribution.leafHashes.length != count
                || attribution.weights.length != count || ranges.length != count
        ) revert WrongAttribution();
        bytes32 head = headAt(attribution.datanetId, attribution.logSize);
        if (head == 0) revert NotInLog();
        bool included = ATTRIBUTION.verifyInclusion(
            head, attribution.logSize, attribution.indices, attribution.leafHashes, inclusionProof
        );
        if (!included) revert NotInLog();
    }

    function contributorOf(Range[] storage held, uint256 named, uint64 place, uint256 index)
        private
        view
        returns (address)
    {
        if (named >= held.length) revert WrongRange(index);
        Range memory contribution = held[named];
        if (place < contribution.first || place - contribution.first >= contribution.count) revert WrongRange(index);
        return contribution.contributor;
    }

    function payBond(bytes32 requestId, address account) private {
        balanceOf[Money.NATIVE][account] += CHALLENGE_BOND;
        emit BondPaid(requestId, account, CHALLENGE_BOND);
    }
}
