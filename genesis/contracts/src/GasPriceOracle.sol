// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {FastLz} from "./FastLz.sol";

interface IL1Block {
    function basefee() external view returns (uint256);
    function blobBaseFee() external view returns (uint256);
    function baseFeeScalar() external view returns (uint32);
    function blobBaseFeeScalar() external view returns (uint32);
    function l1FeeOverhead() external view returns (uint256);
    function l1FeeScalar() external view returns (uint256);
    function operatorFeeScalar() external view returns (uint32);
    function operatorFeeConstant() external view returns (uint64);
}

/// @title GasPriceOracle
/// @notice What a transaction pays beyond its gas: predeploy
///         0x420000000000000000000000000000000000000F. Computes as the protocol does, from what
///         L1Block holds. Slot 0 has one flag per fork, from the lowest byte up.
contract GasPriceOracle {
    IL1Block private constant L1_BLOCK = IL1Block(0x4200000000000000000000000000000000000015);
    address private constant DEPOSITOR = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001;

    uint256 public constant DECIMALS = 6;
    string public constant version = "1.6.0-assay";

    // Fjord's linear regression from FastLZ's size to brotli's, scaled by 1e6.
    int256 private constant COST_INTERCEPT = -42_585_600;
    int256 private constant COST_FASTLZ_COEF = 836_500;
    int256 private constant MIN_TRANSACTION_SIZE = 100e6;
    // Bytes of a signature, which unsigned transactions lack.
    uint256 private constant SIGNATURE_SIZE = 68;
    uint256 private constant JOVIAN_OPERATOR_FEE_MULTIPLIER = 100;

    bool public isEcotone;
    bool public isFjord;
    bool public isIsthmus;
    bool public isJovian;

    modifier onlyDepositor() {
        require(msg.sender == DEPOSITOR, "GasPriceOracle: only the depositor account");
        _;
    }

    function setEcotone() external onlyDepositor {
        require(!isEcotone, "GasPriceOracle: Ecotone already active");
        isEcotone = true;
    }

    function setFjord() external onlyDepositor {
        require(isEcotone, "GasPriceOracle: Fjord can only be activated after Ecotone");
        require(!isFjord, "GasPriceOracle: Fjord already active");
        isFjord = true;
    }

    function setIsthmus() external onlyDepositor {
        require(isFjord, "GasPriceOracle: Isthmus can only be activated after Fjord");
        require(!isIsthmus, "GasPriceOracle: Isthmus already active");
        isIsthmus = true;
    }

    function setJovian() external onlyDepositor {
        require(isIsthmus, "GasPriceOracle: Jovian can only be activated after Isthmus");
        require(!isJovian, "GasPriceOracle: Jovian already active");
        isJovian = true;
    }

    /// @notice L1 fee of a transaction, given RLP-encoded without its signature.
    function getL1Fee(bytes memory _data) external view returns (uint256) {
        if (isFjord) return _fjordL1Cost(FastLz.length(_data) + SIGNATURE_SIZE);
        uint256 gas = _calldataGas(_data);
        if (isEcotone) return (gas * _feeScaled()) / (16 * 10 ** DECIMALS);
        return ((gas + L1_BLOCK.l1FeeOverhead()) * l1BaseFee() * L1_BLOCK.l1FeeScalar()) / 10 ** DECIMALS;
    }

    /// @notice An upper bound of the L1 fee of an unsigned transaction of this size.
    function getL1FeeUpperBound(uint256 _unsignedTxSize) external view returns (uint256) {
        require(isFjord, "GasPriceOracle: getL1FeeUpperBound only supports Fjord");
        uint256 size = _unsignedTxSize + SIGNATURE_SIZE;
        // FastLZ adds at most a byte in 255, and 16.
        return _fjordL1Cost(size + size / 255 + 16);
    }

    /// @notice Operator fee of a transaction that uses this much gas; saturates.
    function getOperatorFee(uint256 _gasUsed) external view returns (uint256) {
        if (!isIsthmus) return 0;
        uint256 product = _saturatingMul(_gasUsed, L1_BLOCK.operatorFeeScalar());
        uint256 fee = isJovian ? _saturatingMul(product, JOVIAN_OPERATOR_FEE_MULTIPLIER) : product / 1e6;
        uint256 constantFee = L1_BLOCK.operatorFeeConstant();
        return fee > type(uint256).max - constantFee ? type(uint256).max : fee + constantFee;
    }

    /// @notice Deprecated estimate of the L1 gas of a transaction without its signature.
    function getL1GasUsed(bytes memory _data) external view returns (uint256) {
        if (isFjord) {
            return (_estimatedSize(FastLz.length(_data) + SIGNATURE_SIZE) * 16) / 1e6;
        }
        uint256 gas = _calldataGas(_data);
        return isEcotone ? gas : gas + L1_BLOCK.l1FeeOverhead();
    }

    function gasPrice() external view returns (uint256) {
        return block.basefee;
    }

    function baseFee() external view returns (uint256) {
        return block.basefee;
    }

    function overhead() external view returns (uint256) {
        require(!isEcotone, "GasPriceOracle: overhead() is deprecated");
        return L1_BLOCK.l1FeeOverhead();
    }

    function scalar() external view returns (uint256) {
        require(!isEcotone, "GasPriceOracle: scalar() is deprecated");
        return L1_BLOCK.l1FeeScalar();
    }

    function l1BaseFee() public view returns (uint256) {
        return L1_BLOCK.basefee();
    }

    function blobBaseFee() public view returns (uint256) {
        return L1_BLOCK.blobBaseFee();
    }

    function baseFeeScalar() public view returns (uint32) {
        return L1_BLOCK.baseFeeScalar();
    }

    function blobBaseFeeScalar() public view returns (uint32) {
        return L1_BLOCK.blobBaseFeeScalar();
    }

    function decimals() external pure returns (uint256) {
        return DECIMALS;
    }

    function _feeScaled() private view returns (uint256) {
        return uint256(baseFeeScalar()) * 16 * l1BaseFee() + uint256(blobBaseFeeScalar()) * blobBaseFee();
    }

    function _fjordL1Cost(uint256 _fastLzSize) private view returns (uint256) {
        return (_estimatedSize(_fastLzSize) * _feeScaled()) / 10 ** (DECIMALS * 2);
    }

    function _estimatedSize(uint256 _fastLzSize) private pure returns (uint256) {
        int256 size = COST_INTERCEPT + COST_FASTLZ_COEF * int256(_fastLzSize);
        return uint256(size < MIN_TRANSACTION_SIZE ? MIN_TRANSACTION_SIZE : size);
    }

    function _calldataGas(bytes memory _data) private pure returns (uint256 gas) {
        for (uint256 i; i < _data.length; i++) {
            gas += _data[i] == 0 ? 4 : 16;
        }
        gas += SIGNATURE_SIZE * 16;
    }

    function _saturatingMul(uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            uint256 c = a * b;
            return a != 0 && c / a != b ? type(uint256).max : c;
        }
    }
}
