// SPDX-License-Identifier: GPL-2.0

//! More files in `/proc`: `entry0`, `entry1` and so on.

use kernel::{prelude::*, str::CString};
use lkm::{module_param, proc_fs};

module! {
    type: Entries,
    name: "entries",
    authors: ["rust-lkm contributors"],
    description: "Many files in /proc",
    license: "GPL",
}

module_param! {
    number: uint = 255, 0o444, "Number of files";
}

struct Entries {
    _files: KVec<proc_fs::File>,
}

impl kernel::Module for Entries {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut files = KVec::new();
        for i in 0..number.value() {
            let name = CString::try_from_fmt(fmt!("entry{i}"))?;
            files.push(proc_fs::File::new(&name, proc_fs::text(""))?, GFP_KERNEL)?;
        }
        Ok(Entries { _files: files })
    }
}
