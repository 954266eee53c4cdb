// SPDX-License-Identifier: GPL-2.0

//! Any number of programs use a file at the same time, so threads must be able to share its value.

use core::cell::Cell;
use kernel::{prelude::*, seq_file::SeqFile};
use lkm::proc_fs;

/// A value that only one thread can use.
pub struct Local(*mut u8);

impl proc_fs::Show for Local {
    fn show(&self, _m: &SeqFile) -> Result {
        Ok(())
    }
}

impl proc_fs::List for Local {
    type Key = u8;

    fn next(&self, _after: Option<u8>, _m: &SeqFile) -> Result<Option<u8>> {
        Ok(None)
    }
}

/// A value that can go to another thread, but cannot be shared.
pub struct Counter(Cell<u32>);

impl proc_fs::Write for Counter {
    fn write(&self, _text: &[u8]) -> Result {
        Ok(())
    }
}

impl proc_fs::List for Counter {
    type Key = u8;

    fn next(&self, _after: Option<u8>, _m: &SeqFile) -> Result<Option<u8>> {
        Ok(None)
    }
}

impl proc_fs::Stream for Counter {
    const MODE: u16 = 0o444;
    type Open = ();

    fn open(&self) -> Result {
        Ok(())
    }
}
