// SPDX-License-Identifier: GPL-2.0

//! What the module does when it is loaded.

use crate::StartStop;
use kernel::prelude::*;

impl kernel::Module for StartStop {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("Hello, world - this is the kernel speaking\n");
        Ok(StartStop)
    }
}
