// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {AssayReceipt} from "./AssayReceipt.sol";
import {AssayReceiptProofTrie as Trie} from "./AssayReceiptProofTrie.sol";
import {IInference} from "../interfaces/IInference.sol";

/// @title Checks on any other chain that an Assay chain settled a receipt.
/// @notice The caller brings an output root that it trusts: of a finalized game or oracle on L1, of a bridge, of a
/// light client. All else is `assay_getReceiptProof`'s answer, of which nothing is trusted.
library AssayReceiptProof {
    /// @notice The predeploy whose storage is proven.
    address internal constant INFERENCE = 0xA55a000000000000000000000000000000001003;
    /// @notice Storage slot of `Inference.receiptOf`, a mapping.
    uint256 internal constant RECEIPTS_SLOT = 0;

    /// @notice What an output root is the hash of: OP Stack specification, "L2 output root proposals".
    struct OutputRootProof {
        /// 0.
        bytes32 version;
        bytes32 stateRoot;
        /// Storage root of L2ToL1MessagePasser.
        bytes32 messagePasserStorageRoot;
        bytes32 latestBlockhash;
    }

    /// @notice Where a receipt stands in the state that an output root commits to.
    struct Proof {
        OutputRootProof output;
        /// Nodes of the state trie from the root to Inference's account.
        bytes[] account;
        /// Nodes of Inference's storage trie from its root to the receipt's slot.
        bytes[] storage_;
    }

    /// @notice The parts do not hash to the output root.
    error WrongOutputRoot(bytes32 computed);
    /// @notice The state holds another value for the request.
    error WrongReceiptHash(bytes32 held);
    /// @notice The proven account or slot is not of the form that Ethereum's state has.
    error WrongProof();

    /// @notice Reverts unless the chain behind the output root settled exactly this receipt.
    /// @param outputRoot Trusted by the caller.
    /// @param chainId Of the Assay chain.
    function requireSettled(
        bytes32 outputRoot,
        uint256 chainId,
        IInference.InferenceReceipt memory receipt,
        Proof memory proof
    ) internal pure {
        bytes32 expected = AssayReceipt.digest(receipt, chainId, INFERENCE);
        bytes32 held = receiptHash(outputRoot, receipt.requestId, proof);
        if (held != expected) revert WrongReceiptHash(held);
    }

    /// @notice `Inference.receiptOf(requestId)` in the state behind the output root. Reverts where the proof is wrong,
    /// and where no receipt was settled for the request.
    function receiptHash(bytes32 outputRoot, bytes32 requestId, Proof memory proof)
        internal
        pure
        returns (bytes32)
    {
        bytes32 computed = keccak256(abi.encode(proof.output));
        if (computed != outputRoot || proof.output.version != 0) revert WrongOutputRoot(computed);
        bytes32 slot = keccak256(abi.encode(requestId, RECEIPTS_SLOT));
        bytes memory value = Trie.get(storageRoot(proof), keccak256(abi.encode(slot)), proof.storage_);
        return word(Trie.string_(value));
    }

    /// @notice Root of Inference's storage in the state of the proof's output.
    function storageRoot(Proof memory proof) internal pure returns (bytes32) {
        bytes32 key = keccak256(abi.encodePacked(INFERENCE));
        bytes[] memory fields = Trie.list(Trie.get(proof.output.stateRoot, key, proof.account));
        // Nonce, balance, storage root, code hash.
        if (fields.length != 4) revert WrongProof();
        bytes memory root = Trie.string_(fields[2]);
        if (root.length != 32) revert WrongProof();
        return bytes32(root);
    }

    /// A storage value: an integer without leading zeroes.
    function word(bytes memory value) private pure returns (bytes32) {
        if (value.length == 0 || value.length > 32 || value[0] == 0) revert WrongProof();
        return bytes32(value) >> (8 * (32 - value.length));
    }
}
