// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

interface IL2ToL1MessagePasser {
    function initiateWithdrawal(address target, uint256 gasLimit, bytes memory data) external payable;
}

/// @title FeeVault
/// @notice Collects one kind of fee; anyone may send what it holds to the recipient.
abstract contract FeeVault {
    enum WithdrawalNetwork {
        L1,
        L2
    }

    IL2ToL1MessagePasser private constant MESSAGE_PASSER =
        IL2ToL1MessagePasser(0x4200000000000000000000000000000000000016);
    uint256 private constant WITHDRAWAL_MIN_GAS = 400_000;

    uint256 public immutable MIN_WITHDRAWAL_AMOUNT;
    address public immutable RECIPIENT;
    WithdrawalNetwork public immutable WITHDRAWAL_NETWORK;

    // Slot 0.
    uint256 public totalProcessed;

    string public constant version = "1.6.0-assay";

    event Withdrawal(uint256 value, address to, address from);
    event Withdrawal(uint256 value, address to, address from, WithdrawalNetwork withdrawalNetwork);

    constructor(address _recipient, uint256 _minWithdrawalAmount, WithdrawalNetwork _withdrawalNetwork) {
        RECIPIENT = _recipient;
        MIN_WITHDRAWAL_AMOUNT = _minWithdrawalAmount;
        WITHDRAWAL_NETWORK = _withdrawalNetwork;
    }

    receive() external payable {}

    function minWithdrawalAmount() external view returns (uint256) {
        return MIN_WITHDRAWAL_AMOUNT;
    }

    function recipient() external view returns (address) {
        return RECIPIENT;
    }

    function withdrawalNetwork() external view returns (WithdrawalNetwork) {
        return WITHDRAWAL_NETWORK;
    }

    /// @notice Sends all of the balance to the recipient, on L2 or through a withdrawal to L1.
    function withdraw() external returns (uint256 value) {
        value = address(this).balance;
        require(
            value >= MIN_WITHDRAWAL_AMOUNT, "FeeVault: withdrawal amount must be greater than minimum withdrawal amount"
        );
        totalProcessed += value;
        emit Withdrawal(value, RECIPIENT, msg.sender);
        emit Withdrawal(value, RECIPIENT, msg.sender, WITHDRAWAL_NETWORK);
        if (WITHDRAWAL_NETWORK == WithdrawalNetwork.L2) {
            (bool success,) = RECIPIENT.call{value: value}("");
            require(success, "FeeVault: failed to send ETH to L2 fee recipient");
        } else {
            MESSAGE_PASSER.initiateWithdrawal{value: value}(RECIPIENT, WITHDRAWAL_MIN_GAS, "");
        }
    }
}

/// @title SequencerFeeVault
/// @notice Priority fees: predeploy 0x4200000000000000000000000000000000000011.
contract SequencerFeeVault is FeeVault {
    constructor(address _recipient, uint256 _minWithdrawalAmount, WithdrawalNetwork _withdrawalNetwork)
        FeeVault(_recipient, _minWithdrawalAmount, _withdrawalNetwork)
    {}

    function l1FeeWallet() external view returns (address) {
        return RECIPIENT;
    }
}

/// @title BaseFeeVault
/// @notice Base fees: predeploy 0x4200000000000000000000000000000000000019.
contract BaseFeeVault is FeeVault {
    constructor(address _recipient, uint256 _minWithdrawalAmount, WithdrawalNetwork _withdrawalNetwork)
        FeeVault(_recipient, _minWithdrawalAmount, _withdrawalNetwork)
    {}
}

/// @title L1FeeVault
/// @notice L1 data fees: predeploy 0x420000000000000000000000000000000000001A.
contract L1FeeVault is FeeVault {
    constructor(address _recipient, uint256 _minWithdrawalAmount, WithdrawalNetwork _withdrawalNetwork)
        FeeVault(_recipient, _minWithdrawalAmount, _withdrawalNetwork)
    {}
}

/// @title OperatorFeeVault
/// @notice Operator fees: predeploy 0x420000000000000000000000000000000000001b. They go on to the
///         BaseFeeVault, as OP's does.
contract OperatorFeeVault is FeeVault {
    constructor() FeeVault(0x4200000000000000000000000000000000000019, 0, WithdrawalNetwork.L2) {}
}
