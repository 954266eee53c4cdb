// SPDX-License-Identifier: GPL-2.0

//! Files with `read` and `write` of their own, and with state for each open file.

use super::{create, data, Kind};
use crate::{bindings, to_bytes, to_errno};
use kernel::{
    ffi::{c_char, c_int},
    iov::IovIterDest,
    prelude::*,
    types::ForeignOwnable,
    uaccess::{UserPtr, UserSlice, UserSliceReader},
};

/// A file with `read` and `write` of its own, and with state for each open file.
///
/// # Panics
///
/// Its functions must not: see [what that does](super#panics).
///
/// # Examples
///
/// ```
/// # use kernel::{iov::IovIterDest, new_mutex, sync::Mutex, uaccess::UserSliceReader};
/// /// Whoever opens it can write to it, and read back what this open file was given last.
/// struct Echo;
///
/// impl proc_fs::Stream for Echo {
///     const MODE: u16 = 0o666;
///     type Open = Pin<KBox<Mutex<KVec<u8>>>>;
///
///     fn open(&self) -> Result<Self::Open> {
///         KBox::pin_init(new_mutex!(KVec::new()), GFP_KERNEL)
///     }
///
///     fn read(
///         &self,
///         last: Pin<&Mutex<KVec<u8>>>,
///         offset: &mut i64,
///         to: &mut IovIterDest<'_>,
///     ) -> Result<usize> {
///         proc_fs::copy(to, offset, &last.lock())
///     }
///
///     fn write(
///         &self,
///         last: Pin<&Mutex<KVec<u8>>>,
///         offset: &mut i64,
///         mut from: UserSliceReader,
///     ) -> Result<usize> {
///         let len = from.len().min(100);
///         let mut text = KVec::from_elem(0, len, GFP_KERNEL)?;
///         from.read_slice(&mut text)?;
///         *last.lock() = text;
///         // (So this open file reads the text from its beginning.)
///         *offset = 0;
///         Ok(len)
///     }
/// }
///
/// let file = proc_fs::File::new(c"echo", proc_fs::stream(Echo))?;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how a program opens, reads and writes the file",
    note = "implement `proc_fs::Stream` for it"
)]
pub trait Stream: Send + Sync + 'static {
    /// Permissions of the file: who may read, who may write.
    const MODE: u16;

    /// The state of an open file. It is dropped when the file is closed, and for files that are still
    /// open when the [`File`](super::File) is dropped.
    ///
    /// `()`, if there is none; a [`KBox`] or an [`Arc`](kernel::sync::Arc) otherwise.
    type Open: ForeignOwnable + Send + Sync;

    /// Makes the state of a file that is being opened. It may sleep.
    ///
    /// # Errors
    ///
    /// Whoever opens the file gets what this returns.
    fn open(&self) -> Result<Self::Open>;

    /// Reads: copies to `to` what is at `offset`, moves that, and returns the number of bytes. None
    /// is the end of the file. It may sleep, and several may run at a time. The reader gets at most
    /// the bytes by which this has moved `to`; these include what [`IovIterDest::advance`] skips, where
    /// nothing is written.
    ///
    /// # Errors
    ///
    /// The reader gets what this returns. The default is `EIO`, as for all files that cannot be read.
    fn read(
        &self,
        _open: <Self::Open as ForeignOwnable>::Borrowed<'_>,
        _offset: &mut i64,
        _to: &mut IovIterDest<'_>,
    ) -> Result<usize> {
        Err(EIO)
    }

    /// Writes: takes from `from` what is for `offset`, moves that, and returns the number of bytes. If
    /// these are not all, programs write the rest again. (`writev` is one call for each of its
    /// buffers.) It may sleep, and several may run at a time.
    ///
    /// # Errors
    ///
    /// The writer gets what this returns. The default is `EIO`, as for all files that cannot be
    /// written to.
    fn write(
        &self,
        _open: <Self::Open as ForeignOwnable>::Borrowed<'_>,
        _offset: &mut i64,
        _from: UserSliceReader,
    ) -> Result<usize> {
        Err(EIO)
    }
}

/// A file that does what `stream` does.
pub fn stream<T: Stream, E>(stream: impl PinInit<T, E>) -> impl PinInit<Streamed<T>, E> {
    pin_init!(Streamed { stream <- stream }? E)
}

/// The file of a [`Stream`]: see [`stream`].
#[pin_data]
pub struct Streamed<T> {
    #[pin]
    stream: T,
}

// Of an open file, `private_data` is a `T::Open` from `open` until `release`.
impl<T: Stream> Streamed<T> {
    const OPS: &'static bindings::proc_ops = &bindings::proc_ops {
        proc_open: Some(Self::open),
        proc_read_iter: Some(Self::read_iter),
        proc_write: Some(Self::write),
        proc_lseek: Some(bindings::no_seek_end_llseek),
        proc_release: Some(Self::release),
        ..pin_init::zeroed()
    };

    /// # Safety
    ///
    /// For `proc_ops::proc_open` of an entry with this data only.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: procfs calls this with the entry's inode.
        let stream = unsafe { &data::<Self>(inode).stream };
        let open = match stream.open() {
            Ok(open) => open.into_foreign(),
            Err(error) => return to_errno(error),
        };
        // SAFETY: Nobody else has the file yet. Its `private_data` is ours to use.
        unsafe { (*file).private_data = open };
        0
    }

    /// # Safety
    ///
    /// For `proc_ops::proc_release` of an entry with this data only.
    unsafe extern "C" fn release(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: It comes from `open`. procfs calls this once for each file that was opened, after
        // its other calls: nobody has borrowed it.
        drop(unsafe { T::Open::from_foreign((*file).private_data) });
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
        let stream = unsafe { &data::<Self>((*file).f_inode).stream };
        // SAFETY: It comes from `open`, and the file is not released before this returns.
        let open = unsafe { T::Open::borrow((*file).private_data) };

        let len = to.len();
        let result = stream.read(open, offset, to);
        // (`splice` and `sendfile` pass on what is in their pages, which nobody has cleared.)
        to_bytes(result, len - to.len())
    }

    /// # Safety
    ///
    /// For `proc_ops::proc_write` of an entry with this data only.
    unsafe extern "C" fn write(
        file: *mut bindings::file,
        from: *const c_char,
        len: usize,
        offset: *mut i64,
    ) -> isize {
        // SAFETY: The caller holds the file open, which is one of this entry; procfs is calling it.
        let stream = unsafe { &data::<Self>((*file).f_inode).stream };
        // SAFETY: It comes from `open`, and the file is not released before this returns.
        let open = unsafe { T::Open::borrow((*file).private_data) };
        // SAFETY: The offset is ours for this call.
        let offset = unsafe { &mut *offset };
        let from = UserSlice::new(UserPtr::from_ptr(from.cast_mut().cast()), len);

        to_bytes(stream.write(open, offset, from.reader()), len)
    }
}

// SAFETY: `create()` makes the entry, which is ours alone. `OPS` takes the data for a `Self`, and has no
// flags, so the entry is not permanent.
unsafe impl<T: Stream> Kind for Streamed<T> {
    const CHECK: () = {
        assert!(
            T::MODE & !0o666 == 0,
            "the mode of a `Stream` has bits that are not for reading or writing: write 0o444 or 0o666"
        );
        assert!(
            T::MODE != 0,
            "nobody could read or write this `Stream`: write 0o444 or 0o666"
        );
    };

    unsafe fn create(
        name: &CStr,
        parent: *mut bindings::proc_dir_entry,
        data: *const Self,
    ) -> *mut bindings::proc_dir_entry {
        // SAFETY: By our contract; `OPS` takes the data for a `Self`, and has no flags.
        unsafe { create(name, T::MODE, parent, Self::OPS, data) }
    }
}
