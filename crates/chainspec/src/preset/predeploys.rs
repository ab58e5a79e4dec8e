//! The L2 genesis state: OP's predeploys and preinstalls, as OP's `L2Genesis` script leaves them,
//! and on an Assay chain Assay's predeploys.
//!
//! Spec: [predeploys](https://specs.optimism.io/protocol/predeploys.html),
//! [preinstalls](https://specs.optimism.io/protocol/preinstalls.html). Left out, to keep a genesis
//! small: proxies of addresses that have no contract, the one wei of each precompile, and the
//! governance token.

use super::{L1Contracts, PresetBuilder, artifacts};
use crate::{OpHardfork, predeploys as assay};
use alloy_eips::eip2935::{HISTORY_STORAGE_ADDRESS, HISTORY_STORAGE_CODE};
use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, B256, Bytes, U256, address, b256, keccak256};
use std::collections::BTreeMap;

/// EIP-1967: where a proxy keeps its implementation.
pub(super) const IMPLEMENTATION_SLOT: B256 =
    b256!("0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");
/// EIP-1967: where a proxy keeps its admin.
pub(super) const ADMIN_SLOT: B256 =
    b256!("0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103");
/// What OP's messengers and portal hold as the sender while no message is relayed.
pub(super) const DEFAULT_L2_SENDER: Address =
    address!("0x000000000000000000000000000000000000dEaD");

const MESSENGER: u16 = 0x07;
const STANDARD_BRIDGE: u16 = 0x10;
const ERC721_BRIDGE: u16 = 0x14;
const PROXY_ADMIN: u16 = 0x18;
const BASE_FEE_VAULT: u16 = 0x19;
const EAS: u16 = 0x21;
const WETH: u16 = 0x06;

/// The deployers of EIP-4788's and EIP-2935's contracts: later upgrades may count on their nonces.
const SYSTEM_CONTRACT_DEPLOYERS: [(Address, OpHardfork); 2] = [
    (address!("0x0B799C86a49DEeb90402691F1041aa3AF2d3C875"), OpHardfork::Bedrock),
    (address!("0x3462413Af4609098e1E27A490f554f260213D685"), OpHardfork::Isthmus),
];

pub(super) type Storage = BTreeMap<B256, B256>;
pub(super) type Alloc = BTreeMap<Address, GenesisAccount>;

/// A storage slot by its number.
pub(super) fn slot(number: u64) -> B256 {
    B256::from(U256::from(number))
}

/// A contract account.
pub(super) fn contract(code: Bytes, storage: Storage) -> GenesisAccount {
    GenesisAccount {
        code: Some(code),
        storage: (!storage.is_empty()).then_some(storage),
        ..Default::default()
    }
}

/// OP's proxy in front of `implementation`.
pub(super) fn proxy(
    implementation: Address,
    admin: Address,
    mut storage: Storage,
) -> GenesisAccount {
    storage.insert(IMPLEMENTATION_SLOT, implementation.into_word());
    // Zero is not stored.
    if !admin.is_zero() {
        storage.insert(ADMIN_SLOT, admin.into_word());
    }
    contract(artifacts::code("Proxy"), storage)
}

/// `0x4200…` and the suffix.
const fn predeploy(suffix: u16) -> Address {
    let mut bytes = address!("0x4200000000000000000000000000000000000000").0.0;
    [bytes[18], bytes[19]] = suffix.to_be_bytes();
    Address::new(bytes)
}

/// Where a predeploy's implementation lies: `0xc0d3…` and the suffix.
const fn implementation(suffix: u16) -> Address {
    let mut bytes = address!("0xc0D3C0d3C0d3C0D3c0d3C0d3c0D3C0d3c0d30000").0.0;
    [bytes[18], bytes[19]] = suffix.to_be_bytes();
    Address::new(bytes)
}

/// One proxied predeploy.
struct Predeploy {
    suffix: u16,
    code: Bytes,
    /// The proxy's storage besides EIP-1967's slots.
    storage: Storage,
    /// The implementation's own storage: initialised, so that nobody else can.
    implementation: Storage,
}

impl Predeploy {
    fn new(suffix: u16, name: &str) -> Self {
        Self::with_code(suffix, artifacts::code(name))
    }

    const fn with_code(suffix: u16, code: Bytes) -> Self {
        Self { suffix, code, storage: Storage::new(), implementation: Storage::new() }
    }

    /// Storage of the proxy and of the implementation alike.
    fn both(mut self, slot: B256, value: B256) -> Self {
        self.implementation.insert(slot, value);
        self.proxy(slot, value)
    }

    /// Storage of the proxy alone. Zero is not stored.
    fn proxy(mut self, slot: B256, value: B256) -> Self {
        if !value.is_zero() {
            self.storage.insert(slot, value);
        }
        self
    }
}

/// Everything that the L2 genesis state has besides funded accounts and Assay's own.
pub(super) fn alloc(builder: &PresetBuilder) -> Alloc {
    let mut alloc = Alloc::new();
    for item in predeploys(builder) {
        alloc.insert(
            predeploy(item.suffix),
            proxy(implementation(item.suffix), predeploy(PROXY_ADMIN), item.storage),
        );
        alloc.insert(implementation(item.suffix), contract(item.code, item.implementation));
    }
    alloc.insert(predeploy(WETH), contract(artifacts::code("WETH"), Storage::new()));
    preinstalls(builder, &mut alloc);
    if builder.assay.is_some() {
        assay_predeploys(&mut alloc);
    }
    alloc
}

/// Assay's predeploys: behind OP's proxy, whose admin is nobody, so that only an upgrade deposit
/// (from address 0) changes an implementation.
fn assay_predeploys(alloc: &mut Alloc) {
    for predeploy in &assay::PREDEPLOYS {
        let front = proxy(predeploy.implementation, Address::ZERO, Storage::new());
        // The nonce of a contract: some of them make contracts.
        alloc.insert(predeploy.address, GenesisAccount { nonce: Some(1), ..front });
        alloc.insert(
            predeploy.implementation,
            contract(artifacts::code(predeploy.name), Storage::new()),
        );
    }
}

fn predeploys(builder: &PresetBuilder) -> Vec<Predeploy> {
    let L1Contracts { cross_domain_messenger, standard_bridge, erc721_bridge, .. } =
        builder.l1_contracts;
    let one = slot(1);
    let messenger = predeploy(MESSENGER).into_word();
    // In the messenger `_initialized` comes after a spacer of 20 bytes.
    let messenger_initialized = B256::from(U256::ONE << 160);
    vec![
        Predeploy::new(0x00, "LegacyMessagePasser"),
        Predeploy::new(0x02, "DeployerWhitelist"),
        Predeploy::new(MESSENGER, "L2CrossDomainMessenger")
            .both(slot(0), messenger_initialized)
            .both(slot(204), DEFAULT_L2_SENDER.into_word())
            .proxy(slot(207), cross_domain_messenger.into_word()),
        Predeploy::new(0x0f, "GasPriceOracle").proxy(slot(0), fork_flags(builder.last_fork)),
        Predeploy::new(STANDARD_BRIDGE, "L2StandardBridge")
            .both(slot(0), one)
            .both(slot(3), messenger)
            .proxy(slot(4), standard_bridge.into_word()),
        Predeploy::with_code(0x11, vault("SequencerFeeVault", builder.fee_recipient)),
        Predeploy::new(0x12, "OptimismMintableERC20Factory")
            .both(slot(0), one)
            .proxy(slot(1), predeploy(STANDARD_BRIDGE).into_word()),
        Predeploy::new(0x13, "L1BlockNumber"),
        Predeploy::new(ERC721_BRIDGE, "L2ERC721Bridge")
            .both(slot(0), one)
            .both(slot(1), messenger)
            .proxy(slot(2), erc721_bridge.into_word()),
        Predeploy::new(0x15, "L1Block"),
        Predeploy::new(0x16, "L2ToL1MessagePasser"),
        Predeploy::with_code(
            0x17,
            artifacts::code_with(
                "OptimismMintableERC721Factory",
                &[
                    ("BRIDGE", predeploy(ERC721_BRIDGE).into_word()),
                    ("REMOTE_CHAIN_ID", slot(builder.l1_chain_id)),
                ],
            ),
        ),
        Predeploy::new(PROXY_ADMIN, "ProxyAdmin").both(slot(0), builder.owner.into_word()),
        Predeploy::with_code(BASE_FEE_VAULT, vault("BaseFeeVault", builder.fee_recipient)),
        Predeploy::with_code(0x1a, vault("L1FeeVault", builder.fee_recipient)),
        Predeploy::with_code(0x1b, vault("OperatorFeeVault", predeploy(BASE_FEE_VAULT))),
        Predeploy::new(0x20, "SchemaRegistry"),
        Predeploy::with_code(EAS, eas(builder.chain_id)),
    ]
}

/// GasPriceOracle's flags, one byte per fork from the lowest up.
fn fork_flags(last: OpHardfork) -> B256 {
    let mut flags = B256::ZERO;
    for (index, fork) in
        [OpHardfork::Ecotone, OpHardfork::Fjord, OpHardfork::Isthmus, OpHardfork::Jovian]
            .into_iter()
            .enumerate()
    {
        flags[31 - index] = u8::from(last >= fork);
    }
    flags
}

/// A fee vault that pays out on L2, whatever it holds.
fn vault(name: &str, recipient: Address) -> Bytes {
    artifacts::code_with(
        name,
        &[
            ("MIN_WITHDRAWAL_AMOUNT", B256::ZERO),
            ("RECIPIENT", recipient.into_word()),
            ("WITHDRAWAL_NETWORK", slot(1)),
        ],
    )
}

/// EIP-712's domain separator of a contract that was made at `contract` on this chain.
fn domain_separator(type_hash: B256, fields: &[B256], chain_id: u64, contract: Address) -> B256 {
    let mut words = vec![type_hash];
    words.extend_from_slice(fields);
    words.push(slot(chain_id));
    words.push(contract.into_word());
    keccak256(words.concat())
}

/// EAS with what its constructor computes. Behind the proxy it recomputes its domain: the cached
/// one is that of the implementation.
fn eas(chain_id: u64) -> Bytes {
    let this = implementation(EAS);
    let type_hash = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
    );
    let (name, version) = (keccak256("EAS"), keccak256("1.3.0"));
    let mut short_name = B256::ZERO;
    short_name[..3].copy_from_slice(b"EAS");
    artifacts::code_with(
        "EAS",
        &[
            (
                "_CACHED_DOMAIN_SEPARATOR",
                domain_separator(type_hash, &[name, version], chain_id, this),
            ),
            ("_CACHED_CHAIN_ID", slot(chain_id)),
            ("_CACHED_THIS", this.into_word()),
            ("_HASHED_NAME", name),
            ("_HASHED_VERSION", version),
            ("_TYPE_HASH", type_hash),
            ("_name", short_name),
        ],
    )
}

fn preinstalls(builder: &PresetBuilder, alloc: &mut Alloc) {
    for (name, artifact) in artifacts::preinstalls() {
        let code = if name == "Permit2" {
            let type_hash =
                keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)");
            let separator = domain_separator(
                type_hash,
                &[keccak256("Permit2")],
                builder.chain_id,
                artifact.address,
            );
            artifact.fill(&[
                ("_CACHED_CHAIN_ID", slot(builder.chain_id)),
                ("_CACHED_DOMAIN_SEPARATOR", separator),
            ])
        } else {
            artifact.fill(&[])
        };
        alloc.insert(artifact.address, installed(code));
    }
    if builder.last_fork >= OpHardfork::Isthmus {
        alloc.insert(HISTORY_STORAGE_ADDRESS, installed(HISTORY_STORAGE_CODE.clone()));
    }
    for (deployer, fork) in SYSTEM_CONTRACT_DEPLOYERS {
        if builder.last_fork >= fork {
            alloc.insert(deployer, GenesisAccount { nonce: Some(1), ..Default::default() });
        }
    }
}

/// A preinstall has the nonce of a contract that a transaction made.
fn installed(code: Bytes) -> GenesisAccount {
    GenesisAccount { nonce: Some(1), code: Some(code), ..Default::default() }
}
