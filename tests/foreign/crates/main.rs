// SPDX-License-Identifier: GPL-2.0

//! A module of several crates.

use kernel::prelude::*;

module! {
    type: Crates,
    name: "foreign_crates",
    authors: ["rust-lkm"],
    description: "A module of several crates",
    license: "GPL",
}

struct Crates;

impl kernel::Module for Crates {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        for word in &words::words()? {
            pr_info!("{word}\n");
        }
        Ok(Crates)
    }
}
