//! The second node: a process of its own, which knows genesis, rollup.json and L1 and nothing else.

use super::{DemoConfig, DemoError, PATIENCE, POLL};
use crate::network::Network;
use assay_client::Rpc;
use assay_rollup::SyncStatus;
use serde_json::json;
use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
    time::Instant,
};

/// The running process; killed when dropped.
#[derive(Debug)]
pub(super) struct SecondNode {
    process: Child,
    rpc: Rpc,
    rollup: Rpc,
}

impl SecondNode {
    pub(super) fn start(config: &DemoConfig, network: &Network) -> Result<Self, DemoError> {
        let folder = config.folder.join("verifier");
        fs::create_dir_all(&folder)?;
        let log = File::create(folder.join("node.log"))?;
        let (http, auth, rollup) = (free_port()?, free_port()?, free_port()?);
        let l1 = network.l1().url();
        let process = Command::new(&config.program)
            .arg("node")
            .arg("--chain")
            .arg(&network.files().genesis)
            .arg("--datadir")
            .arg(folder.join("data"))
            .args(["--http", "--http.port", &http.to_string()])
            .args(["--authrpc.port", &auth.to_string()])
            .args(["--rollup", "--rollup.rpc-port", &rollup.to_string()])
            .arg("--rollup-config")
            .arg(&network.files().rollup)
            .args(["--l1", &l1, "--l1.beacon", &l1])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        Ok(Self {
            process,
            rpc: Rpc::new(&format!("http://127.0.0.1:{http}"))?,
            rollup: Rpc::new(&format!("http://127.0.0.1:{rollup}"))?,
        })
    }

    pub(super) const fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// Waits until L1's data has led it to block `target`.
    pub(super) async fn wait_safe(
        &self,
        target: u64,
        progress: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), DemoError> {
        let start = Instant::now();
        let mut shown = 0;
        loop {
            // An error: it is still starting.
            let status: Result<SyncStatus, _> =
                self.rollup.call("optimism_syncStatus", json!([])).await;
            let safe = status.map_or(0, |status| status.safe_l2.number);
            if safe >= target {
                return Ok(());
            }
            if safe >= shown + 10 {
                shown = safe;
                progress(&format!("the second node derived {safe} of {target} blocks"));
            }
            if start.elapsed() > PATIENCE {
                return Err(DemoError::Timeout("the second node"));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Ends the process and waits for it.
    pub(super) fn stop(mut self) -> Result<(), DemoError> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for SecondNode {
    fn drop(&mut self) {
        // Errors say that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16, DemoError> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
