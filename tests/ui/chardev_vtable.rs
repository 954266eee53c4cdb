// SPDX-License-Identifier: GPL-2.0

//! Without `#[vtable]` the kernel would not know which methods there are.

use lkm::chardev;

/// A device.
pub struct Plain;

impl chardev::Device for Plain {
    type Data = ();
}
