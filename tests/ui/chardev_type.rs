// SPDX-License-Identifier: GPL-2.0

//! A value that is no device.

use kernel::prelude::*;
use lkm::chardev;

struct Still;

/// The device.
pub fn device() -> Result<chardev::Registration<Still>> {
    chardev::Registration::new(c"still", 0o600, Still)
}
