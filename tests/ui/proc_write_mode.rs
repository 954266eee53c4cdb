// SPDX-License-Identifier: GPL-2.0

//! A file that can only be written to, with a mode that lets somebody read.

use kernel::prelude::*;
use lkm::proc_fs;

struct Nothing;

impl proc_fs::Write for Nothing {
    const MODE: u16 = 0o600;

    fn write(&self, _text: &[u8]) -> Result {
        Ok(())
    }
}

/// The file.
pub fn file() -> Result<proc_fs::File> {
    proc_fs::File::new(c"nothing", proc_fs::write_only(Nothing))
}
