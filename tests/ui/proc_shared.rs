// SPDX-License-Identifier: GPL-2.0

//! Several threads may read a file, so its data must be safe to share.

use core::cell::Cell;
use kernel::prelude::*;
use lkm::proc_fs;

/// The file.
pub fn file() -> Result<proc_fs::File> {
    let reads = Cell::new(0);
    let count = move || {
        reads.set(reads.get() + 1);
        reads.get()
    };
    proc_fs::File::new(c"reads", proc_fs::number(count))
}
