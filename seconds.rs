// SPDX-License-Identifier: GPL-2.0

//! Whole seconds since the module was loaded: `cat /proc/seconds`.

use kernel::prelude::*;
use lkm::{
    jiffies::{jiffies_64, HZ},
    proc_fs,
};

module! {
    type: Seconds,
    name: "seconds",
    authors: ["rust-lkm contributors"],
    description: "/proc/seconds: seconds since the module was loaded",
    license: "GPL",
}

struct Seconds {
    _file: proc_fs::File,
}

impl kernel::Module for Seconds {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let loaded = jiffies_64();
        let seconds = move || (jiffies_64() - loaded) / HZ as u64;
        Ok(Seconds {
            _file: proc_fs::File::new(c"seconds", proc_fs::number(seconds))?,
        })
    }
}
