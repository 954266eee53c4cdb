// SPDX-License-Identifier: GPL-2.0

//! For `proc_fs.t`: two files, the second of a name that may be taken.

use kernel::prelude::*;
use lkm::{module_param, proc_fs};

module! {
    type: ProcTaken,
    name: "proc_taken",
    authors: ["rust-lkm contributors"],
    description: "Fails to load, halfway, or takes a name",
    license: "GPL",
}

module_param! {
    second: charp = c"version", 0o444, "Name of the second file";
}

struct ProcTaken {
    _first: proc_fs::File<Held>,
    _second: proc_fs::File<Held>,
}

impl kernel::Module for ProcTaken {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(ProcTaken {
            _first: proc_fs::File::new(c"proc_taken", Held("first"))?,
            _second: proc_fs::File::new(second.value(), Held("second"))
                .inspect_err(|error| pr_info!("/proc/{}: {error:?}\n", second.value()))?,
        })
    }
}

/// Says when it is dropped.
struct Held(&'static str);

impl proc_fs::Show for Held {
    fn text<'a>(&'a self, _sample: usize, _line: &'a mut proc_fs::Line) -> &'a [u8] {
        self.0.as_bytes()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        pr_info!("dropped: {}\n", self.0);
    }
}
