// SPDX-License-Identifier: GPL-2.0

//! A file that nobody could write to.

use kernel::prelude::*;
use lkm::proc_fs;

struct Nothing;

impl proc_fs::Write for Nothing {
    const MODE: u16 = 0;

    fn write(&self, _text: &[u8]) -> Result {
        Ok(())
    }
}

/// The file.
pub fn file() -> Result<proc_fs::File> {
    proc_fs::File::new(c"nothing", proc_fs::write_only(Nothing))
}
