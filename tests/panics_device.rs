// SPDX-License-Identifier: GPL-2.0

//! For `panics.t`: a device whose `open` panics if it is opened for writing, and whose `read` panics
//! with a lock held that `release` needs.

use kernel::{iov::IovIterDest, new_mutex, prelude::*, sync::Mutex};
use lkm::{chardev, module_param};

module! {
    type: PanicsDevice,
    name: "panics_device",
    authors: ["rust-lkm contributors"],
    description: "A device whose code panics",
    license: "GPL",
}

module_param! {
    one: int = 1, 0, "A number that the compiler does not know";
}

struct PanicsDevice {
    _device: chardev::Registration<Device>,
}

impl kernel::Module for PanicsDevice {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(PanicsDevice {
            _device: chardev::Registration::new(c"panics_device", 0o600, Device::new())?,
        })
    }
}

#[pin_data]
struct Device {
    #[pin]
    number: Mutex<i32>,
}

impl Device {
    fn new() -> impl PinInit<Self> {
        pin_init!(Device {
            number <- new_mutex!(i32::MAX),
        })
    }
}

#[vtable]
impl chardev::Device for Device {
    type Data = ();

    fn open(&self, how: chardev::How) -> Result {
        if how.writes() && i32::MAX + one.value() == 0 {
            return Err(EIO);
        }
        Ok(())
    }

    fn release(&self, _data: (), _how: chardev::How) {
        *self.number.lock() = 0;
    }

    fn read(
        &self,
        _file: &chardev::File<'_, Self>,
        _to: &mut IovIterDest<'_>,
        _pos: &mut i64,
    ) -> Result<usize> {
        *self.number.lock() += one.value();
        Ok(0)
    }
}
