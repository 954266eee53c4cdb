// SPDX-License-Identifier: GPL-2.0

//! For `panics.t`: a file whose code panics, or removes the file itself.

use kernel::{
    new_mutex,
    prelude::*,
    seq_file::SeqFile,
    sync::{Arc, Mutex},
};
use lkm::{module_param, proc_fs};

module! {
    type: PanicsFile,
    name: "panics_file",
    authors: ["rust-lkm contributors"],
    description: "A file whose code panics",
    license: "GPL",
}

module_param! {
    how: charp = c"", 0, "number, show, or drop: to remove the file";
    one: int = 1, 0, "A number that the compiler does not know";
}

struct PanicsFile {
    _file: Arc<Mutex<Option<proc_fs::File>>>,
}

impl kernel::Module for PanicsFile {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let kept = Arc::pin_init(new_mutex!(None), GFP_KERNEL)?;
        let overflow = || i32::MAX + one.value();
        let file = match how.value().to_bytes() {
            b"number" => proc_fs::File::new(c"panics_file", proc_fs::number(overflow))?,
            b"show" => {
                let show = move |_: &SeqFile| if overflow() == 0 { Ok(()) } else { Err(EIO) };
                proc_fs::File::new(c"panics_file", proc_fs::read_only(show))?
            }
            b"drop" => {
                let own = kept.clone();
                let remove = move || {
                    let file = own.lock().take();
                    u8::from(file.is_some())
                };
                proc_fs::File::new(c"panics_file", proc_fs::number(remove))?
            }
            _ => return Err(EINVAL),
        };
        *kept.lock() = Some(file);
        Ok(PanicsFile { _file: kept })
    }
}
