// SPDX-License-Identifier: GPL-2.0

//! For `panics.t`: a file whose code panics, in one of its functions, or removes the file itself.

use kernel::{
    iov::IovIterDest,
    new_mutex,
    prelude::*,
    seq_file::SeqFile,
    sync::{Arc, Mutex},
    uaccess::UserSliceReader,
};
use lkm::{module_param, proc_fs, seq_print};

module! {
    type: PanicsFile,
    name: "panics_file",
    authors: ["rust-lkm contributors"],
    description: "A file whose code panics",
    license: "GPL",
}

module_param! {
    how: charp = c"", 0, "number, show, text, list, or the function of a stream; or drop: to remove the file";
    one: int = 1, 0, "A number that the compiler does not know";
}

struct PanicsFile {
    _file: Arc<Mutex<Option<proc_fs::File>>>,
}

impl kernel::Module for PanicsFile {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let kept = Arc::pin_init(new_mutex!(None), GFP_KERNEL)?;
        let file = match how.value().to_bytes() {
            b"number" => proc_fs::File::new(c"panics_file", proc_fs::number(overflow))?,
            b"show" => proc_fs::File::new(c"panics_file", proc_fs::read_only(show))?,
            b"text" => proc_fs::File::new(c"panics_file", proc_fs::write_only(Panics))?,
            b"list" => proc_fs::File::new(c"panics_file", proc_fs::list(Panics))?,
            b"open" | b"read" | b"write" => {
                proc_fs::File::new(c"panics_file", proc_fs::stream(Panics))?
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

fn overflow() -> i32 {
    i32::MAX + one.value()
}

fn show(m: &SeqFile) -> Result {
    seq_print!(m, "{}\n", overflow());
    Ok(())
}

struct Panics;

impl proc_fs::Write for Panics {
    fn write(&self, text: &[u8]) -> Result {
        if text.len() as i32 == overflow() {
            return Err(EIO);
        }
        Ok(())
    }
}

impl proc_fs::List for Panics {
    type Key = i32;

    fn next(&self, _after: Option<i32>, _m: &SeqFile) -> Result<Option<i32>> {
        Ok(Some(overflow()))
    }
}

impl proc_fs::Stream for Panics {
    const MODE: u16 = 0o666;
    type Open = ();

    fn open(&self) -> Result {
        if how.value() == c"open" && overflow() == 0 {
            return Err(EIO);
        }
        Ok(())
    }

    fn read(&self, _open: (), _offset: &mut i64, _to: &mut IovIterDest<'_>) -> Result<usize> {
        Ok(overflow() as usize)
    }

    fn write(&self, _open: (), _offset: &mut i64, _from: UserSliceReader) -> Result<usize> {
        Ok(overflow() as usize)
    }
}
