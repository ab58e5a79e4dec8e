// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// An ERC-20 token with the faults of real and of hostile ones.
contract TestToken {
    /// How transfer and transferFrom end.
    enum Mode {
        True,
        Silent,
        False,
        Revert,
        /// Reverts with a megabyte.
        Bomb,
        /// Uses all gas.
        Burn,
        /// Answers two words, the first of which is 1.
        Long,
        /// Answers 2.
        Two,
        /// Answers true and moves nothing.
        Lie,
        /// Reverts where `refused` sends or receives, as a blacklist does.
        Refuse
    }

    Mode public mode;
    /// Parts of 10,000 of each transfer that vanish.
    uint256 public fee;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    address private target;
    bytes private data;
    /// How the last call out of a transfer ended: 0 none, 1 reverted, 2 succeeded.
    uint256 public reentry;
    bytes public answer;
    address private refused;

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    /// Calls `target_` with `data_` from within each transfer.
    function setReentry(address target_, bytes calldata data_) external {
        (target, data, reentry) = (target_, data_, 0);
    }

    function refuse(address account) external {
        (mode, refused) = (Mode.Refuse, account);
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    /// What a token does whose balances change by themselves.
    function burn(address from, uint256 amount) external {
        balanceOf[from] -= amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external {
        move(msg.sender, to, amount);
        end();
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        move(from, to, amount);
        end();
    }

    function move(address from, address to, uint256 amount) private {
        Mode mode_ = mode;
        if (mode_ == Mode.Refuse) require(from != refused && to != refused);
        if (mode_ != Mode.Lie) {
            balanceOf[from] -= amount;
            balanceOf[to] += amount - amount * fee / 10_000;
        }
        if (target == address(0)) return;
        bool done;
        (done, answer) = target.call(data);
        reentry = done ? 2 : 1;
    }

    function end() private view {
        Mode mode_ = mode;
        assembly {
            mstore(0, 1)
            mstore(0x20, 7)
            switch mode_
            case 0 { return(0, 0x20) }
            case 1 { return(0, 0) }
            case 2 {
                mstore(0, 0)
                return(0, 0x20)
            }
            case 3 { revert(0, 0) }
            case 4 { revert(0, 0x100000) }
            case 5 { invalid() }
            case 6 { return(0, 0x40) }
            case 8 { return(0, 0x20) }
            case 9 { return(0, 0x20) }
            default {
                mstore(0, 2)
                return(0, 0x20)
            }
        }
    }
}
