// SPDX-License-Identifier: GPL-2.0

//! For docs/crashes.md: reads through a null pointer.

use kernel::prelude::*;

module! {
    type: NullPointer,
    name: "null_pointer",
    authors: ["rust-lkm contributors"],
    description: "A null pointer in init",
    license: "GPL",
}

struct NullPointer;

impl kernel::Module for NullPointer {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let count: *const u64 = core::hint::black_box(core::ptr::null());
        // SAFETY: None: it points to nothing. This is the mistake.
        pr_info!("the count is {}\n", unsafe { count.read_volatile() });
        Ok(NullPointer)
    }
}
