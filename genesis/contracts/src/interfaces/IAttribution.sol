// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

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
