// SPDX-License-Identifier: GPL-2.0

//! The kernel's tick counter as a file: `cat /proc/jiffies`.

use kernel::prelude::*;
use lkm::{jiffies::jiffies, proc_fs};

module! {
    type: Jiffies,
    name: "jiffies",
    authors: ["rust-lkm contributors"],
    description: "/proc/jiffies: the value of jiffies",
    license: "GPL",
}

struct Jiffies {
    _file: proc_fs::File,
}

impl kernel::Module for Jiffies {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Jiffies {
            _file: proc_fs::File::new(c"jiffies", proc_fs::number(jiffies))?,
        })
    }
}
