// SPDX-License-Identifier: GPL-2.0

//! A file whose text never changes: `cat /proc/hello`.

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
    _file: proc_fs::File,
}

impl kernel::Module for ProcHello {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(ProcHello {
            _file: proc_fs::File::new(c"hello", proc_fs::text("Hello World\n"))?,
        })
    }
}
