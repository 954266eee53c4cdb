// SPDX-License-Identifier: GPL-2.0

//! For `sanitized/kunit.t`: a module that contains the crate lkm with its own tests.
//!
//! Loading it registers the tests with KUnit. On the kernel of `tests/sanitized.config`, KUnit runs
//! them only when asked to through debugfs, because `CONFIG_KUNIT_AUTORUN_ENABLED` is off. Another
//! kernel also runs them when the module is loaded. So each test must do the same every time.

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
