// SPDX-License-Identifier: GPL-2.0

//! A value that does not say how it is printed, and a closure with another argument.

use kernel::prelude::*;
use lkm::proc_fs;

struct Silent;

/// A value.
pub fn value() -> Result<proc_fs::File> {
    proc_fs::File::new(c"value", proc_fs::read_only(Silent))
}

/// A closure.
pub fn closure() -> Result<proc_fs::File> {
    proc_fs::File::new(c"closure", proc_fs::read_only(|| Ok(())))
}
