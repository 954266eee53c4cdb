// SPDX-License-Identifier: GPL-2.0

//! Read-only files in `/proc`.
//!
//! C header: [`include/linux/proc_fs.h`](srctree/include/linux/proc_fs.h)
//!
//! # Examples
//!
//! ```
//! static PAGES: Atomic<usize> = Atomic::new(0);
//!
//! struct Pages;
//!
//! impl proc_fs::Show for Pages {
//!     fn sample(&self) -> usize {
//!         PAGES.load(Relaxed)
//!     }
//!
//!     fn text<'a>(&'a self, pages: usize, line: &'a mut proc_fs::Line) -> &'a [u8] {
//!         line.decimal(pages)
//!     }
//! }
//!
//! // `/proc/pages` is there as long as this value.
//! let file = proc_fs::File::new(c"pages", Pages)?;
//! ```

use crate::bindings;
use core::ptr::{self, NonNull};
use kernel::{
    ffi::{c_int, c_void},
    iov::IovIterDest,
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};

/// What a file shows.
///
/// A file takes a sample when it is opened, and again when it is read at offset 0. All that is read
/// of it in between is the text of that sample, in whatever pieces, at whatever offsets, and by
/// however many threads. Open files know nothing of each other.
pub trait Show: Send + Sync + 'static {
    /// Permissions of the file: any of the three read bits, at least one.
    const MODE: bindings::umode_t = 0o444;

    /// Takes a sample. May sleep. The default is for text that does not change.
    fn sample(&self) -> usize {
        0
    }

    /// The text of a sample: the same for the same `sample`. May sleep.
    fn text<'a>(&'a self, sample: usize, line: &'a mut Line) -> &'a [u8];
}

/// "00" to "99".
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut n = 0;
    while n < 100 {
        pairs[n] = [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    pairs
};

/// Pairs of decimal digits in the largest word.
const MAX_PAIRS: usize = usize::MAX.ilog(100) as usize + 1;

/// Memory for a line of text, on the reader's stack.
pub struct Line([[u8; 2]; MAX_PAIRS + 1]);

impl Line {
    /// `n` in decimal digits, and a newline.
    #[inline]
    pub fn decimal(&mut self, mut n: usize) -> &[u8] {
        let mut start = 0;
        for (i, pair) in self.0[..MAX_PAIRS].iter_mut().enumerate().rev() {
            *pair = PAIRS[n % 100];
            if n < 100 {
                start = 2 * i + usize::from(n < 10);
                break;
            }
            n /= 100;
        }
        self.0[MAX_PAIRS][0] = b'\n';
        let line = self.0.as_flattened();
        line.get(start..=2 * MAX_PAIRS).unwrap_or_default()
    }
}

/// A file in `/proc`, there for as long as this value is.
///
/// Dropping it waits for the calls into [`Show`] that are running; descriptors that are still open
/// read `EIO` from then on. It must not be leaked ([`core::mem::forget`]): procfs would go on
/// calling a module that is no longer there.
///
/// A reader whose buffer ends too early, by its size or at an unmapped page, gets what fits, and
/// `EFAULT` if that is nothing. Offsets are set relative to the start or to the current one;
/// `SEEK_END` is `EINVAL`, as for most files of `/proc`, which end where their text does. Writing
/// is `EACCES` for those whom the mode stops, and `EIO` for the others.
///
/// # Invariants
///
/// `_entry` was created with the operations [`Self::OPS`] and the data `_show`.
pub struct File<T: Show> {
    // This order is load-bearing for drops: `_entry` makes use of `_show`.
    _entry: Entry,
    _show: Pin<KBox<T>>,
}

impl<T: Show> File<T> {
    const OPS: &'static bindings::proc_ops = &bindings::proc_ops {
        proc_open: Some(Self::open),
        // `proc_read` is cheaper, but with it a file cannot be spliced.
        proc_read_iter: Some(Self::read_iter),
        proc_lseek: Some(bindings::no_seek_end_llseek),
        ..pin_init::zeroed()
    };

    /// Creates `/proc/<name>`.
    ///
    /// # Errors
    ///
    /// - `EINVAL`: `name` is empty, `.`, `..`, all digits (these are processes), has a `/`, or is
    ///   longer than 255 bytes.
    /// - `EEXIST`: the name is taken, of which the kernel warns in its log. (If a module's `init`
    ///   returns this, `insmod` gets `EBUSY`: the module loader has its own use for `EEXIST`.)
    /// - `ENOMEM`, and whatever initialising `show` returns.
    pub fn new<E>(name: &CStr, show: impl PinInit<T, E>) -> Result<Self>
    where
        Error: From<E>,
    {
        const {
            assert!(T::MODE & !0o444 == 0, "a file is for reading only");
            assert!(T::MODE != 0, "procfs takes 0 for 0444");
        }
        check_name(name)?;
        let show = KBox::pin_init(show, GFP_KERNEL)?;
        let data = ptr::from_ref(&*show).cast_mut().cast();
        // SAFETY: `name` is a C string, and the parent NULL is `/proc`. `OPS` is `'static` and does
        // with the data what it may: it makes `&T` of it, which is `Sync`, while the entry exists.
        let entry = unsafe {
            bindings::proc_create_data(
                name.as_char_ptr(),
                T::MODE,
                ptr::null_mut(),
                Self::OPS,
                data,
            )
        };
        match NonNull::new(entry) {
            // INVARIANT: The entry was created just now, as both types say.
            Some(entry) => Ok(Self {
                _entry: Entry(entry),
                _show: show,
            }),
            None if exists(name) => Err(EEXIST),
            None => Err(ENOMEM),
        }
    }

    /// # Safety
    ///
    /// `inode` must be that of an entry made by [`Self::new`], and procfs be in a call to its
    /// operations for all of `'a`.
    unsafe fn show<'a>(inode: *const bindings::inode) -> &'a T {
        // SAFETY: procfs keeps an entry's data in `i_private`: by the invariant of `File` a `T`,
        // which is pinned and dropped after the entry; and `proc_remove()` waits for the call.
        unsafe { &*(*inode).i_private.cast::<T>() }
    }

    /// # Safety
    ///
    /// For `proc_ops::proc_open` of an entry made by [`Self::new`] only.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: procfs calls this with the entry's inode.
        let show = unsafe { Self::show(inode) };
        // SAFETY: Nobody else has the file yet. Its `private_data` is ours to use.
        unsafe { (*file).private_data = show.sample() as *mut c_void };
        0
    }

    /// # Safety
    ///
    /// For `proc_ops::proc_read_iter` of an entry made by [`Self::new`] only.
    unsafe extern "C" fn read_iter(
        kiocb: *mut bindings::kiocb,
        iter: *mut bindings::iov_iter,
    ) -> isize {
        // SAFETY: procfs passes a `kiocb` that is ours until we return.
        let kiocb = unsafe { &mut *kiocb };
        // SAFETY: It comes with the destination of a read, ours just as long.
        let to = unsafe { IovIterDest::from_raw(iter) };
        let file = kiocb.ki_filp;
        // SAFETY: The caller holds the file open, which is one of our entry.
        let show = unsafe { Self::show((*file).f_inode) };
        // SAFETY: As above. Since `open`, `private_data` is used here only, and as an atomic only.
        let sample = unsafe { Atomic::from_ptr((&raw mut (*file).private_data).cast::<usize>()) };

        match Self::read(show, sample, &mut kiocb.ki_pos, to) {
            Ok(copied) => copied as isize,
            Err(error) => error.to_errno() as isize,
        }
    }

    /// Reads from a file with the sample `sample` at `pos`, which moves by the bytes returned.
    fn read(
        show: &T,
        sample: &Atomic<usize>,
        pos: &mut i64,
        to: &mut IovIterDest<'_>,
    ) -> Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        let value = if *pos == 0 {
            let value = show.sample();
            sample.store(value, Relaxed);
            value
        } else {
            sample.load(Relaxed)
        };
        let mut line = Line([[0; 2]; MAX_PAIRS + 1]);
        let text = show.text(value, &mut line);
        match to.simple_read_from_buffer(pos, text)? {
            0 if *pos < text.len() as i64 => Err(EFAULT),
            copied => Ok(copied),
        }
    }
}

/// Whether procfs takes `name` in its root; it warns of those that it does not.
#[inline]
fn check_name(name: &CStr) -> Result {
    let name = name.to_bytes();
    let special = matches!(name, b"" | b"." | b"..") || name.iter().all(u8::is_ascii_digit);
    if special || name.contains(&b'/') || name.len() > bindings::NAME_MAX as usize {
        return Err(EINVAL);
    }
    Ok(())
}

/// Whether there is a `/proc/<name>`.
///
/// `proc_create_data()` returns NULL for "no memory" and for "name taken", and procfs has no other
/// function that would tell. Asking afterwards can only choose between the two, and picks the wrong
/// one if the other file goes at this moment or the loading process sees no `/proc`.
#[inline]
fn exists(name: &CStr) -> bool {
    let mut file = KVec::new();
    if file.extend_from_slice(b"/proc/", GFP_KERNEL).is_err()
        || file
            .extend_from_slice(name.to_bytes_with_nul(), GFP_KERNEL)
            .is_err()
    {
        return false;
    }
    let mut path = pin_init::zeroed();
    // SAFETY: `file` is a C string, and `path` is there to be written to.
    if unsafe { bindings::kern_path(file.as_ptr(), 0, &mut path) } != 0 {
        return false;
    }
    // SAFETY: `kern_path()` has succeeded, so that `path` holds references.
    unsafe { bindings::path_put(&path) };
    true
}

/// # Invariants
///
/// An entry that `proc_create_data()` has returned, and that is in `/proc`.
struct Entry(NonNull<bindings::proc_dir_entry>);

// SAFETY: Any thread may remove an entry.
unsafe impl Send for Entry {}

// SAFETY: Nothing can be done with an `&Entry`.
unsafe impl Sync for Entry {}

impl Drop for Entry {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the type invariant; there is no use of it after this one.
        unsafe { bindings::proc_remove(self.0.as_ptr()) };
    }
}

#[cfg(lkm_kunit)]
#[path = "../tests/kunit/proc_fs.rs"]
mod tests;
