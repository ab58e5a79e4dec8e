// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// A proof system of which a proof is the hash of what it proves, with the faults of bad and of hostile verifiers.
contract TestVerifier {
    /// How it answers.
    enum Mode {
        Honest,
        Revert,
        /// Reverts with a megabyte.
        Bomb,
        /// Uses all gas.
        Burn,
        /// Answers 2.
        Two,
        /// Answers nothing.
        Silent,
        /// Changes its state first.
        Write,
        /// Answers false where it has less than nine tenths of the gas that it may have.
        Starved
    }

    Mode private mode;
    uint256 private count;
    string private name;

    error Faulty(bytes padding);

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function setName(string calldata name_) external {
        name = name_;
    }

    function verify(bytes32 inputHash, bytes32 outputHash, bytes calldata metadata, bytes calldata proof)
        external
        returns (bool)
    {
        if (mode == Mode.Revert) revert Faulty(new bytes(300));
        if (mode == Mode.Starved && gasleft() < 9_000_000) return false;
        if (mode == Mode.Write) count++;
        if (mode == Mode.Burn) while (true) count;
        if (mode == Mode.Bomb || mode == Mode.Two || mode == Mode.Silent) {
            uint256 how = uint256(mode);
            assembly {
                if eq(how, 2) { revert(0, 0x100000) }
                mstore(0, 2)
                return(0, mul(32, eq(how, 4)))
            }
        }
        return keccak256(proof) == keccak256(abi.encode(keccak256(abi.encode(inputHash, outputHash, metadata))));
    }

    function proofSystem() external view returns (string memory) {
        return name;
    }

    function proofProfile() external pure returns (bytes32) {
        return keccak256("test");
    }
}
