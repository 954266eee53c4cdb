// SPDX-License-Identifier: GPL-2.0

//! The state of an open file is kept as one pointer, and any thread may use it.

use core::cell::Cell;
use kernel::prelude::*;
use lkm::proc_fs;

/// Its files have a number.
pub struct Number;

impl proc_fs::Stream for Number {
    const MODE: u16 = 0o444;
    type Open = u32;

    fn open(&self) -> Result<u32> {
        Ok(0)
    }
}

/// Its files have something that only one thread can use.
pub struct Local;

impl proc_fs::Stream for Local {
    const MODE: u16 = 0o444;
    type Open = KBox<*mut u8>;

    fn open(&self) -> Result<Self::Open> {
        Err(ENOMEM)
    }
}

/// Its files have something that cannot be shared.
pub struct Counter;

impl proc_fs::Stream for Counter {
    const MODE: u16 = 0o444;
    type Open = KBox<Cell<u32>>;

    fn open(&self) -> Result<Self::Open> {
        Err(ENOMEM)
    }
}
