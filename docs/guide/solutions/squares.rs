// SPDX-License-Identifier: GPL-2.0

//! Chapter 5: a table in `/proc/squares`.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::{module_param, proc_fs, seq_print};

module! {
    type: Squares,
    name: "squares",
    authors: ["rust-lkm contributors"],
    description: "/proc/squares: numbers and their squares",
    license: "GPL",
}

module_param! {
    rows: uint = 5, 0o644, "How many rows the table has, 100 at most", |new| match new {
        0..=100 => Ok(()),
        _ => Err(EINVAL),
    };
}

struct Squares {
    _file: proc_fs::File,
}

fn table(m: &SeqFile) -> Result {
    for n in 1..=rows.load() {
        seq_print!(m, "{n:>3} {:>5}\n", n * n);
    }
    Ok(())
}

impl kernel::Module for Squares {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Squares {
            _file: proc_fs::File::new(c"squares", proc_fs::read_only(table))?,
        })
    }
}
