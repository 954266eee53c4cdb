// SPDX-License-Identifier: GPL-2.0

//! A value that is no stream.

use kernel::prelude::*;
use lkm::proc_fs;

struct Still;

/// The file.
pub fn file() -> Result<proc_fs::File> {
    proc_fs::File::new(c"still", proc_fs::stream(Still))
}
