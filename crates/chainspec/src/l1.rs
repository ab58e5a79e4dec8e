//! L1's blob parameters by timestamp, from which an L2 node prices blobs.
//!
//! EIP-4844, EIP-7691 (Prague), EIP-7840 (`blobSchedule`), EIP-7892 (blob-parameter-only forks).

use crate::ChainSpecError;
use alloy_genesis::ChainConfig;
use alloy_primitives::Address;

pub use alloy_eips::eip7840::BlobParams;

/// Blob parameters in order of activation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobSchedule {
    /// Activation (unix seconds) and parameters, ascending.
    entries: Vec<(u64, BlobParams)>,
}

/// What a rollup node has to know of its L1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct L1ChainConfig {
    /// Chain id.
    pub chain_id: u64,
    /// Blob parameters.
    pub blobs: BlobSchedule,
    /// When Prague activates, unix seconds.
    pub prague_time: Option<u64>,
    /// When Osaka activates, unix seconds: blob transactions carry EIP-7594 cell proofs from then.
    pub osaka_time: Option<u64>,
    /// The deposit contract's address (EIP-6110), where there is one.
    pub deposit_contract: Option<Address>,
}

impl BlobSchedule {
    /// Parameters at an L1 block of this timestamp; none before Cancun.
    pub fn at(&self, timestamp: u64) -> Option<BlobParams> {
        self.entries.iter().rev().find(|(time, _)| *time <= timestamp).map(|(_, params)| *params)
    }

    /// The blob base fee of an L1 block, in wei; 1 where the block has no excess blob gas, as
    /// op-node's `BlobBaseFee` gives before Cancun.
    pub fn base_fee(&self, timestamp: u64, excess_blob_gas: Option<u64>) -> u128 {
        match (self.at(timestamp), excess_blob_gas) {
            (Some(params), Some(excess)) => params.calc_blob_fee(excess),
            _ => 1,
        }
    }
}

impl L1ChainConfig {
    /// A known L1: mainnet, Sepolia, Holesky, Hoodi.
    pub fn known(chain_id: u64) -> Option<Self> {
        // Activations: EIP-7607 (Fusaka), EIP-7600 (Pectra) and EIP-7569 (Dencun).
        let (cancun, prague, osaka, bpo1, bpo2) = match chain_id {
            1 => (1_710_338_135, 1_746_612_311, 1_764_798_551, 1_765_290_071, 1_767_747_671),
            11_155_111 => {
                (1_706_655_072, 1_741_159_776, 1_760_427_360, 1_761_017_184, 1_761_607_008)
            }
            17_000 => (1_707_305_664, 1_740_434_112, 1_759_308_480, 1_759_800_000, 1_760_389_824),
            560_048 => (0, 1_742_999_832, 1_761_677_592, 1_762_365_720, 1_762_955_544),
            _ => return None,
        };
        Some(Self {
            chain_id,
            blobs: BlobSchedule {
                entries: vec![
                    (cancun, BlobParams::cancun()),
                    (prague, BlobParams::prague()),
                    (osaka, BlobParams::osaka()),
                    (bpo1, BlobParams::bpo1()),
                    (bpo2, BlobParams::bpo2()),
                ],
            },
            prague_time: Some(prague),
            osaka_time: Some(osaka),
            deposit_contract: None,
        })
    }

    /// A development L1 with Cancun, Prague and, if asked, Osaka from its genesis on.
    pub fn dev(chain_id: u64, osaka: bool) -> Self {
        let params = if osaka { BlobParams::osaka() } else { BlobParams::prague() };
        Self {
            chain_id,
            blobs: BlobSchedule { entries: vec![(0, params)] },
            prague_time: Some(0),
            osaka_time: osaka.then_some(0),
            deposit_contract: None,
        }
    }

    /// Reads an L1 genesis.json, or the `config` object of one (`--rollup.l1-chain-config`).
    ///
    /// # Errors
    /// JSON that is neither.
    pub fn from_json(json: &str) -> Result<Self, ChainSpecError> {
        let parse = |source| ChainSpecError::Json { what: "the L1 chain config", source };
        let mut value: serde_json::Value = serde_json::from_str(json).map_err(parse)?;
        if let Some(config) = value.get_mut("config") {
            value = config.take();
        }
        let config: ChainConfig = serde_json::from_value(value).map_err(parse)?;
        Ok(Self::from_config(&config))
    }

    fn from_config(config: &ChainConfig) -> Self {
        let mut entries: Vec<(u64, BlobParams)> = Vec::new();
        for (name, time, standard) in [
            ("cancun", config.cancun_time, Some(BlobParams::cancun())),
            ("prague", config.prague_time, Some(BlobParams::prague())),
            ("osaka", config.osaka_time, Some(BlobParams::osaka())),
            ("bpo1", config.bpo1_time, None),
            ("bpo2", config.bpo2_time, None),
            ("bpo3", config.bpo3_time, None),
            ("bpo4", config.bpo4_time, None),
            ("bpo5", config.bpo5_time, None),
        ] {
            let params = config.blob_schedule.get(name).copied().or(standard);
            if let (Some(time), Some(params)) = (time, params) {
                entries.push((time, params));
            }
        }
        // Stable: of forks at the same second the later one in the list above holds.
        entries.sort_by_key(|(time, _)| *time);
        Self {
            chain_id: config.chain_id,
            blobs: BlobSchedule { entries },
            prague_time: config.prague_time,
            osaka_time: config.osaka_time,
            deposit_contract: config.deposit_contract_address,
        }
    }
}
