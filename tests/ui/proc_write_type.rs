// SPDX-License-Identifier: GPL-2.0

//! A value that does not say what it does with a text.

use kernel::prelude::*;
use lkm::proc_fs;

struct Deaf;

/// The file.
pub fn file() -> Result<proc_fs::File> {
    proc_fs::File::new(c"deaf", proc_fs::write_only(Deaf))
}
