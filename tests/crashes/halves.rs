// SPDX-License-Identifier: GPL-2.0

//! For docs/crashes.md: uses floating point, which the kernel does not have. (It cannot be built.)

use kernel::prelude::*;

module! {
    type: Halves,
    name: "halves",
    authors: ["rust-lkm contributors"],
    description: "Floating point",
    license: "GPL",
}

struct Halves;

impl kernel::Module for Halves {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let half = core::hint::black_box(7_u32) as f32 * 0.5;
        pr_info!("{} of them\n", half as u32);
        Ok(Halves)
    }
}
