// SPDX-License-Identifier: GPL-2.0

//! A file that nobody could read.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::proc_fs;

struct Empty;

impl proc_fs::Show for Empty {
    const MODE: u16 = 0;

    fn show(&self, _m: &SeqFile) -> Result {
        Ok(())
    }
}

/// The file.
pub fn file() -> Result<proc_fs::File> {
    proc_fs::File::new(c"empty", proc_fs::read_only(Empty))
}
