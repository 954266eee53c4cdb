// SPDX-License-Identifier: GPL-2.0

//! `/proc/text`: jiffies by way of the general file. `/proc/list`: 100 numbers, each an entry.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::{jiffies::jiffies, proc_fs, seq_print};

module! {
    type: Kinds,
    name: "kinds",
    authors: ["rust-lkm contributors"],
    description: "Files of other kinds than those of the modules",
    license: "GPL",
}

struct Kinds {
    _text: proc_fs::File,
    _list: proc_fs::File,
}

impl kernel::Module for Kinds {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let text = |m: &SeqFile| {
            seq_print!(m, "{}\n", jiffies());
            Ok(())
        };
        Ok(Kinds {
            _text: proc_fs::File::new(c"text", proc_fs::read_only(text))?,
            _list: proc_fs::File::new(c"list", proc_fs::list(Numbers))?,
        })
    }
}

struct Numbers;

impl proc_fs::List for Numbers {
    type Key = usize;

    fn next(&self, after: Option<usize>, m: &SeqFile) -> Result<Option<usize>> {
        let number = after.unwrap_or(0) + 1;
        if number > 100 {
            return Ok(None);
        }
        seq_print!(m, "{number}\n");
        Ok(Some(number))
    }
}
