// SPDX-License-Identifier: GPL-2.0

//! A file that says neither that it can be read nor that it can be written to.

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
