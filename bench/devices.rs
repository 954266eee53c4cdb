// SPDX-License-Identifier: GPL-2.0

//! `/dev/own` by `lkm::chardev`, and `/dev/own_misc` by the kernel crate's `miscdevice`: the same device, as
//! far as `miscdevice` can do it. Each open file has a buffer, from which it reads what it has written.

use kernel::{
    fs::{File, Kiocb},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex,
    prelude::*,
    sync::Mutex,
};
use lkm::chardev;

module! {
    type: Devices,
    name: "devices",
    authors: ["rust-lkm contributors"],
    description: "The same device in two ways",
    license: "GPL",
}

struct Devices {
    _own: chardev::Registration<Own>,
    _misc: Pin<KBox<MiscDeviceRegistration<Misc>>>,
}

impl kernel::Module for Devices {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let misc = MiscDeviceOptions { name: c"own_misc" };
        Ok(Devices {
            _misc: KBox::pin_init(MiscDeviceRegistration::register(misc), GFP_KERNEL)?,
            _own: chardev::Registration::new(c"own", 0o600, Own)?,
        })
    }
}

struct Buffer {
    bytes: [u8; 4096],
    len: usize,
}

type Data = Pin<KBox<Mutex<Buffer>>>;

fn open() -> Result<Data> {
    let bytes = [0; 4096];
    KBox::pin_init(new_mutex!(Buffer { bytes, len: 0 }), GFP_KERNEL)
}

fn read(buffer: &Mutex<Buffer>, to: &mut IovIterDest<'_>) -> Result<usize> {
    let mut buffer = buffer.lock();
    let copied = to.copy_to_iter(&buffer.bytes[..buffer.len]);
    buffer.len = 0;
    Ok(copied)
}

fn write(buffer: &Mutex<Buffer>, from: &mut IovIterSource<'_>) -> Result<usize> {
    let mut buffer = buffer.lock();
    buffer.len = from.copy_from_iter(&mut buffer.bytes);
    Ok(buffer.len)
}

struct Own;

#[vtable]
impl chardev::Device for Own {
    type Data = Data;

    fn open(&self, _how: chardev::How) -> Result<Data> {
        open()
    }

    fn read(
        &self,
        file: &chardev::File<'_, Self>,
        to: &mut IovIterDest<'_>,
        _pos: &mut i64,
    ) -> Result<usize> {
        read(&file.data(), to)
    }

    fn write(
        &self,
        file: &chardev::File<'_, Self>,
        from: &mut IovIterSource<'_>,
        _pos: &mut i64,
    ) -> Result<usize> {
        write(&file.data(), from)
    }
}

struct Misc;

#[vtable]
impl MiscDevice for Misc {
    type Ptr = Data;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Data> {
        open()
    }

    fn read_iter(kiocb: Kiocb<'_, Data>, to: &mut IovIterDest<'_>) -> Result<usize> {
        read(&kiocb.file(), to)
    }

    fn write_iter(kiocb: Kiocb<'_, Data>, from: &mut IovIterSource<'_>) -> Result<usize> {
        write(&kiocb.file(), from)
    }
}
