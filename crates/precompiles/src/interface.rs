//! The Solidity interfaces: selectors, return data and errors. Calldata is decoded by
//! [`abi`](crate::abi) instead, which accepts the canonical encoding alone.

// The macro's output is documented by the Solidity it is made from.
#![allow(missing_docs, clippy::all, clippy::pedantic)]

alloy_sol_types::sol! {
    /// Verified evidence that an AI inference ran as claimed.
    #[derive(Debug, PartialEq, Eq)]
    interface IAttestation {
        struct Claims {
            uint8     kind;
            uint8     assurance;
            bytes     measurement;
            bytes32   identity;
            bytes32   platform;
            bytes     bound;
            bytes32   id;
            bytes32[] anchors;
            bytes32   collateral;
            uint64    issuedAt;
            uint64    notBefore;
            uint64    notAfter;
            uint32    status;
            bytes     tcb;
        }
        struct CollateralClaims {
            bytes32 key;
            bytes32 digest;
            uint64  version;
            uint64  notBefore;
            uint64  notAfter;
            bytes   compact;
        }

        function verify(uint8 kind, bytes calldata evidence, bytes calldata collateral, uint64 time) external view returns (Claims memory);
        function verifyCollateral(uint8 kind, bytes calldata collateral, uint64 time) external view returns (CollateralClaims memory);
        function verifyWith(uint8 kind, bytes calldata evidence, bytes calldata compact, uint64 time) external view returns (Claims memory);
        function assess(uint8 kind, bytes calldata tcb, bytes calldata compact, uint64 time) external view returns (uint32 status, uint64 notAfter);

        error UnknownKind(uint8 kind);
        error TooLarge(uint256 size, uint256 limit);
        error Refused(uint16 code);
        error NotYetValid(uint64 notBefore);
        error Expired(uint64 notAfter);
    }

    /// Attribution of a result to the data that shaped it.
    #[derive(Debug, PartialEq, Eq)]
    interface IAttribution {
        function head(bytes32[] calldata leafHashes) external view returns (bytes32);
        function append(bytes32[] calldata frontier, uint64 size, bytes32[] calldata leafHashes) external view returns (bytes32[] memory newFrontier, uint64 newSize, bytes32 newHead);
        function verifyInclusion(bytes32 logHead, uint64 size, uint64[] calldata indices, bytes32[] calldata leafHashes, bytes32[] calldata proof) external view returns (bool);
        function verifyConsistency(bytes32 oldHead, uint64 oldSize, bytes32 newHead, uint64 newSize, bytes32[] calldata proof) external view returns (bool);

        struct Span { uint32 chunk; uint32 outputStart; uint32 chunkStart; uint32 length; }
        function spanWeights(bytes calldata output, bytes[] calldata chunks, Span[] calldata spans, uint32 minLength) external view returns (uint256[] memory weights, bytes32[] memory leafHashes);
        function influence(bytes calldata output, bytes calldata sketches, uint32 dimension) external view returns (int256[] memory values, bytes32[] memory leafHashes);
        function knnShapley(uint32 k, bytes calldata query, uint32 queryLabel, bytes calldata points, bytes calldata labels, uint32 dimension) external view returns (int256[] memory values, bytes32[] memory leafHashes);
        function apportion(uint256 pool, uint256[] calldata weights) external view returns (uint256[] memory parts);

        error Malformed(uint16 code);
        error TooLarge(uint256 size, uint256 limit);
    }

    /// Many signatures in one call.
    #[derive(Debug, PartialEq, Eq)]
    interface ISignatures {
        function verifyMany(uint8 scheme, bytes32[] calldata digests, bytes[] calldata keys, bytes[] calldata signatures) external view returns (bytes memory bits);

        error UnknownScheme(uint8 scheme);
        error Malformed(uint16 code);
        error TooLarge(uint256 size, uint256 limit);
    }
}
