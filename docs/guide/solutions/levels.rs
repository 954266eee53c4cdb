// SPDX-License-Identifier: GPL-2.0

//! Chapter 2: a line of each level that a module normally uses.

use kernel::prelude::*;

module! {
    type: Levels,
    name: "levels",
    authors: ["rust-lkm contributors"],
    description: "Prints a line of each level",
    license: "GPL",
}

struct Levels;

impl kernel::Module for Levels {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_err!("an error\n");
        pr_warn!("a warning\n");
        pr_notice!("something to notice\n");
        pr_info!("a piece of information\n");
        Ok(Levels)
    }
}
