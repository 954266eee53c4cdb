// SPDX-License-Identifier: GPL-2.0

//! Chapter 1: a module that says something else.

use kernel::prelude::*;

module! {
    type: Greeting,
    name: "greeting",
    authors: ["rust-lkm contributors"],
    description: "Says good morning and good night",
    license: "GPL",
}

struct Greeting;

impl kernel::Module for Greeting {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("Good morning\n");
        Ok(Greeting)
    }
}

impl Drop for Greeting {
    fn drop(&mut self) {
        pr_info!("Good night\n");
    }
}
