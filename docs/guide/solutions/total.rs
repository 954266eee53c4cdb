// SPDX-License-Identifier: GPL-2.0

//! Chapter 5: a file to read and to write, `/proc/total`.

use kernel::{
    prelude::*,
    seq_file::SeqFile,
    str::{parse_int::ParseInt, BStr},
    sync::atomic::{Atomic, Relaxed},
};
use lkm::{proc_fs, seq_print};

module! {
    type: TotalModule,
    name: "total",
    authors: ["rust-lkm contributors"],
    description: "/proc/total: the sum of what was written",
    license: "GPL",
}

struct TotalModule {
    _file: proc_fs::File,
}

impl kernel::Module for TotalModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(TotalModule {
            _file: proc_fs::File::new(c"total", proc_fs::read_write(Total(Atomic::new(0))))?,
        })
    }
}

struct Total(Atomic<i64>);

impl proc_fs::Show for Total {
    fn show(&self, m: &SeqFile) -> Result {
        seq_print!(m, "{}\n", self.0.load(Relaxed));
        Ok(())
    }
}

impl proc_fs::Write for Total {
    fn write(&self, text: &[u8]) -> Result {
        let number = i64::from_str(BStr::from_bytes(text.trim_ascii()))?;
        self.0.fetch_add(number, Relaxed);
        Ok(())
    }
}
