//! A node process, and who kills it.

use alloy_primitives::{Address, address, bytes};
use alloy_rpc_types_engine::JwtSecret;
use assay_chainspec::{
    RollupConfig,
    preset::{Preset, PresetBuilder, PresetChain, genesis_json},
};
use assay_rollup::{Engine, HttpEngine, L2BlockId};
use parking_lot::Mutex;
use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};
use tempfile::TempDir;

/// `sstore(calldataload(0), calldataload(32))`.
pub(super) const WRITER: Address = address!("00000000000000000000000000000000000c0de1");
/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LOG_FILTER: &str = "info,assay_storage=debug";
/// What a node logs when it starts to unwind its store, and when a batch of blocks is on disk.
const UNWINDING: &str = "unwinding the store";
const COMMITTED: &str = "committed";

/// The program, the chain and a folder for everything.
pub(super) struct World {
    binary: PathBuf,
    pub(super) chain: PresetChain,
    pub(super) builder: PresetBuilder,
    secret: JwtSecret,
    folder: TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        let writer = alloy_genesis::GenesisAccount {
            code: Some(bytes!("6020356000355500")),
            ..Default::default()
        };
        let builder = Preset::Dev.builder().account(WRITER, writer);
        let chain = builder.build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let secret = JwtSecret::random();
        let genesis = genesis_json(chain.spec.genesis()).unwrap();
        fs::write(folder.path().join("genesis.json"), genesis).unwrap();
        fs::write(folder.path().join("jwt.hex"), alloy_primitives::hex::encode(secret.as_bytes()))
            .unwrap();
        Self { binary: binary(), chain, builder, secret, folder }
    }

    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) const fn rollup(&self) -> &RollupConfig {
        &self.chain.rollup
    }

    fn command(&self, words: &[&str], datadir: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(words).arg("--chain").arg(self.folder("genesis.json"));
        command.arg("--datadir").arg(datadir);
        command
    }

    /// Runs `assay db verify`; what it prints.
    pub(super) fn verify(&self, datadir: &Path) -> String {
        let output = self.command(&["db", "verify"], datadir).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// `ASSAY`, or what stands in the target directory.
fn binary() -> PathBuf {
    if let Some(path) = env::var_os("ASSAY") {
        return path.into();
    }
    let test = env::current_exe().unwrap();
    // target/debug/deps/system-…
    let target = test.ancestors().nth(3).unwrap();
    let candidates = ["release", "debug"].map(|profile| target.join(profile).join("assay"));
    let found = candidates.into_iter().find(|path| path.is_file());
    found.expect("no assay: build it, or name it in ASSAY")
}

/// When to kill.
#[derive(Debug, Clone, Copy)]
pub(super) enum Aim {
    Anywhere {
        after: Duration,
    },
    /// When the database file changes for the first time after a while.
    Write {
        after: Duration,
        delay: Duration,
    },
    /// When the node says that it unwinds its store.
    Unwind {
        delay: Duration,
    },
}

/// What the kill cut short, for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hit {
    Nothing,
    Write,
    Unwind,
}

/// What is seen of a node from outside.
#[derive(Debug, Default)]
struct Seen {
    commits: AtomicUsize,
    unwinds: AtomicUsize,
    killed: AtomicBool,
    log: Mutex<Vec<String>>,
}

/// A running node.
pub(super) struct Process {
    child: Arc<Mutex<Child>>,
    engine: HttpEngine,
    seen: Arc<Seen>,
    reader: Option<JoinHandle<()>>,
    database: PathBuf,
}

/// The thread that kills: commits before the write it waited for, if it saw one.
pub(super) struct Killer(JoinHandle<(Aim, Option<usize>)>);

impl Process {
    /// Starts a node and waits until it answers.
    pub(super) async fn start(world: &World, datadir: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = world.command(&["node"], datadir);
        command.args(["--authrpc.port", &port.to_string(), "--log.stdout.filter", LOG_FILTER]);
        command.arg("--authrpc.jwtsecret").arg(world.folder("jwt.hex"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let seen = Arc::new(Seen::default());
        let lines = BufReader::new(child.stdout.take().unwrap());
        let reader = {
            let seen = Arc::clone(&seen);
            thread::spawn(move || {
                for line in lines.lines().map_while(Result::ok) {
                    seen.commits.fetch_add(usize::from(line.contains(COMMITTED)), Ordering::SeqCst);
                    seen.unwinds.fetch_add(usize::from(line.contains(UNWINDING)), Ordering::SeqCst);
                    seen.log.lock().push(line);
                }
            })
        };
        let config = Arc::new(world.rollup().clone());
        let engine =
            HttpEngine::new(&format!("http://127.0.0.1:{port}"), world.secret, config).unwrap();
        let begun = Instant::now();
        while let Err(error) = engine.block(L2BlockId::Latest).await {
            let ended = child.try_wait().unwrap();
            let log = || seen.log.lock().join("\n");
            assert!(ended.is_none(), "the node ended: {ended:?}\n{}", log());
            assert!(begun.elapsed() < PATIENCE, "no answer: {error}\n{}", log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let child = Arc::new(Mutex::new(child));
        Self { child, engine, seen, reader: Some(reader), database: datadir.to_owned() }
    }

    pub(super) const fn engine(&self) -> &HttpEngine {
        &self.engine
    }

    /// Starts the thread that will kill the node.
    pub(super) fn aim(&self, aim: Aim) -> Killer {
        let (child, seen) = (Arc::clone(&self.child), Arc::clone(&self.seen));
        let file = database_file(&self.database);
        Killer(thread::spawn(move || {
            let mut before = None;
            match aim {
                Aim::Anywhere { after } => thread::sleep(after),
                Aim::Write { after, delay } => {
                    thread::sleep(after);
                    let commits = seen.commits.load(Ordering::SeqCst);
                    let modified = modified(&file);
                    if wait(Duration::from_micros(50), || self::modified(&file) != modified) {
                        before = Some(commits);
                    }
                    thread::sleep(delay);
                }
                Aim::Unwind { delay } => {
                    let unwinds = || seen.unwinds.load(Ordering::SeqCst);
                    if wait(Duration::from_micros(50), || unwinds() > 0) {
                        thread::sleep(delay);
                    }
                }
            }
            seen.killed.store(true, Ordering::SeqCst);
            // SIGKILL.
            child.lock().kill().unwrap();
            (aim, before)
        }))
    }

    /// After the node is gone: what the kill hit. Fails if nobody killed it.
    pub(super) fn killed(mut self, killer: Killer) -> Hit {
        if !self.seen.killed.load(Ordering::SeqCst) {
            panic!("the node gave up by itself:\n{}", self.seen.log.lock().join("\n"));
        }
        let (aim, before) = killer.0.join().unwrap();
        let status = self.child.lock().wait().unwrap();
        assert_eq!(status.code(), None, "the node ended by itself");
        // To the last line.
        self.read_all();
        match aim {
            Aim::Write { .. } if before == Some(self.seen.commits.load(Ordering::SeqCst)) => {
                Hit::Write
            }
            Aim::Unwind { .. } if self.seen.unwinds.load(Ordering::SeqCst) > 0 => Hit::Unwind,
            _ => Hit::Nothing,
        }
    }

    fn read_all(&mut self) {
        self.reader.take().unwrap().join().unwrap();
    }

    /// Stops the node as an operator would.
    pub(super) fn stop(mut self) {
        let id = self.child.lock().id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.child.lock().wait().unwrap();
        self.read_all();
        assert!(status.success(), "{status}\n{}", self.seen.log.lock().join("\n"));
    }
}

/// A test that fails leaves no process behind.
impl Drop for Process {
    fn drop(&mut self) {
        // Fails only if it has ended.
        let _ = self.child.lock().kill();
    }
}

fn wait(step: Duration, until: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE / 4 {
        if until() {
            return true;
        }
        thread::sleep(step);
    }
    false
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}

/// The one file of that name below the data directory.
fn database_file(datadir: &Path) -> PathBuf {
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let direct = datadir.join("mdbx.dat");
    if direct.is_file() {
        return direct;
    }
    let mut nested = below(datadir).into_iter().map(|folder| folder.join("mdbx.dat"));
    nested.find(|file| file.is_file()).expect("no database file")
}
