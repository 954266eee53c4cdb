// SPDX-License-Identifier: GPL-2.0

//! For docs/crashes.md: its `init` never ends.

use kernel::prelude::*;

module! {
    type: Endless,
    name: "endless",
    authors: ["rust-lkm contributors"],
    description: "An endless loop in init",
    license: "GPL",
}

struct Endless;

impl kernel::Module for Endless {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("{} steps\n", steps_to_one(core::hint::black_box(0)));
        Ok(Endless)
    }
}

/// Stays 0, and never becomes 1.
fn steps_to_one(mut number: u32) -> u64 {
    let mut steps = 0;
    while number != 1 {
        number = if number % 2 == 0 {
            number / 2
        } else {
            3 * number + 1
        };
        steps += 1;
    }
    steps
}
