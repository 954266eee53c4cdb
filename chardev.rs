// SPDX-License-Identifier: GPL-2.0

//! A pipe of bytes as a device: `echo hello >/dev/chardev; cat /dev/chardev`.
//!
//! Each byte that is written can be read once, in the order of writing. Reading waits while the pipe
//! is empty, and writing waits while it is full. When the pipe is empty and no writer is left, a
//! reader that has read something gets the end of the file, so that `cat` ends.

use kernel::{
    ioctl::{_IO, _IOR},
    iov::{IovIterDest, IovIterSource},
    new_mutex, new_poll_condvar,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        poll::{PollCondVar, PollTable},
        Mutex,
    },
    uaccess::{UserPtr, UserSlice},
};
use lkm::{chardev, module_param};

module! {
    type: Chardev,
    name: "chardev",
    authors: ["rust-lkm contributors"],
    description: "/dev/chardev: a pipe of bytes",
    license: "GPL",
}

module_param! {
    capacity: uint = 4096, 0o444, "How many bytes the pipe holds";
}

/// The letter of our `ioctl` numbers: one that `Documentation/userspace-api/ioctl/ioctl-number.rst`
/// gives to nobody.
const LETTER: u32 = b'x' as u32;
/// `ioctl`: how many bytes are in the pipe, as an `int`.
const SIZE: u32 = _IOR::<i32>(LETTER, 1);
/// `ioctl`: discard what is in the pipe. Only for files that are open for writing.
const CLEAR: u32 = _IO(LETTER, 2);

/// The largest `capacity`: the same as for the kernel's own pipes.
const MAX_CAPACITY: usize = 1 << 20;

struct Chardev {
    _device: chardev::Registration<Pipe>,
}

impl kernel::Module for Chardev {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let ring = Ring::new(capacity.value() as usize)?;
        Ok(Chardev {
            _device: chardev::Registration::new(c"chardev", 0o666, Pipe::new(ring))?,
        })
    }
}

#[pin_data]
struct Pipe {
    #[pin]
    state: Mutex<State>,
    #[pin]
    readable: PollCondVar,
    #[pin]
    writable: PollCondVar,
}

struct State {
    ring: Ring,
    /// How many files are open, and how many of them for writing.
    open: usize,
    writers: usize,
    /// Whether the one that is open was opened with `O_EXCL`.
    exclusive: bool,
}

impl Pipe {
    fn new(ring: Ring) -> impl PinInit<Self> {
        pin_init!(Pipe {
            state <- new_mutex!(State { ring, open: 0, writers: 0, exclusive: false }),
            readable <- new_poll_condvar!(),
            writable <- new_poll_condvar!(),
        })
    }
}

/// The data of an open file: whether something was read through it.
type HasRead = Atomic<bool>;

#[vtable]
impl chardev::Device for Pipe {
    type Data = KBox<HasRead>;

    fn open(&self, how: chardev::How) -> Result<Self::Data> {
        let has_read = KBox::new(Atomic::new(false), GFP_KERNEL)?;
        let mut state = self.state.lock();
        if state.exclusive || (how.exclusive() && state.open > 0) {
            return Err(EBUSY);
        }
        state.exclusive = how.exclusive();
        state.open += 1;
        state.writers += usize::from(how.writes());
        Ok(has_read)
    }

    fn release(&self, _data: Self::Data, how: chardev::How) {
        let mut state = self.state.lock();
        // If this file was exclusive, it was the only one.
        state.exclusive = false;
        state.open -= 1;
        state.writers -= usize::from(how.writes());
        // Readers that wait may now be at the end of the file.
        self.readable.notify_all();
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
        let mut state = self.state.lock();
        while state.ring.len == 0 {
            if state.writers == 0 && file.data().load(Relaxed) {
                return Ok(0);
            }
            if file.nonblocking() {
                return Err(EAGAIN);
            }
            if self.readable.wait_interruptible(&mut state) {
                return Err(ERESTARTSYS);
            }
        }
        // With the lock held, as the kernel's own pipes do it. A program that reads into slow memory
        // (`userfaultfd`, FUSE) makes all others wait: give access only to programs that may do that.
        let bytes = state.ring.take(to)?;
        file.data().store(true, Relaxed);
        self.writable.notify_all();
        Ok(bytes)
    }

    fn write(
        &self,
        file: &chardev::File<'_, Self>,
        from: &mut IovIterSource<'_>,
        _pos: &mut i64,
    ) -> Result<usize> {
        let mut state = self.state.lock();
        let mut written = 0;
        while !from.is_empty() {
            if state.ring.room() > 0 {
                match state.ring.put(from) {
                    Ok(bytes) => written += bytes,
                    Err(_) if written > 0 => break,
                    Err(error) => return Err(error),
                }
                self.readable.notify_all();
            } else if file.nonblocking() {
                return if written > 0 {
                    Ok(written)
                } else {
                    Err(EAGAIN)
                };
            } else if self.writable.wait_interruptible(&mut state) {
                return if written > 0 {
                    Ok(written)
                } else {
                    Err(ERESTARTSYS)
                };
            }
        }
        Ok(written)
    }

    fn poll(&self, file: &chardev::File<'_, Self>, table: &PollTable<'_>) -> chardev::Ready {
        file.wait_for(table, &self.readable);
        file.wait_for(table, &self.writable);
        let state = self.state.lock();
        let end = state.writers == 0 && file.data().load(Relaxed);
        let how = file.how();
        let (reads, writes) = (how.reads(), how.writes());
        chardev::Ready::default()
            .and_if(reads && state.ring.len > 0, chardev::Ready::IN)
            .and_if(reads && state.ring.len == 0 && end, chardev::Ready::HUP)
            .and_if(writes && state.ring.room() > 0, chardev::Ready::OUT)
    }

    fn ioctl(&self, file: &chardev::File<'_, Self>, cmd: u32, arg: usize) -> Result<isize> {
        let mut state = self.state.lock();
        match cmd {
            SIZE => {
                let len = i32::try_from(state.ring.len)?;
                drop(state);
                let mut user = UserSlice::new(UserPtr::from_addr(arg), size_of::<i32>()).writer();
                user.write(&len)?;
            }
            CLEAR if !file.how().writes() => return Err(EBADF),
            CLEAR => {
                state.ring.len = 0;
                self.writable.notify_all();
            }
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

/// Bytes in the order in which they came.
struct Ring {
    bytes: KVVec<u8>,
    start: usize,
    len: usize,
}

impl Ring {
    fn new(size: usize) -> Result<Self> {
        if !(1..=MAX_CAPACITY).contains(&size) {
            return Err(EINVAL);
        }
        Ok(Ring {
            bytes: KVVec::from_elem(0, size, GFP_KERNEL)?,
            start: 0,
            len: 0,
        })
    }

    fn room(&self) -> usize {
        self.bytes.len() - self.len
    }

    /// Takes the first bytes out, as many as there are and as `to` has room for.
    ///
    /// What cannot be copied stays; if that is all of it, `EFAULT`.
    fn take(&mut self, to: &mut IovIterDest<'_>) -> Result<usize> {
        let mut taken = 0;
        while self.len > 0 && !to.is_empty() {
            let end = self.bytes.len().min(self.start + self.len);
            let piece = &self.bytes[self.start..end];
            let (wanted, copied) = (piece.len().min(to.len()), to.copy_to_iter(piece));
            self.start = (self.start + copied) % self.bytes.len();
            self.len -= copied;
            taken += copied;
            if copied < wanted {
                return if taken > 0 { Ok(taken) } else { Err(EFAULT) };
            }
        }
        Ok(taken)
    }

    /// Puts bytes at the end, as many as `from` has and as there is room for.
    ///
    /// What cannot be copied is left out; if that is all of it, `EFAULT`.
    fn put(&mut self, from: &mut IovIterSource<'_>) -> Result<usize> {
        let mut put = 0;
        while self.room() > 0 && !from.is_empty() {
            let end = (self.start + self.len) % self.bytes.len();
            let room = self.room().min(self.bytes.len() - end);
            let wanted = room.min(from.len());
            let copied = from.copy_from_iter(&mut self.bytes[end..end + wanted]);
            self.len += copied;
            put += copied;
            if copied < wanted {
                return if put > 0 { Ok(put) } else { Err(EFAULT) };
            }
        }
        Ok(put)
    }
}
