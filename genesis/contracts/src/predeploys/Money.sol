// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title Moving the native token (address 0) and ERC-20 tokens, whatever they answer.
/// @notice No answer of a token or receiver is copied beyond its first word, so none can make the caller pay for it.
library Money {
    address internal constant NATIVE = address(0);

    error TransferFailed(address token);
    error Reentered();

    /// @notice Sends `amount`; reverts unless the token says that it did, or says nothing.
    function send(address token, address to, uint256 amount) internal {
        bool done;
        if (token == NATIVE) {
            assembly ("memory-safe") {
                done := call(gas(), to, amount, 0, 0, 0, 0)
            }
        } else {
            // transfer(address,uint256)
            done = callToken(token, abi.encodeWithSelector(0xa9059cbb, to, amount));
        }
        if (!done) revert TransferFailed(token);
    }

    /// @notice Takes `amount` of a token that `from` has allowed to this contract.
    /// @return arrived What this contract has more than before: less than `amount` where the token takes a fee.
    function pull(address token, address from, uint256 amount) internal returns (uint256 arrived) {
        uint256 before = held(token, address(this));
        // transferFrom(address,address,uint256)
        if (!callToken(token, abi.encodeWithSelector(0x23b872dd, from, address(this), amount))) revert TransferFailed(token);
        arrived = gained(token, before);
    }

    /// @notice What an account has of an ERC-20 token.
    function held(address token, address account) internal view returns (uint256 amount) {
        // balanceOf(address)
        bytes memory data = abi.encodeWithSelector(0x70a08231, account);
        bool done;
        assembly ("memory-safe") {
            done := staticcall(gas(), token, add(data, 0x20), mload(data), 0, 0x20)
            done := and(done, gt(returndatasize(), 0x1f))
            amount := mload(0)
        }
        if (!done) revert TransferFailed(token);
    }

    /// @notice What this contract has more than before.
    function gained(address token, uint256 before) internal view returns (uint256) {
        uint256 later = held(token, address(this));
        if (later < before) revert TransferFailed(token);
        return later - before;
    }

    /// Whether the call succeeded and answered true, or nothing while there is code.
    function callToken(address token, bytes memory data) private returns (bool done) {
        assembly ("memory-safe") {
            done := call(gas(), token, 0, add(data, 0x20), mload(data), 0, 0x20)
            switch returndatasize()
            case 0 { done := and(done, gt(extcodesize(token), 0)) }
            default { done := and(done, and(gt(returndatasize(), 0x1f), eq(mload(0), 1))) }
        }
    }
}

/// @title A lock that ends with the transaction at the latest.
/// @notice One for all of a contract's functions that change anything.
abstract contract Locked {
    bool private transient locked;

    modifier lock() {
        takeLock();
        _;
        releaseLock();
    }

    function takeLock() internal {
        if (locked) revert Money.Reentered();
        locked = true;
    }

    function releaseLock() internal {
        locked = false;
    }
}
