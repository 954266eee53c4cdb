// SPDX-License-Identifier: GPL-2.0

//! For `sanitized/kunit.t`: the module that has the crate lkm with its own tests, which KUnit runs when it is loaded.

use kernel::prelude::*;

module! {
    type: LkmKunit,
    name: "lkm_kunit",
    authors: ["rust-lkm contributors"],
    description: "Tests of the crate lkm",
    license: "GPL",
}

struct LkmKunit;

impl kernel::Module for LkmKunit {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(LkmKunit)
    }
}
