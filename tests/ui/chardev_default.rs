// SPDX-License-Identifier: GPL-2.0

//! Calls of methods that the device does not have.

use kernel::{
    iov::{IovIterDest, IovIterSource},
    prelude::*,
    sync::poll::PollTable,
};
use lkm::chardev::{Device, File, Ready, Whence};

module! {
    type: ChardevDefault,
    name: "chardev_default",
    authors: ["rust-lkm contributors"],
    description: "A device without methods",
    license: "GPL",
}

/// The module.
pub struct ChardevDefault;

impl kernel::Module for ChardevDefault {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(ChardevDefault)
    }
}

/// A device without methods.
pub struct Still;

#[vtable]
impl Device for Still {
    type Data = ();
}

/// Reads.
#[inline(never)]
pub fn read(file: &File<'_, Still>, to: &mut IovIterDest<'_>) -> Result<usize> {
    Still.read(file, to, &mut 0)
}

/// Writes.
#[inline(never)]
pub fn write(file: &File<'_, Still>, from: &mut IovIterSource<'_>) -> Result<usize> {
    Still.write(file, from, &mut 0)
}

/// Moves.
#[inline(never)]
pub fn llseek(file: &File<'_, Still>) -> Result<i64> {
    Still.llseek(file, 0, 0, Whence::Set)
}

/// Polls.
#[inline(never)]
pub fn poll(file: &File<'_, Still>, table: &PollTable<'_>) -> Ready {
    Still.poll(file, table)
}

/// Commands.
#[inline(never)]
pub fn ioctl(file: &File<'_, Still>) -> Result<isize> {
    Still.ioctl(file, 0, 0)
}
