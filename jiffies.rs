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
    _file: proc_fs::File<Now>,
}

impl kernel::Module for Jiffies {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Jiffies {
            _file: proc_fs::File::new(c"jiffies", Now)?,
        })
    }
}

struct Now;

impl proc_fs::Show for Now {
    #[inline]
    fn sample(&self) -> usize {
        jiffies()
    }

    #[inline]
    fn text<'a>(&'a self, jiffies: usize, line: &'a mut proc_fs::Line) -> &'a [u8] {
        line.decimal(jiffies)
    }
}
