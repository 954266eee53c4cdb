// SPDX-License-Identifier: GPL-2.0

//! What the module does when it is unloaded.

use crate::StartStop;
use kernel::prelude::*;

impl Drop for StartStop {
    fn drop(&mut self) {
        pr_info!("Short is the life of a kernel module\n");
    }
}
