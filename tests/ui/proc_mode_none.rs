// SPDX-License-Identifier: GPL-2.0

//! A mode that procfs takes for another one.

use kernel::prelude::*;
use lkm::proc_fs;

struct Empty;

impl proc_fs::Show for Empty {
    const MODE: u16 = 0;

    fn text<'a>(&'a self, _sample: usize, _line: &'a mut proc_fs::Line) -> &'a [u8] {
        b""
    }
}

/// The file.
pub fn file() -> Result<impl Sized> {
    proc_fs::File::new(c"empty", Empty)
}
