// SPDX-License-Identifier: GPL-2.0

//! Chapter 5: a directory, and one value that its files share, `/proc/sums/`.

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
    type: Sums,
    name: "sums",
    authors: ["rust-lkm contributors"],
    description: "/proc/sums/: the sum of what was written, in decimal and in hexadecimal",
    license: "GPL",
}

struct Sums {
    _files: [proc_fs::File; 3],
}

impl kernel::Module for Sums {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let sum = Arc::new(Atomic::new(0i64), GFP_KERNEL)?;
        let (decimal, hexadecimal) = (sum.clone(), sum.clone());

        let dir = proc_fs::Dir::new(c"sums")?;
        Ok(Sums {
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
