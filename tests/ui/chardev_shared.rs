// SPDX-License-Identifier: GPL-2.0

//! Any number of programs call a device at the same time, so threads must be able to share it.

use core::cell::Cell;
use kernel::prelude::*;
use lkm::chardev;

module! {
    type: ChardevShared,
    name: "chardev_shared",
    authors: ["rust-lkm contributors"],
    description: "Devices that cannot be shared",
    license: "GPL",
}

/// The module.
pub struct ChardevShared;

impl kernel::Module for ChardevShared {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(ChardevShared)
    }
}

/// A device that only one thread can use.
pub struct Local(*mut u8);

#[vtable]
impl chardev::Device for Local {
    type Data = ();
}

/// A device that can go to another thread, but cannot be shared.
pub struct Counter(Cell<u32>);

#[vtable]
impl chardev::Device for Counter {
    type Data = ();
}
