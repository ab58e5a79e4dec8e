//! Whole-system tests, one binary.

mod actions;
mod dependencies;
mod kills;
mod transactions;
