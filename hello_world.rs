// SPDX-License-Identifier: GPL-2.0

//! Prints a message when it is loaded, and another when it is unloaded.

use kernel::prelude::*;

module! {
    type: HelloWorld,
    name: "hello_world",
    authors: ["rust-lkm contributors"],
    description: "Hello World",
    license: "GPL",
}

struct HelloWorld;

impl kernel::Module for HelloWorld {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("Hello World\n");
        Ok(HelloWorld)
    }
}

impl Drop for HelloWorld {
    fn drop(&mut self) {
        pr_info!("Goodbye World\n");
    }
}
