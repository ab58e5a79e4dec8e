// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title SystemConfig
/// @notice L1's side of the rollup's configuration. Each setter emits the ConfigUpdate that rollup
///         nodes apply; getters and event are those of OP's SystemConfig through Karst. A genesis
///         puts it in place with its storage set, so it has no initializer.
contract SystemConfig {
    enum UpdateType {
        BATCHER,
        FEE_SCALARS,
        GAS_LIMIT,
        UNSAFE_BLOCK_SIGNER,
        EIP_1559_PARAMS,
        OPERATOR_FEE_PARAMS,
        MIN_BASE_FEE,
        DA_FOOTPRINT_GAS_SCALAR
    }

    /// @dev The portal's deposit market, shaped as OP's ResourceMetering.ResourceConfig.
    struct ResourceConfig {
        uint32 maxResourceLimit;
        uint8 elasticityMultiplier;
        uint8 baseFeeMaxChangeDenominator;
        uint32 minimumBaseFee;
        uint32 systemTxMaxGas;
        uint128 maximumBaseFee;
    }

    struct Addresses {
        address l1CrossDomainMessenger;
        address l1ERC721Bridge;
        address l1StandardBridge;
        address optimismPortal;
        address optimismMintableERC20Factory;
        address delayedWETH;
        address opcm;
    }

    uint256 public constant VERSION = 0;
    string public constant version = "3.12.0-assay";

    bytes32 public constant UNSAFE_BLOCK_SIGNER_SLOT = keccak256("systemconfig.unsafeblocksigner");
    bytes32 public constant L1_CROSS_DOMAIN_MESSENGER_SLOT =
        bytes32(uint256(keccak256("systemconfig.l1crossdomainmessenger")) - 1);
    bytes32 public constant L1_ERC_721_BRIDGE_SLOT = bytes32(uint256(keccak256("systemconfig.l1erc721bridge")) - 1);
    bytes32 public constant L1_STANDARD_BRIDGE_SLOT = bytes32(uint256(keccak256("systemconfig.l1standardbridge")) - 1);
    bytes32 public constant OPTIMISM_PORTAL_SLOT = bytes32(uint256(keccak256("systemconfig.optimismportal")) - 1);
    bytes32 public constant OPTIMISM_MINTABLE_ERC20_FACTORY_SLOT =
        bytes32(uint256(keccak256("systemconfig.optimismmintableerc20factory")) - 1);
    bytes32 public constant BATCH_INBOX_SLOT = bytes32(uint256(keccak256("systemconfig.batchinbox")) - 1);
    bytes32 public constant START_BLOCK_SLOT = bytes32(uint256(keccak256("systemconfig.startBlock")) - 1);

    uint64 private constant MAX_GAS_LIMIT = 500_000_000;

    // Slot 0.
    address public owner;
    // Slots 1 to 3.
    uint256 public overhead;
    uint256 public scalar;
    bytes32 public batcherHash;
    // Slot 4.
    uint64 public gasLimit;
    uint32 public basefeeScalar;
    uint32 public blobbasefeeScalar;
    uint32 public eip1559Denominator;
    uint32 public eip1559Elasticity;
    uint32 public operatorFeeScalar;
    // Slot 5.
    uint64 public operatorFeeConstant;
    uint64 public minBaseFee;
    uint16 public daFootprintGasScalar;
    // Slots 6 and 7.
    uint256 public l2ChainId;
    address public superchainConfig;

    event ConfigUpdate(uint256 indexed version, UpdateType indexed updateType, bytes data);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    modifier onlyOwner() {
        require(msg.sender == owner, "Ownable: caller is not the owner");
        _;
    }

    function transferOwnership(address _owner) external onlyOwner {
        require(_owner != address(0), "Ownable: new owner is the zero address");
        emit OwnershipTransferred(owner, _owner);
        owner = _owner;
    }

    function setBatcherHash(bytes32 _batcherHash) public onlyOwner {
        batcherHash = _batcherHash;
        _update(UpdateType.BATCHER, abi.encode(_batcherHash));
    }

    function setBatcherHash(address _batcher) external {
        setBatcherHash(bytes32(uint256(uint160(_batcher))));
    }

    function setGasConfig(uint256 _overhead, uint256 _scalar) external onlyOwner {
        require(_scalar >> 248 == 0, "SystemConfig: scalar exceeds max.");
        overhead = _overhead;
        scalar = _scalar;
        _update(UpdateType.FEE_SCALARS, abi.encode(_overhead, _scalar));
    }

    function setGasConfigEcotone(uint32 _basefeeScalar, uint32 _blobbasefeeScalar) external onlyOwner {
        basefeeScalar = _basefeeScalar;
        blobbasefeeScalar = _blobbasefeeScalar;
        scalar = (uint256(1) << 248) | (uint256(_blobbasefeeScalar) << 32) | _basefeeScalar;
        _update(UpdateType.FEE_SCALARS, abi.encode(overhead, scalar));
    }

    function setGasLimit(uint64 _gasLimit) external onlyOwner {
        require(_gasLimit >= minimumGasLimit(), "SystemConfig: gas limit too low");
        require(_gasLimit <= MAX_GAS_LIMIT, "SystemConfig: gas limit too high");
        gasLimit = _gasLimit;
        _update(UpdateType.GAS_LIMIT, abi.encode(_gasLimit));
    }

    function setUnsafeBlockSigner(address _signer) external onlyOwner {
        _store(UNSAFE_BLOCK_SIGNER_SLOT, _signer);
        _update(UpdateType.UNSAFE_BLOCK_SIGNER, abi.encode(_signer));
    }

    function setEIP1559Params(uint32 _denominator, uint32 _elasticity) external onlyOwner {
        require(_denominator >= 1, "SystemConfig: denominator must be >= 1");
        require(_elasticity >= 1, "SystemConfig: elasticity must be >= 1");
        eip1559Denominator = _denominator;
        eip1559Elasticity = _elasticity;
        _update(UpdateType.EIP_1559_PARAMS, abi.encode((uint256(_denominator) << 32) | _elasticity));
    }

    function setOperatorFeeScalars(uint32 _scalar, uint64 _constant) external onlyOwner {
        operatorFeeScalar = _scalar;
        operatorFeeConstant = _constant;
        _update(UpdateType.OPERATOR_FEE_PARAMS, abi.encode((uint256(_scalar) << 64) | _constant));
    }

    function setMinBaseFee(uint64 _minBaseFee) external onlyOwner {
        minBaseFee = _minBaseFee;
        _update(UpdateType.MIN_BASE_FEE, abi.encode(_minBaseFee));
    }

    function setDAFootprintGasScalar(uint16 _daFootprintGasScalar) external onlyOwner {
        daFootprintGasScalar = _daFootprintGasScalar;
        _update(UpdateType.DA_FOOTPRINT_GAS_SCALAR, abi.encode(_daFootprintGasScalar));
    }

    function minimumGasLimit() public pure returns (uint64) {
        ResourceConfig memory config = resourceConfig();
        return uint64(config.maxResourceLimit) + config.systemTxMaxGas;
    }

    function maximumGasLimit() external pure returns (uint64) {
        return MAX_GAS_LIMIT;
    }

    /// @notice OP's recommended deposit market.
    function resourceConfig() public pure returns (ResourceConfig memory) {
        return ResourceConfig({
            maxResourceLimit: 20_000_000,
            elasticityMultiplier: 10,
            baseFeeMaxChangeDenominator: 8,
            minimumBaseFee: 1 gwei,
            systemTxMaxGas: 1_000_000,
            maximumBaseFee: type(uint128).max
        });
    }

    function unsafeBlockSigner() external view returns (address) {
        return _load(UNSAFE_BLOCK_SIGNER_SLOT);
    }

    function l1CrossDomainMessenger() public view returns (address) {
        return _load(L1_CROSS_DOMAIN_MESSENGER_SLOT);
    }

    function l1ERC721Bridge() public view returns (address) {
        return _load(L1_ERC_721_BRIDGE_SLOT);
    }

    function l1StandardBridge() public view returns (address) {
        return _load(L1_STANDARD_BRIDGE_SLOT);
    }

    function optimismPortal() public view returns (address) {
        return _load(OPTIMISM_PORTAL_SLOT);
    }

    function optimismMintableERC20Factory() public view returns (address) {
        return _load(OPTIMISM_MINTABLE_ERC20_FACTORY_SLOT);
    }

    function batchInbox() external view returns (address) {
        return _load(BATCH_INBOX_SLOT);
    }

    function startBlock() external view returns (uint256) {
        return uint256(uint160(_load(START_BLOCK_SLOT)));
    }

    function getAddresses() external view returns (Addresses memory addresses) {
        addresses.l1CrossDomainMessenger = l1CrossDomainMessenger();
        addresses.l1ERC721Bridge = l1ERC721Bridge();
        addresses.l1StandardBridge = l1StandardBridge();
        addresses.optimismPortal = optimismPortal();
        addresses.optimismMintableERC20Factory = optimismMintableERC20Factory();
    }

    function gasPayingToken() external pure returns (address token, uint8 decimals) {
        return (0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE, 18);
    }

    function gasPayingTokenName() external pure returns (string memory) {
        return "Ether";
    }

    function gasPayingTokenSymbol() external pure returns (string memory) {
        return "ETH";
    }

    function isCustomGasToken() external pure returns (bool) {
        return false;
    }

    function paused() external pure returns (bool) {
        return false;
    }

    function _update(UpdateType _type, bytes memory _data) private {
        emit ConfigUpdate(VERSION, _type, _data);
    }

    function _store(bytes32 _slot, address _value) private {
        assembly ("memory-safe") {
            sstore(_slot, _value)
        }
    }

    function _load(bytes32 _slot) private view returns (address value) {
        assembly ("memory-safe") {
            value := sload(_slot)
        }
    }
}
