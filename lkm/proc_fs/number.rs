// SPDX-License-Identifier: GPL-2.0

//! Files that have one number.

use super::{copy, create, data, Kind};
use crate::bindings;
use core::ptr;
use kernel::{
    error::from_result,
    ffi::c_int,
    iov::IovIterDest,
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};

/// A file with the number that `number` returns, in decimal digits, and a newline. Everybody can read
/// it.
///
/// `number` is called when the file is opened, and again when it is read at offset 0. It may sleep.
/// This is the cheapest kind of file that changes: an open one takes no memory.
///
/// # Panics
///
/// `number` must not: see [what that does](super#panics).
///
/// # Examples
///
/// ```
/// static BALANCE: Atomic<i64> = Atomic::new(-1);
///
/// let file = proc_fs::File::new(c"balance", proc_fs::number(|| BALANCE.load(Relaxed)))?;
/// ```
pub fn number<T: Integer, F>(number: F) -> impl Kind
where
    F: Fn() -> T + Send + Sync + 'static,
{
    Number(number)
}

/// An integer of up to 64 bits, with or without a sign.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an integer of up to 64 bits",
    note = "convert it to one, or print it: `proc_fs::read_only`"
)]
pub trait Integer: private::Word {}

mod private {
    /// Fits into a word.
    pub trait Word: Copy {
        /// The word that has it, with its sign extended.
        fn to_word(self) -> usize;

        /// Whether a word is one of a negative number.
        fn is_negative(word: usize) -> bool;
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        const _: () = assert!(size_of::<$type>() <= size_of::<usize>());

        impl private::Word for $type {
            #[inline]
            fn to_word(self) -> usize {
                self as usize
            }

            #[inline]
            #[allow(unused_comparisons)]
            fn is_negative(word: usize) -> bool {
                // (not if it has no sign)
                (word as $type) < 0
            }
        }

        impl Integer for $type {}
    )*};
}
integers! { i8 i16 i32 i64 isize u8 u16 u32 u64 usize }

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

/// Pairs of decimal digits in the largest word. The largest with a sign has one digit less than
/// these, which leaves a place for it.
const MAX_PAIRS: usize = usize::MAX.ilog(100) as usize + 1;
const _: () = assert!(isize::MIN.unsigned_abs().ilog10() as usize + 1 < 2 * MAX_PAIRS);

/// Memory for a number and a newline.
struct Line([[u8; 2]; MAX_PAIRS + 1]);

impl Line {
    #[inline]
    fn new() -> Self {
        Self([[0; 2]; MAX_PAIRS + 1])
    }

    /// The number in `word` in decimal digits, and a newline.
    #[inline]
    fn print<T: Integer>(&mut self, word: usize) -> &[u8] {
        let negative = T::is_negative(word);
        let mut n = if negative { word.wrapping_neg() } else { word };
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
        let line = self.0.as_flattened_mut();
        if negative {
            start -= 1;
            line[start] = b'-';
        }
        line.get(start..=2 * MAX_PAIRS).unwrap_or_default()
    }
}

struct Number<F>(F);

impl<T: Integer, F> Number<F>
where
    F: Fn() -> T + Send + Sync + 'static,
{
    const OPS: &'static bindings::proc_ops = &bindings::proc_ops {
        proc_open: Some(Self::open),
        proc_read_iter: Some(Self::read_iter),
        proc_lseek: Some(bindings::no_seek_end_llseek),
        ..pin_init::zeroed()
    };

    /// # Safety
    ///
    /// For `proc_ops::proc_open` of an entry with this data only.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: procfs calls this with the entry's inode.
        let number = unsafe { data::<Self>(inode) };
        let word = (number.0)().to_word();
        // SAFETY: Nobody else has the file yet. Its `private_data` is ours to use.
        unsafe { (*file).private_data = ptr::without_provenance_mut(word) };
        0
    }

    /// # Safety
    ///
    /// For `proc_ops::proc_read_iter` of an entry with this data only.
    unsafe extern "C" fn read_iter(
        kiocb: *mut bindings::kiocb,
        iter: *mut bindings::iov_iter,
    ) -> isize {
        // SAFETY: The VFS made the iterator for this read, so it is a destination. Until we return it
        // is ours alone, and may be written to.
        let to = unsafe { IovIterDest::from_raw(iter) };
        // SAFETY: The `kiocb` is ours for this call, and with it the offset in it.
        let offset = unsafe { &mut (*kiocb).ki_pos };
        // SAFETY: The caller holds the file open.
        let file = unsafe { (*kiocb).ki_filp };
        // SAFETY: It is one of this entry, which procfs is calling.
        let number = unsafe { data::<Self>((*file).f_inode) };
        // SAFETY: Since `open` only this function uses `private_data`, and only as an atomic, which
        // has the size and the alignment of a pointer.
        let word = unsafe { Atomic::from_ptr((&raw mut (*file).private_data).cast::<usize>()) };

        if to.is_empty() {
            return 0;
        }
        let n = if *offset == 0 {
            let n = (number.0)().to_word();
            word.store(n, Relaxed);
            n
        } else {
            word.load(Relaxed)
        };
        let mut line = Line::new();
        from_result(|| Ok(copy(to, offset, line.print::<T>(n))? as isize))
    }
}

const _: () = assert!(size_of::<*mut u8>() == size_of::<Atomic<usize>>());
const _: () = assert!(align_of::<*mut u8>() == align_of::<Atomic<usize>>());

// SAFETY: `create()` makes the entry, which is ours alone. `OPS` takes the data for a `Self`, and has no
// flags, so the entry is not permanent.
unsafe impl<T: Integer, F> Kind for Number<F>
where
    F: Fn() -> T + Send + Sync + 'static,
{
    const CHECK: () = ();

    unsafe fn create(
        name: &CStr,
        parent: *mut bindings::proc_dir_entry,
        data: *const Self,
    ) -> *mut bindings::proc_dir_entry {
        // SAFETY: By our contract; `OPS` takes the data for a `Self`, and has no flags.
        unsafe { create(name, 0o444, parent, Self::OPS, data) }
    }
}

#[cfg(lkm_kunit)]
#[path = "../../tests/kunit/number.rs"]
mod tests;
