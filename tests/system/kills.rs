//! A node process that is killed again and again while a driver replays blocks to it.
//!
//! Every time it must reopen on a block that it had acknowledged as its head, at most a few blocks
//! back; the driver goes on from there, and in the end the chain is the same, hash for hash, and its
//! state gives the root that its head states.
//!
//! `tests/README.md` says how to run it.

mod blocks;
mod process;

use alloy_primitives::B256;
use alloy_rpc_types_engine::{ForkchoiceState, PayloadStatusEnum};
use assay_rollup::{Engine, EngineError, L2BlockId};
use blocks::Blocks;
use process::{Aim, Hit, Process, World};
use std::{env, time::Duration};

/// Kills at least, unless `KILLS` says otherwise.
const KILLS: usize = 50;
/// Of those, while blocks are written, and while the store is unwound.
const WRITES: usize = 10;
const UNWINDS: usize = 5;
/// A run that is aimed at a write can miss it; so often in all is a defect of the test.
const MOST_KILLS: usize = 4 * KILLS;
/// Blocks that a kill may cost.
const MOST_LOST: usize = 8;
/// Blocks of the chain.
const LENGTH: usize = 60;
/// Further back than what a node keeps in memory alone.
const DEEP: usize = 14;

/// Repeatable choices (splitmix64); what the kernel's scheduler does is not repeatable.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    fn micros(&mut self, from: usize, to: usize) -> Duration {
        Duration::from_micros((from + self.below(to - from)) as u64)
    }
}

/// What the driver knows. Block 0 is the genesis.
#[derive(Debug)]
struct Driver<'a> {
    blocks: &'a Blocks,
    /// The head acknowledged last.
    acknowledged: usize,
    /// Where the head is to go; unequal to the above while a forkchoice is unanswered.
    asked: usize,
}

impl Driver<'_> {
    /// Makes a block the head.
    async fn head(&mut self, engine: &impl Engine, number: usize) -> Result<(), EngineError> {
        self.asked = number;
        let state = ForkchoiceState {
            head_block_hash: self.blocks.hash(number),
            safe_block_hash: B256::ZERO,
            finalized_block_hash: B256::ZERO,
        };
        let answer = engine.forkchoice(state, None).await?;
        assert!(answer.is_valid(), "block {number} as head: {answer:?}");
        self.acknowledged = number;
        Ok(())
    }

    /// Gives the block after the head, and makes it the head.
    async fn advance(&mut self, engine: &impl Engine) -> Result<(), EngineError> {
        let next = self.acknowledged + 1;
        let status = engine.insert(self.blocks.payload(next).clone()).await?;
        assert_eq!(status.status, PayloadStatusEnum::Valid, "block {next}");
        self.head(engine, next).await
    }

    /// Finds the head of a node that was started again.
    async fn reopen(&mut self, engine: &impl Engine) {
        let head = engine.block(L2BlockId::Latest).await.unwrap().expect("no head");
        let number = usize::try_from(head.block.header.number).unwrap();
        // A kill during an unwind leaves the one or the other; what was not acknowledged yet never
        // is the head.
        let highest = self.acknowledged;
        let lowest = highest.min(self.asked).saturating_sub(MOST_LOST);
        assert!((lowest..=highest).contains(&number), "at {number}, not in {lowest}..={highest}");
        assert_eq!(head.hash, self.blocks.hash(number), "another block {number}");
        (self.acknowledged, self.asked) = (number, number);
    }

    /// Replays until the node is gone. `eager`: goes back far as soon as it can.
    async fn until_killed(&mut self, engine: &impl Engine, dice: &mut Dice, eager: bool) {
        let mut since_deep = 0;
        loop {
            let at = self.acknowledged;
            let deep = at > DEEP && (at == LENGTH || (eager && since_deep > DEEP));
            let result = if deep {
                since_deep = 0;
                self.head(engine, at - DEEP - dice.below(at - DEEP)).await
            } else if at > 6 && dice.below(16) == 0 {
                self.head(engine, at - 1 - dice.below(5)).await
            } else {
                since_deep += 1;
                self.advance(engine).await
            };
            match result {
                Ok(()) => {}
                Err(EngineError::Unavailable(_)) => return,
                Err(error) => panic!("at block {at}: {error}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a built assay: see tests/README"]
async fn a_killed_node_reopens_on_an_acknowledged_head() {
    let number = |name| env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let seed = number("KILLS_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let kills = number("KILLS").map_or(KILLS, |kills| usize::try_from(kills).unwrap());
    println!("KILLS_SEED={seed}");
    let mut dice = Dice(seed);

    let world = World::new();
    let blocks = Blocks::build(&world, LENGTH).await;
    let mut driver = Driver { blocks: &blocks, acknowledged: 0, asked: 0 };
    // A smaller run has smaller shares.
    let share = |of: usize| (of * kills).div_ceil(KILLS).min(of);
    let (mut killed, mut writes, mut unwinds, mut lost) = (0, 0, 0, Vec::new());
    let folder = world.folder("killed");
    while killed < kills || writes < share(WRITES) || unwinds < share(UNWINDS) {
        assert!(killed < MOST_KILLS, "{writes} writes and {unwinds} unwinds hit, seed {seed}");
        let aim = match killed % 5 {
            0 | 2 => {
                Aim::Write { after: dice.micros(20_000, 300_000), delay: dice.micros(0, 1_500) }
            }
            3 => Aim::Unwind { delay: dice.micros(0, 3_000) },
            _ => Aim::Anywhere { after: dice.micros(0, 700_000) },
        };
        let process = Process::start(&world, &folder).await;
        let was = driver.acknowledged;
        driver.reopen(process.engine()).await;
        lost.push(was.saturating_sub(driver.acknowledged));
        let killer = process.aim(aim);
        let eager = matches!(aim, Aim::Unwind { .. });
        driver.until_killed(process.engine(), &mut dice, eager).await;
        let hit = process.killed(killer);
        // Only if the forkchoice that unwinds was not answered yet, it was cut short.
        let backwards = driver.asked < driver.acknowledged;
        writes += usize::from(hit == Hit::Write);
        unwinds += usize::from(hit == Hit::Unwind && backwards);
        killed += 1;
        println!("{killed}: {aim:?}: {hit:?} at {} -> {}", driver.acknowledged, driver.asked);
    }

    let process = Process::start(&world, &folder).await;
    driver.reopen(process.engine()).await;
    while driver.acknowledged < LENGTH {
        driver.advance(process.engine()).await.unwrap();
    }
    let head = process.engine().block(L2BlockId::Latest).await.unwrap().unwrap();
    assert_eq!(head.hash, blocks.hash(LENGTH));
    process.stop();
    let verified = world.verify(&folder);
    assert!(verified.contains(&head.hash.to_string()), "not at the head: {verified}");
    println!("{killed} kills, {writes} in a write, {unwinds} in an unwind; blocks lost: {lost:?}");
}
