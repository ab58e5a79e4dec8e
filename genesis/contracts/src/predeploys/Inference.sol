// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {AssayReceipt} from "../lib/AssayReceipt.sol";
import {Locked, Money} from "./Money.sol";
import {IAttribution} from "../interfaces/IAttribution.sol";
import {IDatanets} from "../interfaces/IDatanets.sol";
import {IInference} from "../interfaces/IInference.sol";
import {ISessions} from "../interfaces/ISessions.sol";

/// @title The predeploy at 0xA55a…1003: requests with escrow, and receipts that settle them.
/// @notice Every payment is put to the payee's balance here, to be withdrawn; the datanet's share goes to Datanets.
/// For each token, what came in is what went out, open escrows and balances, to the last unit.
contract Inference is IInference, Locked {
    IAttribution private constant ATTRIBUTION = IAttribution(0xa55a000000000000000000000000000000000002);
    ISessions private constant SESSIONS = ISessions(0xa55a000000000000000000000000000000001002);
    IDatanets private constant DATANETS = IDatanets(0xA55a000000000000000000000000000000001004);

    /// A request as it is kept: what never is 0 in as few slots as there can be.
    struct Asked {
        bytes32 modelId;
        bytes32 inputHash;
        uint256 escrow;
        address requester;
        /// Seconds; until the year 36,812.
        uint40 time;
        uint40 deadline;
        State state;
        bytes32 policyId;
        address token;
    }

    bytes32 private constant MODEL_TAG = keccak256("assay.model.v1");
    bytes32 private constant REQUEST_TAG = keccak256("assay.request.v1");
    /// Shares are parts of this.
    uint256 private constant WHOLE = 10_000;
    /// No scheme's signature is longer: what an item of a batch costs beyond its own gas is bounded by it.
    uint256 private constant MAX_SIGNATURE = 1_024;
    /// What is kept of an item's revert data.
    uint256 private constant MAX_REASON = 256;

    /// @inheritdoc IInference
    uint64 public constant MAX_TIME = 366 days;
    /// @inheritdoc IInference
    uint256 public constant ITEM_OVERHEAD = 15_000;

    /// @inheritdoc IInference
    mapping(bytes32 requestId => bytes32) public receiptOf;
    mapping(bytes32 modelId => Model) private models;
    mapping(bytes32 requestId => Asked) private requests;
    /// @inheritdoc IInference
    mapping(address requester => uint256) public requestCount;
    /// @inheritdoc IInference
    mapping(address token => mapping(address account => uint256)) public balanceOf;
    /// Bit (nonce mod 256) of word (nonce / 256).
    mapping(bytes32 sessionId => mapping(uint64 word => uint256)) private nonces;

    /// @inheritdoc IInference
    function modelIdOf(address owner, bytes32 weights, bytes32 tokenizer, bytes32 parameters)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(MODEL_TAG, owner, weights, tokenizer, parameters));
    }

    /// @inheritdoc IInference
    function registerModel(
        bytes32 weights,
        bytes32 tokenizer,
        bytes32 parameters,
        bytes32 policyId,
        bytes32 datanetId,
        uint16 ownerShare,
        uint16 dataShare,
        string calldata uri
    ) external lock returns (bytes32 modelId) {
        modelId = modelIdOf(msg.sender, weights, tokenizer, parameters);
        if (models[modelId].owner != address(0)) revert ModelExists(modelId);
        uint256 sum = uint256(ownerShare) + dataShare;
        if (sum > WHOLE || (datanetId == 0 && dataShare != 0)) revert WrongShares(sum);
        requirePolicy(policyId);
        if (datanetId != 0 && DATANETS.datanet(datanetId).creator == address(0)) {
            revert IDatanets.UnknownDatanet(datanetId);
        }
        models[modelId] = Model(msg.sender, ownerShare, dataShare, policyId, datanetId);
        emit ModelRegistered(
            modelId, msg.sender, weights, tokenizer, parameters, policyId, datanetId, ownerShare, dataShare, uri
        );
    }

    /// @inheritdoc IInference
    function setModelPolicy(bytes32 modelId, bytes32 policyId) external lock {
        Model storage offered = ownModel(modelId);
        requirePolicy(policyId);
        offered.policyId = policyId;
        emit ModelPolicyChanged(modelId, policyId);
    }

    /// @inheritdoc IInference
    function setModelOwner(bytes32 modelId, address owner) external lock {
        Model storage offered = ownModel(modelId);
        if (owner == address(0)) revert WrongReceiver(owner);
        offered.owner = owner;
        emit ModelOwnerChanged(modelId, owner);
    }

    /// @inheritdoc IInference
    function model(bytes32 modelId) external view returns (Model memory) {
        return models[modelId];
    }

    /// @inheritdoc IInference
    function request(
        bytes32 modelId,
        bytes32 inputHash,
        bytes32 policyId,
        uint64 deadline,
        address token,
        uint256 amount
    ) external payable lock returns (bytes32 requestId) {
        if (models[modelId].owner == address(0)) revert UnknownModel(modelId);
        if (deadline <= block.timestamp || deadline - block.timestamp > MAX_TIME) revert WrongDeadline(deadline);
        if (policyId != 0) requirePolicy(policyId);
        uint256 escrow = takeEscrow(token, amount);
        requestId = keccak256(
            abi.encode(
                REQUEST_TAG,
                block.chainid,
                address(this),
                msg.sender,
                requestCount[msg.sender]++,
                modelId,
                inputHash,
                policyId,
                deadline,
                token,
                escrow
            )
        );
        Asked storage asked = requests[requestId];
        (asked.modelId, asked.inputHash, asked.escrow) = (modelId, inputHash, escrow);
        // Below 2^40, as MAX_TIME bounds what is added to now.
        (asked.requester, asked.time, asked.deadline, asked.state) =
            (msg.sender, uint40(block.timestamp), uint40(deadline), State.Open);
        if (policyId != 0) asked.policyId = policyId;
        if (token != Money.NATIVE) asked.token = token;
        emit Requested(requestId, modelId, msg.sender, token, escrow, inputHash, policyId, deadline);
    }

    /// @inheritdoc IInference
    function requestOf(bytes32 requestId) public view returns (Request memory) {
        Asked memory asked = requests[requestId];
        return Request({
            modelId: asked.modelId,
            requester: asked.requester,
            token: asked.token,
            escrow: asked.escrow,
            inputHash: asked.inputHash,
            policyId: asked.policyId,
            time: asked.time,
            deadline: asked.deadline,
            state: asked.state
        });
    }

    /// @inheritdoc IInference
    function settle(Settlement calldata settlement) external lock {
        settleOne(settlement);
    }

    /// @inheritdoc IInference
    function settleMany(Settlement[] calldata settlements, uint256 gasPerItem)
        external
        lock
        returns (bytes memory settled)
    {
        uint256 count = settlements.length;
        uint256 given = gasleft();
        // The first comparison keeps the second's numbers small.
        if (gasPerItem > given) revert GasPerItem(given, gasPerItem);
        uint256 needed = count * (gasPerItem + ITEM_OVERHEAD) + gasPerItem / 63;
        if (count != 0 && given < needed) revert GasPerItem(given, needed);
        settled = new bytes((count + 7) / 8);
        for (uint256 i = 0; i < count; i++) {
            if (trySettle(settlements[i], i, gasPerItem)) settled[i / 8] |= bytes1(uint8(1 << (i % 8)));
        }
    }

    /// @inheritdoc IInference
    function settleItem(Settlement calldata settlement) external {
        if (msg.sender != address(this)) revert NotSelf(msg.sender);
        settleOne(settlement);
    }

    /// @inheritdoc IInference
    function refund(bytes32 requestId) external lock {
        Asked storage asked = requests[requestId];
        if (asked.state != State.Open) revert NotOpen(requestId, asked.state);
        if (block.timestamp <= asked.deadline) revert NotExpired(asked.deadline);
        asked.state = State.Refunded;
        (address requester, address token, uint256 escrow) = (asked.requester, asked.token, asked.escrow);
        emit Refunded(requestId, requester, token, escrow);
        pay(requestId, token, requester, escrow);
    }

    /// @inheritdoc IInference
    function withdraw(address token, address to) external lock returns (uint256 amount) {
        // Nothing there would account for it.
        if (to == address(0) || to == address(this) || to == address(DATANETS)) revert WrongReceiver(to);
        amount = balanceOf[token][msg.sender];
        if (amount == 0) revert NothingToWithdraw();
        balanceOf[token][msg.sender] = 0;
        emit Withdrawn(msg.sender, token, to, amount);
        Money.send(token, to, amount);
    }

    /// @inheritdoc IInference
    function receiptHash(InferenceReceipt calldata receipt) public view returns (bytes32) {
        return AssayReceipt.digest(receipt, block.chainid, address(this));
    }

    /// @inheritdoc IInference
    function nonceUsed(bytes32 sessionId, uint64 nonce) public view returns (bool) {
        return nonces[sessionId][nonce / 256] & (1 << (nonce % 256)) != 0;
    }

    function requirePolicy(bytes32 policyId) private view {
        if (!SESSIONS.isPolicy(policyId)) revert ISessions.UnknownPolicy(policyId);
    }

    function ownModel(bytes32 modelId) private view returns (Model storage offered) {
        offered = models[modelId];
        if (offered.owner == address(0)) revert UnknownModel(modelId);
        if (offered.owner != msg.sender) revert NotModelOwner(msg.sender);
    }

    function takeEscrow(address token, uint256 amount) private returns (uint256 escrow) {
        if (msg.value != (token == Money.NATIVE ? amount : 0)) revert WrongEscrow();
        escrow = amount;
        if (token != Money.NATIVE && amount != 0) {
            escrow = Money.pull(token, msg.sender, amount);
            if (escrow == 0) revert WrongEscrow();
        }
    }

    /// Settles an item in a call of its own, and reports it if that fails. Takes no more of this call's gas than
    /// `gasPerItem` and ITEM_OVERHEAD, and no memory.
    function trySettle(Settlement calldata settlement, uint256 index, uint256 gasPerItem)
        private
        returns (bool done)
    {
        uint256 free;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        bytes memory reason;
        if (settlement.signature.length > MAX_SIGNATURE) {
            reason = abi.encodePacked(WrongSignature.selector);
        } else {
            bytes memory data = abi.encodeCall(IInference.settleItem, (settlement));
            // A call gets at most 63 of 64 parts of what is left: less than `gasPerItem` would fail an item for
            // want of gas that its sender has promised.
            uint256 needed = gasPerItem + gasPerItem / 63 + 1_000;
            if (gasleft() < needed) revert GasPerItem(gasleft(), needed);
            assembly ("memory-safe") {
                done := call(gasPerItem, address(), 0, add(data, 0x20), mload(data), 0, 0)
            }
            if (!done) reason = returnedData();
        }
        if (!done) emit SettlementFailed(settlement.receipt.requestId, index, reason);
        assembly ("memory-safe") {
            mstore(0x40, free)
        }
    }

    /// The first MAX_REASON bytes of what the last call returned.
    function returnedData() private pure returns (bytes memory reason) {
        assembly ("memory-safe") {
            let size := returndatasize()
            if gt(size, MAX_REASON) { size := MAX_REASON }
            reason := mload(0x40)
            mstore(reason, size)
            returndatacopy(add(reason, 0x20), 0, size)
            mstore(0x40, add(reason, add(0x20, and(add(size, 0x1f), not(0x1f)))))
        }
    }

    function settleOne(Settlement calldata settlement) private {
        InferenceReceipt calldata receipt = settlement.receipt;
        Request memory asked = requestOf(receipt.requestId);
        Model memory offered = models[asked.modelId];
        checkReceipt(receipt, asked, offered);
        bytes32 hash = checkSession(settlement, asked, offered);

        requests[receipt.requestId].state = State.Settled;
        nonces[settlement.sessionId][receipt.nonce / 256] |= 1 << (receipt.nonce % 256);
        receiptOf[receipt.requestId] = hash;
        emit Settled(
            receipt.requestId, receipt.modelId, receipt.provider, hash, settlement.sessionId, receipt
        );
        split(receipt, asked, offered);
    }

    /// What request and receipt say of each other.
    function checkReceipt(InferenceReceipt calldata receipt, Request memory asked, Model memory offered)
        private
        view
    {
        if (asked.state != State.Open) revert NotOpen(receipt.requestId, asked.state);
        if (receipt.modelId != asked.modelId) revert WrongReceipt("modelId");
        if (receipt.inputHash != asked.inputHash) revert WrongReceipt("inputHash");
        if (receipt.requester != asked.requester) revert WrongReceipt("requester");
        if (receipt.attributionRoot != 0 && offered.datanetId == 0) revert WrongReceipt("attributionRoot");
        uint64 time = receipt.time;
        if (time < asked.time || time > asked.deadline || time > block.timestamp) revert WrongTime(time);
        if (receipt.price > asked.escrow) revert PriceAboveEscrow(receipt.price, asked.escrow);
    }

    /// That the session may answer this request, and that its key signed the receipt.
    function checkSession(Settlement calldata settlement, Request memory asked, Model memory offered)
        private
        view
        returns (bytes32 hash)
    {
        InferenceReceipt calldata receipt = settlement.receipt;
        bytes32 sessionId = settlement.sessionId;
        if (nonceUsed(sessionId, receipt.nonce)) revert NonceUsed(sessionId, receipt.nonce);
        if (settlement.signature.length > MAX_SIGNATURE) revert WrongSignature();
        hash = receiptHash(receipt);
        bytes32[] memory policyIds = policiesOf(asked, offered);
        bytes32[] memory digests = new bytes32[](1);
        digests[0] = hash;
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = settlement.signature;
        (address controller, bool[] memory live, bytes memory bits) =
            SESSIONS.check(sessionId, policyIds, digests, signatures);
        if (receipt.provider != controller) revert WrongProvider(receipt.provider, controller);
        for (uint256 i = 0; i < policyIds.length; i++) {
            if (!live[i]) revert NotLive(sessionId, policyIds[i]);
        }
        if (bits.length != 1 || bits[0] != 0x01) revert WrongSignature();
    }

    /// The model's policy, and the requester's if he has another.
    function policiesOf(Request memory asked, Model memory offered) private pure returns (bytes32[] memory policyIds) {
        bool two = asked.policyId != 0 && asked.policyId != offered.policyId;
        policyIds = new bytes32[](two ? 2 : 1);
        policyIds[0] = offered.policyId;
        if (two) policyIds[1] = asked.policyId;
    }

    /// Pays owner, provider and datanet the price, and the requester what is left.
    function split(InferenceReceipt calldata receipt, Request memory asked, Model memory offered) private {
        uint256[] memory shares = new uint256[](3);
        shares[0] = offered.ownerShare;
        shares[1] = WHOLE - offered.ownerShare - offered.dataShare;
        shares[2] = offered.dataShare;
        uint256[] memory parts = ATTRIBUTION.apportion(receipt.price, shares);
        uint256 rest = asked.escrow - receipt.price;
        // Nothing is cited: nobody is there to get it.
        if (receipt.attributionRoot == 0) {
            rest += parts[2];
            parts[2] = 0;
        }
        pay(receipt.requestId, asked.token, offered.owner, parts[0]);
        pay(receipt.requestId, asked.token, receipt.provider, parts[1]);
        pay(receipt.requestId, asked.token, asked.requester, rest);
        if (parts[2] != 0) creditDatanet(receipt, asked, offered.datanetId, parts[2]);
    }

    function pay(bytes32 requestId, address token, address account, uint256 amount) private {
        if (amount == 0) return;
        balanceOf[token][account] += amount;
        emit Paid(account, token, amount, requestId);
    }

    /// Hands the datanet's share to Datanets.
    function creditDatanet(InferenceReceipt calldata receipt, Request memory asked, bytes32 datanetId, uint256 share)
        private
    {
        bool native = asked.token == Money.NATIVE;
        if (!native) {
            DATANETS.awaitShare(asked.token);
            Money.send(asked.token, address(DATANETS), share);
        }
        DATANETS.credit{value: native ? share : 0}(
            receipt.requestId,
            datanetId,
            receipt.attributionRoot,
            receipt.outputHash,
            asked.requester,
            asked.token
        );
    }
}
