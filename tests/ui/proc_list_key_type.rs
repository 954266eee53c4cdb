// SPDX-License-Identifier: GPL-2.0

//! Keys that cannot be copied, put in order, or given to another thread.

use kernel::{prelude::*, seq_file::SeqFile, str::CString};
use lkm::proc_fs;

/// Its keys cannot be copied.
pub struct Moved;

impl proc_fs::List for Moved {
    type Key = CString;

    fn next(&self, _after: Option<CString>, _m: &SeqFile) -> Result<Option<CString>> {
        Ok(None)
    }
}

/// A key without an order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Color(u32);

/// Its keys have no order.
pub struct Colors;

impl proc_fs::List for Colors {
    type Key = Color;

    fn next(&self, _after: Option<Color>, _m: &SeqFile) -> Result<Option<Color>> {
        Ok(None)
    }
}

/// Its keys belong to one thread.
pub struct Local;

impl proc_fs::List for Local {
    type Key = *mut u8;

    fn next(&self, _after: Option<*mut u8>, _m: &SeqFile) -> Result<Option<*mut u8>> {
        Ok(None)
    }
}
