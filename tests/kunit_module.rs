// SPDX-License-Identifier: GPL-2.0

//! For `sanitized/kunit.t`: the module that has the crate lkm with its own tests.
//!
//! When it is loaded, KUnit gets to know them. It runs them when it is told to, through debugfs: the
//! kernel of `tests/sanitized.config` has no `CONFIG_KUNIT_AUTORUN_ENABLED`. Another kernel runs them
//! at loading too. So each has to do the same every time.

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
