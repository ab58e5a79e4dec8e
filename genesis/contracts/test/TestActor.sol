// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// A contract that acts as it is told: as a caller, and when it is sent money.
contract TestActor {
    /// What it does with money: 0 takes it, 1 reverts, 2 reverts with a megabyte, 3 calls out, then takes it.
    uint256 private mode;
    address private target;
    bytes private data;
    /// How the call out of `receive` ended: 0 none, 1 reverted, 2 succeeded.
    uint256 public reentry;
    bytes public answer;

    function setMode(uint256 mode_) external {
        mode = mode_;
    }

    function setReentry(address target_, bytes calldata data_) external {
        (mode, target, data) = (3, target_, data_);
    }

    /// Makes a call in its own name.
    function act(address to, bytes calldata call_) external payable {
        (bool done, bytes memory returned) = to.call{value: msg.value}(call_);
        if (!done) {
            assembly {
                revert(add(returned, 0x20), mload(returned))
            }
        }
    }

    receive() external payable {
        if (mode == 1) revert();
        if (mode == 2) {
            assembly {
                revert(0, 0x100000)
            }
        }
        if (mode == 3) {
            bool done;
            (done, answer) = target.call(data);
            reentry = done ? 2 : 1;
        }
    }
}
