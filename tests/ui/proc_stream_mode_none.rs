// SPDX-License-Identifier: GPL-2.0

//! A stream that nobody could use.

use kernel::prelude::*;
use lkm::proc_fs;

struct Nothing;

impl proc_fs::Stream for Nothing {
    const MODE: u16 = 0;
    type Open = ();

    fn open(&self) -> Result {
        Ok(())
    }
}

/// The file.
pub fn file() -> Result<proc_fs::File> {
    proc_fs::File::new(c"nothing", proc_fs::stream(Nothing))
}
