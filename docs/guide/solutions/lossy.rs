// SPDX-License-Identifier: GPL-2.0

//! Chapter 8: `/proc/lossy`, a sum that loses numbers when several processes write at once. It is wrong on purpose.

use kernel::{
    prelude::*,
    seq_file::SeqFile,
    str::{parse_int::ParseInt, BStr},
    sync::atomic::{Atomic, Relaxed},
};
use lkm::{proc_fs, seq_print};

module! {
    type: LossyModule,
    name: "lossy",
    authors: ["rust-lkm contributors"],
    description: "/proc/lossy: a part of the sum of what was written",
    license: "GPL",
}

struct LossyModule {
    _file: proc_fs::File,
}

impl kernel::Module for LossyModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(LossyModule {
            _file: proc_fs::File::new(c"lossy", proc_fs::read_write(Lossy(Atomic::new(0))))?,
        })
    }
}

struct Lossy(Atomic<i64>);

impl proc_fs::Show for Lossy {
    fn show(&self, m: &SeqFile) -> Result {
        seq_print!(m, "{}\n", self.0.load(Relaxed));
        Ok(())
    }
}

impl proc_fs::Write for Lossy {
    fn write(&self, text: &[u8]) -> Result {
        let number = i64::from_str(BStr::from_bytes(text.trim_ascii()))?;
        let sum = self.0.load(Relaxed);
        self.0.store(sum + number, Relaxed);
        Ok(())
    }
}
