// SPDX-License-Identifier: GPL-2.0

//! Values that can only be read, or only be written to.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::proc_fs;

struct Deaf;

impl proc_fs::Show for Deaf {
    fn show(&self, _m: &SeqFile) -> Result {
        Ok(())
    }
}

/// A file that can only be read.
pub fn deaf() -> Result<proc_fs::File> {
    proc_fs::File::new(c"deaf", proc_fs::read_write(Deaf))
}

struct Silent;

impl proc_fs::Write for Silent {
    fn write(&self, _text: &[u8]) -> Result {
        Ok(())
    }
}

/// A file that can only be written to.
pub fn silent() -> Result<proc_fs::File> {
    proc_fs::File::new(c"silent", proc_fs::read_write(Silent))
}
