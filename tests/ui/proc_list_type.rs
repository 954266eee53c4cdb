// SPDX-License-Identifier: GPL-2.0

//! A value that is no list.

use kernel::prelude::*;
use lkm::proc_fs;

/// The file.
pub fn file() -> Result<proc_fs::File> {
    proc_fs::File::new(c"numbers", proc_fs::list([1, 2, 3]))
}
