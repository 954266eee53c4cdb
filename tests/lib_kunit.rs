// SPDX-License-Identifier: GPL-2.0

//! For `sanitized/kunit.t`: tests of `lib/` from within, which KUnit runs when this is loaded.

use kernel::prelude::*;

#[path = "../lib/mod.rs"]
mod lib;

#[path = "kunit/arithmetic.rs"]
mod arithmetic;

module! {
    type: LibKunit,
    name: "lib_kunit",
    authors: ["rust-lkm contributors"],
    description: "Tests of lib/",
    license: "GPL",
}

struct LibKunit;

impl kernel::Module for LibKunit {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(LibKunit)
    }
}
