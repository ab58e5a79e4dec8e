//! Whole-system tests, one binary.

mod dependencies;
