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
    _file: proc_fs::File<Since>,
}

impl kernel::Module for Seconds {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Seconds {
            _file: proc_fs::File::new(c"seconds", Since(jiffies_64()))?,
        })
    }
}

/// When the module was loaded, in jiffies.
struct Since(u64);

impl proc_fs::Show for Since {
    #[inline]
    fn sample(&self) -> usize {
        ((jiffies_64() - self.0) / HZ as u64) as usize
    }

    #[inline]
    fn text<'a>(&'a self, seconds: usize, line: &'a mut proc_fs::Line) -> &'a [u8] {
        line.decimal(seconds)
    }
}
