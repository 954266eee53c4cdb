// SPDX-License-Identifier: GPL-2.0

//! A module of Rust and C.

use kernel::{ffi::c_int, prelude::*};

module! {
    type: Mixed,
    name: "foreign_mixed",
    authors: ["rust-lkm"],
    description: "A module of Rust and C",
    license: "GPL",
}

extern "C" {
    fn foreign_sum(a: c_int, b: c_int) -> c_int;
}

struct Mixed;

impl kernel::Module for Mixed {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // SAFETY: It has no requirements.
        pr_info!("the sum is {}\n", unsafe { foreign_sum(4000, 711) });
        Ok(Mixed)
    }
}
