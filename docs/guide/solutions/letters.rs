// SPDX-License-Identifier: GPL-2.0

//! Chapter 7: a device without an end, `/dev/letters`: `head -c 30 /dev/letters`.

use kernel::{
    iov::IovIterDest,
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};
use lkm::chardev;

module! {
    type: LettersModule,
    name: "letters",
    authors: ["rust-lkm contributors"],
    description: "/dev/letters: the alphabet, again and again",
    license: "GPL",
}

struct LettersModule {
    _device: chardev::Registration<Letters>,
}

impl kernel::Module for LettersModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(LettersModule {
            _device: chardev::Registration::new(c"letters", 0o444, Letters)?,
        })
    }
}

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

struct Letters;

/// Which letter an open file gives next.
type Next = Atomic<usize>;

#[vtable]
impl chardev::Device for Letters {
    type Data = KBox<Next>;

    fn open(&self, _how: chardev::How) -> Result<Self::Data> {
        Ok(KBox::new(Atomic::new(0), GFP_KERNEL)?)
    }

    fn read(
        &self,
        file: &chardev::File<'_, Self>,
        to: &mut IovIterDest<'_>,
        _pos: &mut i64,
    ) -> Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        // A read may return less than was asked for. This one goes on to the end of the alphabet.
        let start = file.data().load(Relaxed);
        let copied = to.copy_to_iter(&ALPHABET[start..]);
        if copied == 0 {
            return Err(EFAULT);
        }
        file.data()
            .store((start + copied) % ALPHABET.len(), Relaxed);
        Ok(copied)
    }
}
