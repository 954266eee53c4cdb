// SPDX-License-Identifier: GPL-2.0

//! Files whose text is printed, and files that take text.

use super::{copy, create, data, Kind};
use crate::{bindings, to_bytes};
use core::{marker::PhantomData, ptr, slice};
use kernel::{
    alloc::KVVec,
    ffi::{c_char, c_int},
    iov::IovIterDest,
    page::PAGE_SIZE,
    prelude::*,
    seq_file::SeqFile,
    uaccess::{UserPtr, UserSlice},
};

/// A value that prints the text of a file.
///
/// A closure that takes a `&SeqFile` is also a `Show`.
///
/// # Examples
///
/// ```
/// # use kernel::{new_mutex, sync::Mutex};
/// /// Readings of a thermometer in thousandths of a degree, and its flags.
/// #[pin_data]
/// struct Readings {
///     #[pin]
///     readings: Mutex<KVec<(i32, u64)>>,
/// }
///
/// impl proc_fs::Show for Readings {
///     fn show(&self, m: &SeqFile) -> Result {
///         for (temperature, flags) in self.readings.lock().iter() {
///             seq_print!(m, "{temperature:>7} {flags:#018x}\n");
///         }
///         Ok(())
///     }
/// }
///
/// let readings = pin_init!(Readings {
///     readings <- new_mutex!(KVec::new()),
/// });
/// let file = proc_fs::File::new(c"readings", proc_fs::read_only(readings))?;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which text it prints",
    note = "implement `proc_fs::Show` for it, or use a closure that takes a `&SeqFile` and returns a `Result`"
)]
pub trait Show: Send + Sync + 'static {
    /// Who may read the file: any of the three read bits, at least one.
    const MODE: u16 = 0o444;

    /// Prints all of the text, with [`seq_print!`](crate::seq_print). It may sleep.
    ///
    /// It is called when the file is read for the first time, or at offset 0. The text has a page of
    /// memory at first. If it does not fit, this is called again with twice the memory (at most
    /// 1 GiB), and nobody sees the text that did not fit.
    ///
    /// # Errors
    ///
    /// The reader gets what this returns, or `ENOMEM` if there is no memory for the text.
    ///
    /// # Panics
    ///
    /// It must not: see [what that does](super#panics). The lock of the open file's text is held, so
    /// every other reader of this open file waits for ever, at any offset.
    fn show(&self, m: &SeqFile) -> Result;
}

impl<F> Show for F
where
    F: Fn(&SeqFile) -> Result + Send + Sync + 'static,
{
    fn show(&self, m: &SeqFile) -> Result {
        self(m)
    }
}

/// A value that takes the texts that are written to a file.
///
/// # Examples
///
/// ```
/// # use kernel::str::{parse_int::ParseInt, BStr};
/// /// A number from 1 to 100.
/// struct Limit(Atomic<i32>);
///
/// impl proc_fs::Show for Limit {
///     fn show(&self, m: &SeqFile) -> Result {
///         seq_print!(m, "{}\n", self.0.load(Relaxed));
///         Ok(())
///     }
/// }
///
/// impl proc_fs::Write for Limit {
///     const MAX: usize = 16;
///
///     fn write(&self, text: &[u8]) -> Result {
///         let limit = i32::from_str(BStr::from_bytes(text.trim_ascii()))?;
///         if !(1..=100).contains(&limit) {
///             return Err(ERANGE);
///         }
///         self.0.store(limit, Relaxed);
///         Ok(())
///     }
/// }
///
/// let file = proc_fs::File::new(c"limit", proc_fs::read_write(Limit(Atomic::new(10))))?;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it does with a text that is written to it",
    note = "implement `proc_fs::Write` for it, or make a file that can only be read: `proc_fs::read_only`"
)]
pub trait Write: Send + Sync + 'static {
    /// Who may write to the file: any of the three write bits, at least one.
    const MODE: u16 = 0o200;

    /// How long a text may be, in bytes.
    const MAX: usize = PAGE_SIZE;

    /// Takes all the bytes of one `write` call as one text, whatever the offset is. (`writev` is one
    /// call for each of its buffers.) The text may be empty. This function may sleep, and several calls
    /// of it may run at the same time.
    ///
    /// # Errors
    ///
    /// The writer gets what this returns. Before that, `E2BIG` if there are more than
    /// [`MAX`](Self::MAX) bytes, `EFAULT` if they cannot be read, `ENOMEM` if there is no memory for
    /// them.
    ///
    /// # Panics
    ///
    /// It must not: see [what that does](super#panics).
    fn write(&self, text: &[u8]) -> Result;
}

/// Checks a [`Show::MODE`].
const fn check_read(mode: u16) {
    assert!(
        mode & !0o444 == 0,
        "the mode of a `Show` has other bits than those for reading: write 0o444, 0o440 or 0o400"
    );
    assert!(
        mode != 0,
        "nobody could read this `Show`: write 0o444, 0o440 or 0o400"
    );
}

/// Checks a [`Write::MODE`].
const fn check_write(mode: u16) {
    assert!(
        mode & !0o222 == 0,
        "the mode of a `Write` has other bits than those for writing: write 0o200, 0o220 or 0o222"
    );
    assert!(
        mode != 0,
        "nobody could write to this `Write`: write 0o200, 0o220 or 0o222"
    );
}

/// A file with the text that `show` prints.
pub fn read_only<T: Show, E>(show: impl PinInit<T, E>) -> impl PinInit<Printed<T, ReadOnly>, E> {
    pin_init!(Printed::<T, ReadOnly> { inner <- show, _access: PhantomData }? E)
}

/// A file to which texts can be written, for `write`.
pub fn write_only<T: Write, E>(
    write: impl PinInit<T, E>,
) -> impl PinInit<Printed<T, WriteOnly>, E> {
    pin_init!(Printed::<T, WriteOnly> { inner <- write, _access: PhantomData }? E)
}

/// A file with the text that `value` prints, and to which texts can be written, for `value`.
pub fn read_write<T: Show + Write, E>(
    value: impl PinInit<T, E>,
) -> impl PinInit<Printed<T, ReadWrite>, E> {
    pin_init!(Printed::<T, ReadWrite> { inner <- value, _access: PhantomData }? E)
}

/// Of a [`Printed`] that can only be read.
pub struct ReadOnly;

/// Of a [`Printed`] that can only be written to.
pub struct WriteOnly;

/// Of a [`Printed`] that can be read and written to.
pub struct ReadWrite;

/// A text that a value prints or takes: [`read_only`], [`write_only`], [`read_write`].
#[pin_data]
pub struct Printed<T, A> {
    #[pin]
    inner: T,
    _access: PhantomData<A>,
}

/// Of a `seq_file` whose own functions are not used: seq_file prints the text again for each offset
/// that is not the next one, and here an open file keeps its text.
const NO_SEQUENCE: &bindings::seq_operations = &bindings::seq_operations {
    start: None,
    stop: None,
    next: None,
    show: None,
};

// An open file has a `seq_file`, in `private_data`. Under its lock:
// - `buf` is NULL or has `size` bytes, of which the first `count` are initialised.
// - These are the text if `index` is not 0.
impl<T: Show, A: Send + Sync + 'static> Printed<T, A>
where
    Self: Kind,
{
    /// # Safety
    ///
    /// For `proc_ops::proc_open` only.
    unsafe extern "C" fn open(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: Nobody else has the file yet.
        let mode = unsafe { (*file).f_mode };
        // SAFETY: As above, and `private_data` is NULL. The functions of the sequence, which are
        // missing, are only called by those of seq_file that we do not use.
        let ret = unsafe { bindings::seq_open(file, NO_SEQUENCE) };
        // SAFETY: As above. seq_file takes `pwrite()` away from files which it does not write to.
        unsafe { (*file).f_mode = mode };
        ret
    }

    /// # Safety
    ///
    /// For `proc_ops::proc_read_iter` of an entry with this data, `open` and `seq_release()` only.
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
        let show = unsafe { data::<Self>((*file).f_inode) };
        // SAFETY: `open` has made it, and it is there until the file is released.
        let m = unsafe { (*file).private_data }.cast::<bindings::seq_file>();

        if to.is_empty() {
            return 0;
        }
        // SAFETY: `seq_open()` has initialised the lock.
        unsafe { bindings::mutex_lock(&raw mut (*m).lock) };
        // SAFETY: We hold the lock.
        let printed = if *offset == 0 || unsafe { (*m).index } == 0 {
            // SAFETY: As above.
            unsafe { print(m, &show.inner) }
        } else {
            Ok(())
        };
        let result = printed.and_then(|()| {
            // SAFETY: `print` has left a text there, now or before, and the lock keeps it.
            let text = unsafe { slice::from_raw_parts((*m).buf.cast(), (*m).count) };
            copy(to, offset, text)
        });
        // SAFETY: We hold it.
        unsafe { bindings::mutex_unlock(&raw mut (*m).lock) };
        to_bytes(result, usize::MAX)
    }
}

/// Makes the text of an open file. If that fails it has none.
///
/// # Safety
///
/// `m` is that of an open file, and its lock is held.
unsafe fn print(m: *mut bindings::seq_file, show: &impl Show) -> Result {
    // The last size that seq_file would allocate.
    const MAX: usize = 1 << 30;

    // SAFETY: By our contract only we use these fields.
    let (buf, size, count, index) = unsafe {
        (
            &raw mut (*m).buf,
            &raw mut (*m).size,
            &raw mut (*m).count,
            &raw mut (*m).index,
        )
    };
    loop {
        // SAFETY: As above.
        unsafe {
            *index = 0;
            *count = 0;
        }
        // SAFETY: As above.
        if unsafe { *buf }.is_null() {
            // SAFETY: As above.
            let wanted = unsafe { *size }.max(PAGE_SIZE);
            // (If that fails, the next text begins with a page again.)
            // SAFETY: As above.
            unsafe { *size = 0 };
            let (memory, _, _) =
                KVVec::<u8>::with_capacity(wanted, GFP_KERNEL_ACCOUNT)?.into_raw_parts();
            // SAFETY: As above. `seq_release()` frees it with `kvfree()`, as is right for a `KVVec`.
            unsafe {
                *buf = memory.cast();
                *size = wanted;
            }
        }
        // SAFETY: It is a `seq_file` with memory, and the lock keeps other threads away.
        let file = unsafe { SeqFile::from_raw(m) };
        show.show(file)?;
        // SAFETY: As above.
        unsafe {
            // (`seq_has_overflowed()`)
            if *count != *size {
                *index = 1;
                return Ok(());
            }
            bindings::kvfree((*buf).cast());
            *buf = ptr::null_mut();
            if *size >= MAX {
                *size = 0;
                return Err(ENOMEM);
            }
            *size *= 2;
        }
    }
}

impl<T: Write, A: Send + Sync + 'static> Printed<T, A>
where
    Self: Kind,
{
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
        let write = unsafe { data::<Self>((*file).f_inode) };
        if len > T::MAX {
            return E2BIG.to_errno() as isize;
        }
        let from = UserSlice::new(UserPtr::from_ptr(from.cast_mut().cast()), len);
        let mut text = KVVec::new();
        let result = from
            .read_all(&mut text, GFP_KERNEL_ACCOUNT)
            .and_then(|()| write.inner.write(&text));
        if result.is_ok() {
            // SAFETY: The offset is ours for this call.
            unsafe { *offset += len as i64 };
        }
        to_bytes(result.map(|()| len), len)
    }
}

impl<T: Show> Printed<T, ReadOnly> {
    const OPS: &'static bindings::proc_ops = &bindings::proc_ops {
        proc_open: Some(Self::open),
        proc_read_iter: Some(Self::read_iter),
        proc_lseek: Some(bindings::no_seek_end_llseek),
        proc_release: Some(bindings::seq_release),
        ..pin_init::zeroed()
    };
}

impl<T: Write> Printed<T, WriteOnly> {
    const OPS: &'static bindings::proc_ops = &bindings::proc_ops {
        proc_write: Some(Self::write),
        proc_lseek: Some(bindings::no_seek_end_llseek),
        ..pin_init::zeroed()
    };
}

impl<T: Show + Write> Printed<T, ReadWrite> {
    const OPS: &'static bindings::proc_ops = &bindings::proc_ops {
        proc_open: Some(Self::open),
        proc_read_iter: Some(Self::read_iter),
        proc_write: Some(Self::write),
        proc_lseek: Some(bindings::no_seek_end_llseek),
        proc_release: Some(bindings::seq_release),
        ..pin_init::zeroed()
    };
}

// SAFETY: `create()` makes the entry, which is ours alone. `OPS` takes the data for a `Self`, and has no
// flags, so the entry is not permanent.
unsafe impl<T: Show> Kind for Printed<T, ReadOnly> {
    const CHECK: () = check_read(T::MODE);

    unsafe fn create(
        name: &CStr,
        parent: *mut bindings::proc_dir_entry,
        data: *const Self,
    ) -> *mut bindings::proc_dir_entry {
        // SAFETY: By our contract; `OPS` takes the data for a `Self`, and has no flags.
        unsafe { create(name, T::MODE, parent, Self::OPS, data) }
    }
}

// SAFETY: `create()` makes the entry, which is ours alone. `OPS` takes the data for a `Self`, and has no
// flags, so the entry is not permanent.
unsafe impl<T: Write> Kind for Printed<T, WriteOnly> {
    const CHECK: () = check_write(T::MODE);

    unsafe fn create(
        name: &CStr,
        parent: *mut bindings::proc_dir_entry,
        data: *const Self,
    ) -> *mut bindings::proc_dir_entry {
        // SAFETY: By our contract; `OPS` takes the data for a `Self`, and has no flags.
        unsafe { create(name, T::MODE, parent, Self::OPS, data) }
    }
}

// SAFETY: `create()` makes the entry, which is ours alone. `OPS` takes the data for a `Self`, and has no
// flags, so the entry is not permanent.
unsafe impl<T: Show + Write> Kind for Printed<T, ReadWrite> {
    const CHECK: () = {
        check_read(<T as Show>::MODE);
        check_write(<T as Write>::MODE);
    };

    unsafe fn create(
        name: &CStr,
        parent: *mut bindings::proc_dir_entry,
        data: *const Self,
    ) -> *mut bindings::proc_dir_entry {
        // SAFETY: By our contract; `OPS` takes the data for a `Self`, and has no flags.
        unsafe {
            create(
                name,
                <T as Show>::MODE | <T as Write>::MODE,
                parent,
                Self::OPS,
                data,
            )
        }
    }
}
