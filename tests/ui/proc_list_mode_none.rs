// SPDX-License-Identifier: GPL-2.0

//! A list that nobody could read.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::proc_fs;

struct None;

impl proc_fs::List for None {
    const MODE: u16 = 0;
    type Key = u64;

    fn next(&self, _after: Option<u64>, _m: &SeqFile) -> Result<Option<u64>> {
        Ok(Option::None)
    }
}

/// The file.
pub fn file() -> Result<proc_fs::File> {
    proc_fs::File::new(c"none", proc_fs::list(None))
}
