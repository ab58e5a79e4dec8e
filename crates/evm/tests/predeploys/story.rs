//! Random sequences of steps, each of which may fail, with the books looked at on the way.

use proptest::{
    collection::vec,
    prelude::any,
    test_runner::{Config, RngSeed, TestRunner},
};
use std::{cell::RefCell, collections::BTreeMap, ops::Range};

/// What is done, and two choices of how.
pub type Step = (u8, u16, u16);
/// How often what has happened.
pub type Happened = BTreeMap<&'static str, usize>;

/// A sequence of steps in one world.
pub trait Story {
    fn new() -> Self;
    fn step(&mut self, step: Step);
    /// Asserts what holds at any time.
    fn audit(&self);
    /// Brings everything to its end, and asserts what holds there.
    fn end(self) -> Happened;
}

/// Tells as many stories as `ASSAY_MUTATIONS` says, or else `default`, of `length` steps each. Gives
/// what happened in all of them.
pub fn tell<S: Story>(default: u32, seed: u64, length: Range<usize>) -> Happened {
    let cases = std::env::var("ASSAY_MUTATIONS").ok().and_then(|cases| cases.parse().ok());
    let config = Config {
        cases: cases.unwrap_or(default),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    };
    let happened = RefCell::new(Happened::new());
    let steps = vec(any::<Step>(), length);
    TestRunner::new(config)
        .run(&steps, |steps| {
            let mut story = S::new();
            for (count, step) in steps.into_iter().enumerate() {
                story.step(step);
                if count % 8 == 0 {
                    story.audit();
                }
            }
            for (what, count) in story.end() {
                *happened.borrow_mut().entry(what).or_default() += count;
            }
            Ok(())
        })
        .expect("no story fails");
    happened.into_inner()
}
