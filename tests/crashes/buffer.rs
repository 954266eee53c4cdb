// SPDX-License-Identifier: GPL-2.0

//! For docs/crashes.md: has more data on the stack than there is room for.

use kernel::prelude::*;

module! {
    type: Buffer,
    name: "buffer",
    authors: ["rust-lkm contributors"],
    description: "An array of 20 KB on the stack",
    license: "GPL",
}

struct Buffer;

impl kernel::Module for Buffer {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let bytes = core::hint::black_box([0_u8; 20_000]);
        pr_info!("{} bytes\n", bytes.len());
        Ok(Buffer)
    }
}
