// SPDX-License-Identifier: GPL-2.0

//! Chapter 10: tests/crashes/unwraps.rs, mended: without a number, loading fails and nothing crashes.

use kernel::prelude::*;
use lkm::module_param;

module! {
    type: Largest,
    name: "largest",
    authors: ["rust-lkm contributors"],
    description: "Prints the largest of some numbers",
    license: "GPL",
}

module_param! {
    numbers: [uint; 8] = [], 0o444, "Up to 8 numbers";
}

struct Largest;

impl kernel::Module for Largest {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let largest = numbers.value().iter().max().ok_or(EINVAL)?;
        pr_info!("the largest is {largest}\n");
        Ok(Largest)
    }
}
