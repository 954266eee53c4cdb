// SPDX-License-Identifier: GPL-2.0

//! Chapter 5: a number from 1 to 100 to read and to write, `/proc/limit`.

use kernel::{
    prelude::*,
    seq_file::SeqFile,
    str::{parse_int::ParseInt, BStr},
    sync::atomic::{Atomic, Relaxed},
};
use lkm::{proc_fs, seq_print};

module! {
    type: LimitModule,
    name: "limit",
    authors: ["rust-lkm contributors"],
    description: "/proc/limit: a number from 1 to 100",
    license: "GPL",
}

struct LimitModule {
    _file: proc_fs::File,
}

impl kernel::Module for LimitModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(LimitModule {
            _file: proc_fs::File::new(c"limit", proc_fs::read_write(Limit(Atomic::new(10))))?,
        })
    }
}

struct Limit(Atomic<i32>);

impl proc_fs::Show for Limit {
    fn show(&self, m: &SeqFile) -> Result {
        seq_print!(m, "{}\n", self.0.load(Relaxed));
        Ok(())
    }
}

impl proc_fs::Write for Limit {
    const MAX: usize = 8;

    fn write(&self, text: &[u8]) -> Result {
        let number = i32::from_str(BStr::from_bytes(text.trim_ascii()))?;
        if !(1..=100).contains(&number) {
            return Err(ERANGE);
        }
        self.0.store(number, Relaxed);
        Ok(())
    }
}
