// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title L1Block
/// @notice What L2 knows of its L1 origin: predeploy 0x4200000000000000000000000000000000000015.
///         The protocol writes it in each block's first transaction. The storage layout is
///         consensus: execution clients read slots 1, 3, 7 and 8 to price transactions.
contract L1Block {
    error NotDepositor();

    // Slot 0.
    uint64 public number;
    uint64 public timestamp;
    // Slot 1.
    uint256 public basefee;
    // Slot 2.
    bytes32 public hash;
    // Slot 3.
    uint64 public sequenceNumber;
    uint32 public blobBaseFeeScalar;
    uint32 public baseFeeScalar;
    // Slot 4.
    bytes32 public batcherHash;
    // Slots 5 and 6: used before Ecotone.
    uint256 public l1FeeOverhead;
    uint256 public l1FeeScalar;
    // Slot 7.
    uint256 public blobBaseFee;
    // Slot 8.
    uint64 public operatorFeeConstant;
    uint32 public operatorFeeScalar;
    uint16 public daFootprintGasScalar;

    string public constant version = "1.8.0-assay";

    modifier onlyDepositor() {
        if (msg.sender != DEPOSITOR_ACCOUNT()) revert NotDepositor();
        _;
    }

    /// @notice The account that the protocol sends its transactions from.
    function DEPOSITOR_ACCOUNT() public pure returns (address) {
        return 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001;
    }

    /// @notice Ether pays for gas: chains with a custom gas token are not supported.
    function gasPayingToken() public pure returns (address token, uint8 decimals) {
        return (0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE, 18);
    }

    function gasPayingTokenName() public pure returns (string memory) {
        return "Ether";
    }

    function gasPayingTokenSymbol() public pure returns (string memory) {
        return "ETH";
    }

    function isCustomGasToken() public pure returns (bool) {
        return false;
    }

    /// @notice Bedrock's L1 attributes.
    function setL1BlockValues(
        uint64 _number,
        uint64 _timestamp,
        uint256 _basefee,
        bytes32 _hash,
        uint64 _sequenceNumber,
        bytes32 _batcherHash,
        uint256 _l1FeeOverhead,
        uint256 _l1FeeScalar
    ) external onlyDepositor {
        number = _number;
        timestamp = _timestamp;
        basefee = _basefee;
        hash = _hash;
        sequenceNumber = _sequenceNumber;
        batcherHash = _batcherHash;
        l1FeeOverhead = _l1FeeOverhead;
        l1FeeScalar = _l1FeeScalar;
    }

    /// @notice Ecotone's L1 attributes: 164 bytes of calldata, packed.
    function setL1BlockValuesEcotone() external onlyDepositor {
        _setEcotone();
    }

    /// @notice Isthmus' L1 attributes: Ecotone's, then operatorFeeScalar (uint32) and
    ///         operatorFeeConstant (uint64); 176 bytes.
    function setL1BlockValuesIsthmus() external onlyDepositor {
        _setEcotone();
        assembly ("memory-safe") {
            sstore(operatorFeeConstant.slot, shr(160, calldataload(164)))
        }
    }

    /// @notice Jovian's L1 attributes: Isthmus', then daFootprintGasScalar (uint16); 178 bytes.
    function setL1BlockValuesJovian() external onlyDepositor {
        _setEcotone();
        assembly ("memory-safe") {
            let word := calldataload(164)
            let footprint := and(shr(144, word), 0xffff)
            sstore(operatorFeeConstant.slot, or(shl(96, footprint), shr(160, word)))
        }
    }

    /// @dev Calldata from byte 4: baseFeeScalar, blobBaseFeeScalar (uint32), sequenceNumber,
    ///      timestamp, number (uint64), basefee, blobBaseFee, hash, batcherHash.
    function _setEcotone() private {
        assembly ("memory-safe") {
            sstore(sequenceNumber.slot, shr(128, calldataload(4)))
            sstore(number.slot, shr(128, calldataload(20)))
            sstore(basefee.slot, calldataload(36))
            sstore(blobBaseFee.slot, calldataload(68))
            sstore(hash.slot, calldataload(100))
            sstore(batcherHash.slot, calldataload(132))
        }
    }
}
