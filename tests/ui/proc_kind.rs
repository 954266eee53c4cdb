// SPDX-License-Identifier: GPL-2.0

//! A file of which nothing says whether it is read or written.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::proc_fs;

struct Empty;

impl proc_fs::Show for Empty {
    fn show(&self, _m: &SeqFile) -> Result {
        Ok(())
    }
}

/// The file.
pub fn file() -> Result<proc_fs::File> {
    proc_fs::File::new(c"empty", Empty)
}
