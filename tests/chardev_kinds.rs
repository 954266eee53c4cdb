// SPDX-License-Identifier: GPL-2.0

//! Devices for `chardev_kinds.t`: one that can do nothing, one with a position and with state for each
//! open file, and one that does not keep to the rules.

use kernel::{
    iov::{IovIterDest, IovIterSource},
    new_mutex,
    prelude::*,
    sync::Mutex,
};
use lkm::{chardev, proc_fs};

module! {
    type: ChardevKinds,
    name: "chardev_kinds",
    authors: ["rust-lkm contributors"],
    description: "Devices of all kinds, to be tested",
    license: "GPL",
}

struct ChardevKinds {
    _nothing: chardev::Registration<Nothing>,
    _digits: chardev::Registration<Digits>,
    _boaster: chardev::Registration<Boaster>,
}

impl kernel::Module for ChardevKinds {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        for name in [c"", c".", c"..", c"a/b", c"a!b"] {
            if chardev::Registration::new(name, 0o600, Nothing).err() != Some(EINVAL) {
                pr_err!("this name is not EINVAL: {name:?}\n");
            }
        }
        for mode in [0, 0o1600, 0o1000] {
            if chardev::Registration::new(c"nothing", mode, Nothing).err() != Some(EINVAL) {
                pr_err!("this mode is not EINVAL: {mode:#o}\n");
            }
        }
        // (Nobody has them open if one fails: this is the only program that runs.)
        Ok(ChardevKinds {
            _nothing: chardev::Registration::new(c"nothing", 0o600, Nothing)?,
            _digits: chardev::Registration::new(c"digits", 0o640, Digits)?,
            _boaster: chardev::Registration::new(c"boaster", 0o606, Boaster)?,
        })
    }
}

struct Nothing;

#[vtable]
impl chardev::Device for Nothing {
    type Data = ();

    fn open(&self, _how: chardev::How) -> Result {
        Ok(())
    }
}

/// The ten digits, from the position on. What is written to it goes into the file's own text, four bytes
/// a call; its length is in the log when the file is closed.
struct Digits;

#[vtable]
impl chardev::Device for Digits {
    type Data = Pin<KBox<Mutex<KVec<u8>>>>;

    fn open(&self, _how: chardev::How) -> Result<Self::Data> {
        KBox::pin_init(new_mutex!(KVec::new()), GFP_KERNEL)
    }

    fn release(&self, data: Self::Data, how: chardev::How) {
        let (reads, writes) = (how.reads(), how.writes());
        pr_info!(
            "closed: {} bytes, reads {reads}, writes {writes}\n",
            data.lock().len()
        );
    }

    fn read(
        &self,
        _file: &chardev::File<'_, Self>,
        to: &mut IovIterDest<'_>,
        pos: &mut i64,
    ) -> Result<usize> {
        proc_fs::copy(to, pos, b"0123456789")
    }

    fn write(
        &self,
        file: &chardev::File<'_, Self>,
        from: &mut IovIterSource<'_>,
        pos: &mut i64,
    ) -> Result<usize> {
        let mut piece = [0; 4];
        let copied = from.copy_from_iter(&mut piece);
        file.data()
            .lock()
            .extend_from_slice(&piece[..copied], GFP_KERNEL)?;
        *pos += copied as i64;
        Ok(copied)
    }

    fn llseek(
        &self,
        _file: &chardev::File<'_, Self>,
        pos: i64,
        offset: i64,
        whence: chardev::Whence,
    ) -> Result<i64> {
        let from = match whence {
            chardev::Whence::Set => 0,
            chardev::Whence::Current => pos,
            chardev::Whence::End => 10,
        };
        from.checked_add(offset).ok_or(EOVERFLOW)
    }
}

/// Says that it read and wrote more than there was room for; or, if the file is not for both, that it
/// will be done later.
struct Boaster;

#[vtable]
impl chardev::Device for Boaster {
    type Data = ();

    fn open(&self, _how: chardev::How) -> Result {
        Ok(())
    }

    fn read(
        &self,
        file: &chardev::File<'_, Self>,
        to: &mut IovIterDest<'_>,
        _pos: &mut i64,
    ) -> Result<usize> {
        if !file.how().writes() {
            return Err(EIOCBQUEUED);
        }
        to.copy_to_iter(b"boast");
        Ok(usize::MAX)
    }

    fn write(
        &self,
        file: &chardev::File<'_, Self>,
        _from: &mut IovIterSource<'_>,
        _pos: &mut i64,
    ) -> Result<usize> {
        if !file.how().reads() {
            return Err(EIOCBQUEUED);
        }
        Ok(usize::MAX)
    }
}
