// SPDX-License-Identifier: GPL-2.0

//! A file can be read as long as it exists, so its data must not be borrowed.

use kernel::prelude::*;
use lkm::proc_fs;

/// The file.
pub fn file() -> Result<proc_fs::File> {
    let number = 1;
    proc_fs::File::new(c"number", proc_fs::number(|| number))
}
