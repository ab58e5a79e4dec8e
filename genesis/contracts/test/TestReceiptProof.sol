// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IInference} from "../src/interfaces/IInference.sol";
import {AssayReceiptProof} from "../src/lib/AssayReceiptProof.sol";

/// The library as a contract of another chain uses it.
contract TestReceiptProof {
    function requireSettled(
        bytes32 outputRoot,
        uint256 chainId,
        IInference.InferenceReceipt calldata receipt,
        AssayReceiptProof.Proof calldata proof
    ) external pure {
        AssayReceiptProof.requireSettled(outputRoot, chainId, receipt, proof);
    }

    function receiptHash(bytes32 outputRoot, bytes32 requestId, AssayReceiptProof.Proof calldata proof)
        external
        pure
        returns (bytes32)
    {
        return AssayReceiptProof.receiptHash(outputRoot, requestId, proof);
    }
}
