// SPDX-License-Identifier: GPL-2.0

//! Chapter 5: state for each open file, `/proc/echo`.

use kernel::{iov::IovIterDest, new_mutex, prelude::*, sync::Mutex, uaccess::UserSliceReader};
use lkm::proc_fs;

module! {
    type: EchoModule,
    name: "echo",
    authors: ["rust-lkm contributors"],
    description: "/proc/echo: each open file returns what was written to it last",
    license: "GPL",
}

struct EchoModule {
    _file: proc_fs::File,
}

impl kernel::Module for EchoModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(EchoModule {
            _file: proc_fs::File::new(c"echo", proc_fs::stream(Echo))?,
        })
    }
}

struct Echo;

impl proc_fs::Stream for Echo {
    const MODE: u16 = 0o666;
    type Open = Pin<KBox<Mutex<KVec<u8>>>>;

    fn open(&self) -> Result<Self::Open> {
        KBox::pin_init(new_mutex!(KVec::new()), GFP_KERNEL)
    }

    fn read(
        &self,
        last: Pin<&Mutex<KVec<u8>>>,
        offset: &mut i64,
        to: &mut IovIterDest<'_>,
    ) -> Result<usize> {
        proc_fs::copy(to, offset, &last.lock())
    }

    fn write(
        &self,
        last: Pin<&Mutex<KVec<u8>>>,
        offset: &mut i64,
        mut from: UserSliceReader,
    ) -> Result<usize> {
        let len = from.len().min(100);
        let mut text = KVec::from_elem(0, len, GFP_KERNEL)?;
        from.read_slice(&mut text)?;
        *last.lock() = text;
        *offset = 0;
        Ok(len)
    }
}
