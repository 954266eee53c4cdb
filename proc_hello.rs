// SPDX-License-Identifier: GPL-2.0

//! A file that always says the same: `cat /proc/hello`.

use kernel::prelude::*;
use lkm::proc_fs;

module! {
    type: ProcHello,
    name: "proc_hello",
    authors: ["rust-lkm contributors"],
    description: "/proc/hello: Hello World",
    license: "GPL",
}

struct ProcHello {
    _file: proc_fs::File<Hello>,
}

impl kernel::Module for ProcHello {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(ProcHello {
            _file: proc_fs::File::new(c"hello", Hello)?,
        })
    }
}

struct Hello;

impl proc_fs::Show for Hello {
    #[inline]
    fn text<'a>(&'a self, _sample: usize, _line: &'a mut proc_fs::Line) -> &'a [u8] {
        b"Hello World\n"
    }
}
