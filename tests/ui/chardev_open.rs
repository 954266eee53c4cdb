// SPDX-License-Identifier: GPL-2.0

//! Open files with data that nobody makes.

use kernel::prelude::*;
use lkm::chardev;

module! {
    type: ChardevOpen,
    name: "chardev_open",
    authors: ["rust-lkm contributors"],
    description: "A device without open",
    license: "GPL",
}

struct ChardevOpen {
    _device: chardev::Registration<Numbers>,
}

impl kernel::Module for ChardevOpen {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(ChardevOpen {
            _device: chardev::Registration::new(c"numbers", 0o600, Numbers)?,
        })
    }
}

struct Numbers;

#[vtable]
impl chardev::Device for Numbers {
    type Data = KBox<u32>;
}
