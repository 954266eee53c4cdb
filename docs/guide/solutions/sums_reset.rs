// SPDX-License-Identifier: GPL-2.0

//! Chapter 5: `/proc/sums/`, with a file that sets the sum to 0.

use kernel::{
    prelude::*,
    seq_file::SeqFile,
    str::{parse_int::ParseInt, BStr},
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
};
use lkm::{proc_fs, seq_print};

module! {
    type: SumsReset,
    name: "sums_reset",
    authors: ["rust-lkm contributors"],
    description: "/proc/sums/: the sum of what was written, until it was reset",
    license: "GPL",
}

struct SumsReset {
    _files: [proc_fs::File; 4],
}

impl kernel::Module for SumsReset {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let sum = Arc::new(Atomic::new(0i64), GFP_KERNEL)?;
        let (decimal, hexadecimal, reset) = (sum.clone(), sum.clone(), sum.clone());

        let dir = proc_fs::Dir::new(c"sums")?;
        Ok(SumsReset {
            _files: [
                dir.file(c"add", proc_fs::write_only(Add(sum)))?,
                dir.file(c"decimal", proc_fs::number(move || decimal.load(Relaxed)))?,
                dir.file(
                    c"hexadecimal",
                    proc_fs::read_only(move |m: &SeqFile| {
                        seq_print!(m, "{:#x}\n", hexadecimal.load(Relaxed));
                        Ok(())
                    }),
                )?,
                dir.file(c"reset", proc_fs::write_only(Reset(reset)))?,
            ],
        })
    }
}

struct Add(Arc<Atomic<i64>>);

impl proc_fs::Write for Add {
    fn write(&self, text: &[u8]) -> Result {
        let number = i64::from_str(BStr::from_bytes(text.trim_ascii()))?;
        self.0.fetch_add(number, Relaxed);
        Ok(())
    }
}

struct Reset(Arc<Atomic<i64>>);

impl proc_fs::Write for Reset {
    fn write(&self, _text: &[u8]) -> Result {
        self.0.store(0, Relaxed);
        Ok(())
    }
}
