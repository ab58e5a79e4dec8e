//! Changes that a block makes to the state before its first transaction: system calls, and code
//! that forks put in place.

use crate::{BlockError, BoxError};
use alloy_consensus::Header;
use alloy_eips::{
    eip2935::HISTORY_STORAGE_ADDRESS,
    eip4788::{BEACON_ROOTS_ADDRESS, SYSTEM_ADDRESS},
};
use alloy_evm::{
    Evm,
    block::{OnStateHook, StateChangePreBlockSource, StateChangeSource},
};
use alloy_op_evm::OpTxError;
use alloy_op_hardforks::OpHardforks;
use alloy_primitives::{Address, B256, Bytes, address};
use assay_chainspec::{ChainSpec, PRECOMPILE_ADDRESSES};
use revm::{
    Database, DatabaseCommit,
    bytecode::Bytecode,
    context::{Block as _, result::EVMError},
    primitives::KECCAK_EMPTY,
    state::{Account, EvmState},
};

/// Where Canyon puts the create2 deployer.
/// <https://specs.optimism.io/protocol/canyon/overview.html>
pub const CREATE2_DEPLOYER: Address = address!("0x13b0D85CcB8bf860b6b79AF3029fCA081AE9beF2");

/// The code that Canyon puts there, as the specification gives it.
static CREATE2_DEPLOYER_CODE: &[u8] = include_bytes!("../data/create2_deployer.bin");

/// The code of a precompile's account from Agate on, so that extcodesize sees a contract.
pub const PRECOMPILE_CODE: u8 = 0xfe;

/// What a block's preparation depends on besides the state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Preparation {
    pub(crate) parent_hash: B256,
    pub(crate) parent_timestamp: u64,
    pub(crate) parent_beacon_block_root: Option<B256>,
}

impl Preparation {
    pub(crate) const fn of(header: &Header, parent: &Header) -> Self {
        Self {
            parent_hash: header.parent_hash,
            parent_timestamp: parent.timestamp,
            parent_beacon_block_root: header.parent_beacon_block_root,
        }
    }

    /// Applies the changes to the EVM's database, telling `hook` of each.
    pub(crate) fn apply<E, DBError>(
        &self,
        spec: &ChainSpec,
        evm: &mut E,
        hook: &mut Option<Box<dyn OnStateHook>>,
    ) -> Result<(), BlockError>
    where
        E: Evm<
                DB: Database<Error = DBError> + DatabaseCommit,
                Error = EVMError<DBError, OpTxError>,
            >,
        E::BlockEnv: revm::context::Block,
        DBError: std::error::Error + Send + Sync + 'static,
    {
        let timestamp: u64 = evm.block().timestamp().saturating_to();
        let genesis = evm.block().number().is_zero();
        let mut change = |evm: &mut E, source, state: EvmState| {
            if let Some(hook) = hook {
                hook.on_state(StateChangeSource::PreBlock(source), &state);
            }
            evm.db_mut().commit(state);
        };

        if spec.is_isthmus_active_at_timestamp(timestamp) && !genesis {
            let state = system_call(evm, HISTORY_STORAGE_ADDRESS, self.parent_hash)?;
            change(evm, StateChangePreBlockSource::BlockHashesContract, state);
        }
        if let Some(root) = self.parent_beacon_block_root
            && spec.is_ecotone_active_at_timestamp(timestamp)
            && !genesis
        {
            let state = system_call(evm, BEACON_ROOTS_ADDRESS, root)?;
            change(evm, StateChangePreBlockSource::BeaconRootContract, state);
        }
        if spec.is_canyon_active_at_timestamp(timestamp)
            && !spec.is_canyon_active_at_timestamp(self.parent_timestamp)
        {
            let code = Bytes::from_static(CREATE2_DEPLOYER_CODE);
            let state = EvmState::from_iter([deploy(evm, CREATE2_DEPLOYER, &code)?]);
            change(evm, StateChangePreBlockSource::Other("Canyon's create2 deployer"), state);
        }
        if spec.is_agate_active_at_timestamp(timestamp)
            && !spec.is_agate_active_at_timestamp(self.parent_timestamp)
        {
            let mut state = EvmState::default();
            let code = Bytes::from_static(&[PRECOMPILE_CODE]);
            for address in PRECOMPILE_ADDRESSES {
                let account = evm.db_mut().basic(address).map_err(BlockError::database)?;
                if account.is_none_or(|account| account.code_hash == KECCAK_EMPTY) {
                    state.extend([deploy(evm, address, &code)?]);
                }
            }
            change(evm, StateChangePreBlockSource::Other("Agate's precompile accounts"), state);
        }
        Ok(())
    }
}

/// Calls a system contract with 32 bytes of input. A revert or halt changes nothing and is no
/// error, nor is absent code (EIP-4788, EIP-2935).
fn system_call<E, DBError>(
    evm: &mut E,
    contract: Address,
    input: B256,
) -> Result<EvmState, BlockError>
where
    E: Evm<Error = EVMError<DBError, OpTxError>>,
    DBError: std::error::Error + Send + Sync + 'static,
{
    evm.transact_system_call(SYSTEM_ADDRESS, contract, input.0.into())
        .map(|result| result.state)
        .map_err(|error| match error {
            EVMError::Database(error) => BlockError::database(error),
            other => BlockError::Internal(format!("system call to {contract}: {other}")),
        })
}

/// The account at `address` with `code` put in place of its own.
fn deploy<E>(evm: &mut E, address: Address, code: &Bytes) -> Result<(Address, Account), BlockError>
where
    E: Evm<DB: Database>,
    <E::DB as Database>::Error: std::error::Error + Send + Sync + 'static,
{
    let mut info = evm.db_mut().basic(address).map_err(BlockError::database)?.unwrap_or_default();
    let code = Bytecode::new_raw(code.clone());
    info.code_hash = code.hash_slow();
    info.code = Some(code);
    let mut account = Account::from(info);
    account.mark_touch();
    Ok((address, account))
}

/// Tells a database fault below the EVM from the rest.
pub(crate) fn evm_fault<DBError>(
    error: EVMError<DBError, OpTxError>,
) -> Result<OpTxError, BlockError>
where
    DBError: Into<BoxError>,
{
    match error {
        EVMError::Transaction(error) => Ok(error),
        EVMError::Database(error) => Err(BlockError::Database(error.into())),
        EVMError::Header(error) => Err(BlockError::Internal(error.to_string())),
        EVMError::Custom(error) => Err(BlockError::Internal(error)),
        EVMError::CustomAny(error) => Err(BlockError::Internal(format!("{error:?}"))),
    }
}
