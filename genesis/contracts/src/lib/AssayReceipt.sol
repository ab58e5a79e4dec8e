// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {IInference} from "../interfaces/IInference.sol";

/// @title The hash of a receipt: what a session's key signs, and what Inference keeps.
library AssayReceipt {
    bytes32 internal constant TYPE_HASH = keccak256(
        "InferenceReceipt(bytes32 modelId,bytes32 inputHash,bytes32 outputHash,bytes32 attributionRoot,bytes32 requestId,address requester,address provider,uint256 price,uint64 nonce,uint64 time)"
    );
    bytes32 internal constant DOMAIN_TYPE_HASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    /// @notice EIP-712's domain separator of Inference on a chain.
    function domainSeparator(uint256 chainId, address inference) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPE_HASH, keccak256("Assay Inference"), keccak256("1"), chainId, inference)
        );
    }

    /// @notice keccak256(0x1901 ‖ domain separator ‖ struct hash), EIP-712's digest: it names chain and contract as well.
    function digest(IInference.InferenceReceipt memory receipt, uint256 chainId, address inference)
        internal
        pure
        returns (bytes32)
    {
        // Every member is static, so the encoding of the struct is that of its members in a row.
        bytes32 structHash = keccak256(abi.encode(TYPE_HASH, receipt));
        return keccak256(abi.encodePacked(hex"1901", domainSeparator(chainId, inference), structHash));
    }
}
