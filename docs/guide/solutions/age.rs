// SPDX-License-Identifier: GPL-2.0

//! Chapter 6: minutes and seconds since the module was loaded, in `/proc/age`.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::{
    jiffies::{jiffies_64, HZ},
    proc_fs, seq_print,
};

module! {
    type: Age,
    name: "age",
    authors: ["rust-lkm contributors"],
    description: "/proc/age: minutes and seconds since the module was loaded",
    license: "GPL",
}

struct Age {
    _file: proc_fs::File,
}

impl kernel::Module for Age {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let loaded = jiffies_64();
        let show = move |m: &SeqFile| {
            let seconds = (jiffies_64() - loaded) / HZ as u64;
            seq_print!(m, "{}:{:02}\n", seconds / 60, seconds % 60);
            Ok(())
        };
        Ok(Age {
            _file: proc_fs::File::new(c"age", proc_fs::read_only(show))?,
        })
    }
}
