//! Commits and reads of a store.

fn main() {}
