// SPDX-License-Identifier: GPL-2.0

//! For docs/crashes.md: takes the value of an `Option` that has none.

use kernel::prelude::*;

module! {
    type: Unwraps,
    name: "unwraps",
    authors: ["rust-lkm contributors"],
    description: "A panic in init",
    license: "GPL",
}

struct Unwraps;

impl kernel::Module for Unwraps {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("the largest is {}\n", largest(&[]));
        Ok(Unwraps)
    }
}

fn largest(numbers: &[u32]) -> u32 {
    *numbers.iter().max().unwrap()
}
