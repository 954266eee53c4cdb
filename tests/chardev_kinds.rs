// SPDX-License-Identifier: GPL-2.0

//! Devices for `chardev_kinds.t`: one without methods, one that says whether it may wait, one with a
//! position and with state for each open file, one that breaks the rules, and one that is removed
//! while it is open.

use kernel::{
    iov::{IovIterDest, IovIterSource},
    new_mutex, new_poll_condvar,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        poll::{PollCondVar, PollTable},
        Mutex,
    },
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
    _asker: chardev::Registration<Asker>,
    _digits: chardev::Registration<Digits>,
    _boaster: chardev::Registration<Boaster>,
    _ender: chardev::Registration<Ender>,
    _zero: chardev::Registration<Nothing>,
}

impl kernel::Module for ChardevKinds {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        for name in [c"", c".", c"..", c"a/b", c"a!b", LONG] {
            if chardev::Registration::new(name, 0o600, Nothing).err() != Some(EINVAL) {
                pr_err!("this name is not EINVAL: {name:?}\n");
            }
        }
        for mode in [0, 0o1600, 0o1000] {
            if chardev::Registration::new(c"nothing", mode, Nothing).err() != Some(EINVAL) {
                pr_err!("this mode is not EINVAL: {mode:#o}\n");
            }
        }
        // (If one fails, nobody has the others open, because no other program runs.)
        Ok(ChardevKinds {
            _nothing: chardev::Registration::new(c"nothing", 0o600, Nothing)?,
            _asker: chardev::Registration::new(c"asker", 0o400, Asker)?,
            _digits: chardev::Registration::new(c"digits", 0o640, Digits)?,
            _boaster: chardev::Registration::new(c"boaster", 0o606, Boaster)?,
            _ender: chardev::Registration::new(c"ender", 0o200, Ender::new())?,
            // This is the name of a device that the kernel has.
            _zero: chardev::Registration::new(c"zero", 0o600, Nothing)?,
        })
    }
}

/// A name of 256 bytes.
const LONG: &CStr = match CStr::from_bytes_with_nul(&BYTES) {
    Ok(name) => name,
    Err(_) => panic!(),
};

const BYTES: [u8; 257] = {
    let mut bytes = [b'n'; 257];
    bytes[256] = 0;
    bytes
};

struct Nothing;

#[vtable]
impl chardev::Device for Nothing {
    type Data = ();
}

/// Says whether reading it may wait.
struct Asker;

#[vtable]
impl chardev::Device for Asker {
    type Data = ();

    fn read(
        &self,
        file: &chardev::File<'_, Self>,
        to: &mut IovIterDest<'_>,
        _pos: &mut i64,
    ) -> Result<usize> {
        let text: &[u8] = if file.nonblocking() {
            b"must not wait"
        } else {
            b"may wait"
        };
        Ok(to.copy_to_iter(text))
    }

    fn poll(&self, _file: &chardev::File<'_, Self>, _table: &PollTable<'_>) -> chardev::Ready {
        chardev::Ready::IN
    }
}

/// Reading it gives the ten digits, from the position on. A write adds up to four bytes to the open
/// file's own text. Closing the file logs the length of that text.
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

/// Reports more bytes than there was room for. If the file is not open for both reading and
/// writing, and for other calls, reports that the call will be completed later.
struct Boaster;

#[vtable]
impl chardev::Device for Boaster {
    type Data = ();

    fn open(&self, how: chardev::How) -> Result {
        if !how.reads() && !how.writes() {
            return Err(EIOCBQUEUED);
        }
        Ok(())
    }

    fn llseek(
        &self,
        _file: &chardev::File<'_, Self>,
        _pos: i64,
        _offset: i64,
        _whence: chardev::Whence,
    ) -> Result<i64> {
        Err(EIOCBQUEUED)
    }

    fn ioctl(&self, _file: &chardev::File<'_, Self>, cmd: u32, arg: usize) -> Result<isize> {
        if cmd == 0x7802 {
            return Ok(arg as isize);
        }
        Err(EIOCBQUEUED)
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

/// A device that is removed while it is open. Text that is written to it can be read any number of
/// times. Dropping it logs a message.
#[pin_data(PinnedDrop)]
struct Goer {
    written: Atomic<bool>,
    #[pin]
    changed: PollCondVar,
}

impl Goer {
    fn new() -> impl PinInit<Self> {
        pin_init!(Goer {
            written: Atomic::new(false),
            changed <- new_poll_condvar!(),
        })
    }
}

#[pinned_drop]
impl PinnedDrop for Goer {
    fn drop(self: Pin<&mut Self>) {
        pr_info!("the data of the device go\n");
    }
}

#[vtable]
impl chardev::Device for Goer {
    type Data = ();

    fn read(
        &self,
        _file: &chardev::File<'_, Self>,
        to: &mut IovIterDest<'_>,
        _pos: &mut i64,
    ) -> Result<usize> {
        let text: &[u8] = if self.written.load(Relaxed) {
            b"full"
        } else {
            b"empty"
        };
        Ok(to.copy_to_iter(text))
    }

    fn write(
        &self,
        _file: &chardev::File<'_, Self>,
        from: &mut IovIterSource<'_>,
        _pos: &mut i64,
    ) -> Result<usize> {
        self.written.store(true, Relaxed);
        self.changed.notify_all();
        Ok(from.len())
    }

    fn poll(&self, file: &chardev::File<'_, Self>, table: &PollTable<'_>) -> chardev::Ready {
        file.wait_for(table, &self.changed);
        chardev::Ready::default().and_if(self.written.load(Relaxed), chardev::Ready::IN)
    }
}

/// Controls `/dev/goer`. Writing `new` registers that device, `end` drops it, and `all` registers
/// devices until no number is left.
#[pin_data]
struct Ender {
    #[pin]
    goer: Mutex<Option<chardev::Registration<Goer>>>,
}

impl Ender {
    fn new() -> impl PinInit<Self> {
        pin_init!(Ender {
            goer <- new_mutex!(None),
        })
    }
}

#[vtable]
impl chardev::Device for Ender {
    type Data = ();

    fn write(
        &self,
        _file: &chardev::File<'_, Self>,
        from: &mut IovIterSource<'_>,
        _pos: &mut i64,
    ) -> Result<usize> {
        let mut word = [0; 3];
        from.copy_from_iter(&mut word);
        match &word {
            b"new" => {
                let goer = chardev::Registration::new(c"goer", 0o600, Goer::new())?;
                *self.goer.lock() = Some(goer);
            }
            b"end" => *self.goer.lock() = None,
            b"all" => {
                let mut devices = KVec::new();
                for name in &NAMES {
                    let name = CStr::from_bytes_with_nul(name).map_err(|_| EINVAL)?;
                    let device = chardev::Registration::new(name, 0o600, Nothing)?;
                    devices.push(device, GFP_KERNEL)?;
                }
            }
            _ => return Err(EINVAL),
        }
        Ok(word.len())
    }
}

/// More names than there are major numbers that the kernel can choose.
static NAMES: [[u8; 8]; 600] = {
    let mut names = [*b"many000\0"; 600];
    let mut n = 0;
    while n < names.len() {
        names[n][4] = b'0' + (n / 100) as u8;
        names[n][5] = b'0' + (n / 10 % 10) as u8;
        names[n][6] = b'0' + (n % 10) as u8;
        n += 1;
    }
    names
};
