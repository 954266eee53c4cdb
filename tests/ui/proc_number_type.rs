// SPDX-License-Identifier: GPL-2.0

//! Numbers that are not integers of up to 64 bits.

use kernel::prelude::*;
use lkm::proc_fs;

/// A number of 128 bits.
pub fn wide() -> Result<proc_fs::File> {
    proc_fs::File::new(c"wide", proc_fs::number(|| 1u128))
}

/// No number.
pub fn boolean() -> Result<proc_fs::File> {
    proc_fs::File::new(c"boolean", proc_fs::number(|| true))
}
