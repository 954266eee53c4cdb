// SPDX-License-Identifier: GPL-2.0

//! A file that can only be read, with a mode that lets somebody write.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::proc_fs;

struct Empty;

impl proc_fs::Show for Empty {
    const MODE: u16 = 0o644;

    fn show(&self, _m: &SeqFile) -> Result {
        Ok(())
    }
}

/// The file.
pub fn file() -> Result<proc_fs::File> {
    proc_fs::File::new(c"empty", proc_fs::read_only(Empty))
}
