// SPDX-License-Identifier: GPL-2.0

//! What an open file has for itself is kept as one pointer, and any thread may use it.

use core::cell::Cell;
use kernel::prelude::*;
use lkm::chardev;

module! {
    type: ChardevData,
    name: "chardev_data",
    authors: ["rust-lkm contributors"],
    description: "Devices whose files have the wrong data",
    license: "GPL",
}

/// The module.
pub struct ChardevData;

impl kernel::Module for ChardevData {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(ChardevData)
    }
}

/// Its files have a number.
pub struct Number;

#[vtable]
impl chardev::Device for Number {
    type Data = u32;
}

/// Its files have something that only one thread can use.
pub struct Local;

#[vtable]
impl chardev::Device for Local {
    type Data = KBox<*mut u8>;
}

/// Its files have something that cannot be shared.
pub struct Counter;

#[vtable]
impl chardev::Device for Counter {
    type Data = KBox<Cell<u32>>;
}
