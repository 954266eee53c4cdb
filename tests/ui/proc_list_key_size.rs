// SPDX-License-Identifier: GPL-2.0

//! A key that is larger than an open file should hold.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::proc_fs;

struct None;

impl proc_fs::List for None {
    const MODE: u16 = 0o444;
    type Key = [u8; 2000];

    fn next(&self, _after: Option<[u8; 2000]>, _m: &SeqFile) -> Result<Option<[u8; 2000]>> {
        Ok(Option::None)
    }
}

/// The file.
pub fn file() -> Result<proc_fs::File> {
    proc_fs::File::new(c"none", proc_fs::list(None))
}
