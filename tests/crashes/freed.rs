// SPDX-License-Identifier: GPL-2.0

//! For docs/crashes.md: reads memory that it has freed.

use kernel::prelude::*;

module! {
    type: Freed,
    name: "freed",
    authors: ["rust-lkm contributors"],
    description: "A use after free in init",
    license: "GPL",
}

struct Freed;

impl kernel::Module for Freed {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let numbers = KBox::into_raw(KBox::new([1u64; 8], GFP_KERNEL)?);
        // SAFETY: It comes from `into_raw`.
        drop(unsafe { KBox::from_raw(numbers) });
        // SAFETY: None: the memory has been given back. This is the mistake.
        pr_info!("the first is {}\n", unsafe {
            numbers.cast::<u64>().read_volatile()
        });
        Ok(Freed)
    }
}
