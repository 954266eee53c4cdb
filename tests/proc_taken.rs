// SPDX-License-Identifier: GPL-2.0

//! For `proc_fs.t`: two files. The name of the second may be taken.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::{module_param, proc_fs, seq_print};

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
    _first: proc_fs::File,
    _second: proc_fs::File,
}

impl kernel::Module for ProcTaken {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let file = |name, text| proc_fs::File::new(name, proc_fs::read_only(Held(text)));
        Ok(ProcTaken {
            _first: file(c"proc_taken", "first")?,
            _second: file(second.value(), "second")
                .inspect_err(|error| pr_info!("/proc/{}: {error:?}\n", second.value()))?,
        })
    }
}

/// Logs a message when it is dropped.
struct Held(&'static str);

impl proc_fs::Show for Held {
    fn show(&self, m: &SeqFile) -> Result {
        seq_print!(m, "{}", self.0);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        pr_info!("dropped: {}\n", self.0);
    }
}
