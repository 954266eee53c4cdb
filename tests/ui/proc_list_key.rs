// SPDX-License-Identifier: GPL-2.0

//! A key with an alignment that the kernel's memory does not have.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::proc_fs;

/// A key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(align(4096))]
pub struct Large;

struct None;

impl proc_fs::List for None {
    const MODE: u16 = 0o444;
    type Key = Large;

    fn next(&self, _after: Option<Large>, _m: &SeqFile) -> Result<Option<Large>> {
        Ok(Option::None)
    }
}

/// The file.
pub fn file() -> Result<proc_fs::File> {
    proc_fs::File::new(c"none", proc_fs::list(None))
}
