// SPDX-License-Identifier: GPL-2.0

//! Files and directories in `/proc`.
//!
//! C header: [`include/linux/proc_fs.h`](srctree/include/linux/proc_fs.h)
//!
//! A [`File`] has a name, and a second argument says what it is:
//!
//! | what | the file |
//! |---|---|
//! | [`text`] | always has the same text |
//! | [`number`] | has one number, which a function returns |
//! | [`read_only`] | has the text that a [`Show`] prints |
//! | [`write_only`] | is written to: each write is a text for a [`Write`] |
//! | [`read_write`] | both |
//! | [`list`] | has the entries of a [`List`], printed one by one |
//! | [`stream`] | does what a [`Stream`] does, with state for each open file |
//!
//! # Examples
//!
//! ```
//! # fn free_pages() -> u32 { 0 }
//! // `/proc/free` is there as long as this value.
//! let file = proc_fs::File::new(c"free", proc_fs::number(free_pages))?;
//! ```
//!
//! A directory, and one value that two files share:
//!
//! ```
//! # use kernel::sync::Arc;
//! let count = Arc::new(Atomic::new(0i64), GFP_KERNEL)?;
//! let dir = proc_fs::Dir::new(c"counter")?;
//! let decimal = dir.file(c"decimal", {
//!     let count = count.clone();
//!     proc_fs::number(move || count.load(Relaxed))
//! })?;
//! let hexadecimal = dir.file(
//!     c"hexadecimal",
//!     proc_fs::read_only(move |m: &SeqFile| {
//!         seq_print!(m, "{:#x}\n", count.load(Relaxed));
//!         Ok(())
//!     }),
//! )?;
//! ```
//!
//! # Readers
//!
//! Open files are independent of each other. The text of an open [`number`] or [`read_only`] is made
//! when the file is read at offset 0. All later reads return parts of this text, however long they
//! are, at whatever offsets, and from any thread.
//!
//! If a reader's buffer is too small, or ends at an unmapped page, the reader gets what fits, and
//! `EFAULT` if nothing does. Programs can seek relative to the start and to the current offset.
//! `SEEK_END` fails with `EINVAL`, as for most files in `/proc`: they end where their text ends.
//!
//! An access that the mode forbids fails with `EACCES`, except for root. Reading a file that cannot be
//! read, writing to one that cannot be written to, and `mmap` fail with `EIO`. `ioctl` fails with
//! `ENOTTY`, and `poll` says that reading and writing would not wait.
//!
//! # Errors
//!
//! Programs get the errno that your functions return, except `EIOCBQUEUED` and, from a [`List`],
//! `EAGAIN`: these would tell the kernel that the call goes on, so they get `EIO` instead.
//!
//! # Panics
//!
//! Your functions that a file calls must not panic, for example by an overflow (`n + 1`): use
//! `checked_add()` and similar functions. A panic is a `BUG`. It ends the process that reads or
//! writes, and its call never returns. Dropping the [`File`] waits for that call for ever, and so
//! does `rmmod`. The locks of the open file stay locked: whoever shares it and goes on reading or
//! writing waits for ever, too.
//!
//! For the same reason, these functions must not drop the [`File`]: it would wait for itself.

mod list;
mod number;
mod show;
mod stream;
mod text;

pub use list::{list, List, Listed};
pub use number::{number, Integer};
pub use show::{read_only, read_write, write_only, Show, Write};
pub use show::{Printed, ReadOnly, ReadWrite, WriteOnly};
pub use stream::{stream, Stream, Streamed};
pub use text::text;

use crate::bindings;
use core::ptr::{self, NonNull};
use kernel::{iov::IovIterDest, prelude::*, sync::Arc};

/// The kind of a [`File`]: see the [module's](self) table.
///
/// # Safety
///
/// `create` returns NULL, or an entry
///
/// - which it has made, and which nothing else removes,
/// - which is not permanent: `proc_remove()` waits for the calls to it,
/// - whose functions take `data` for a `Self`, and are not called after `proc_remove()` has returned.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what the file is",
    note = "wrap it in one of the functions of `proc_fs`: `number`, `text`, `read_only`, `write_only`, `read_write`, `list`, `stream`"
)]
pub unsafe trait Kind: Send + Sync + 'static {
    /// Fails to compile if such a file cannot be created. The caller of `create` has evaluated it.
    #[doc(hidden)]
    const CHECK: ();

    /// Creates `/proc/<parent>/<name>`, or `/proc/<name>` if `parent` is NULL.
    ///
    /// Returns NULL if that fails, as the functions of procfs do.
    ///
    /// # Safety
    ///
    /// - `CHECK` was evaluated.
    /// - `parent` is NULL or a directory of procfs, until the entry is removed.
    /// - `data` stays where it is and is not dropped until `proc_remove()` of the entry has
    ///   returned, and that is called before the module is gone.
    #[doc(hidden)]
    unsafe fn create(
        name: &CStr,
        parent: *mut bindings::proc_dir_entry,
        data: *const Self,
    ) -> *mut bindings::proc_dir_entry;
}

/// Calls `proc_create_data()`.
///
/// # Safety
///
/// - That of [`Kind::create`].
/// - The functions of `ops` take the data of their file for a `T`, and its flags are 0: a permanent
///   entry cannot be removed, and procfs does not count the calls into it.
unsafe fn create<T: Kind>(
    name: &CStr,
    mode: bindings::umode_t,
    parent: *mut bindings::proc_dir_entry,
    ops: &'static bindings::proc_ops,
    data: *const T,
) -> *mut bindings::proc_dir_entry {
    // SAFETY: `name` is a C string. By our contract `parent` is valid. `ops` is in the memory of the
    // module, and by our contract it is no longer used when the module is gone.
    unsafe {
        bindings::proc_create_data(
            name.as_char_ptr(),
            mode,
            parent,
            ops,
            data.cast_mut().cast(),
        )
    }
}

/// The data of a file.
///
/// # Safety
///
/// `inode` is that of an entry which was made by [`Kind::create`] with data of this type, and procfs
/// is in a call to one of its functions for all of `'a`.
#[inline]
unsafe fn data<'a, T: Kind>(inode: *const bindings::inode) -> &'a T {
    // SAFETY: procfs keeps an entry's data in `i_private` (C's `pde_data()`). By the contract of
    // `create` it is there until `proc_remove()` has returned, and that waits for the call.
    unsafe { &*(*inode).i_private.cast::<T>() }
}

/// Copies the part of `text` from `offset` on, and adds the number of bytes to `offset`. It is for
/// [`Stream::read`].
///
/// # Errors
///
/// `EFAULT` if there is something to copy, but nothing can be copied. `EINVAL` for a negative offset.
#[inline]
pub fn copy(to: &mut IovIterDest<'_>, offset: &mut i64, text: &[u8]) -> Result<usize> {
    match to.simple_read_from_buffer(offset, text)? {
        0 if *offset < text.len() as i64 && !to.is_empty() => Err(EFAULT),
        copied => Ok(copied),
    }
}

/// A file in `/proc`, which exists as long as this value.
///
/// Dropping it waits for the calls that are running. Afterwards, reading from or writing to a
/// descriptor that is still open fails with `EIO`. Do not drop it while you hold a lock that one of
/// these calls takes.
///
/// # Leaking
///
/// A `File` must be dropped before its module is unloaded, which it is if it is part of the module's
/// value. The compiler does not check this: if it is leaked ([`core::mem::forget`]) or put into a `static`,
/// the entry stays, and procfs calls functions that are no longer there. An entry of procfs has no
/// owner that would keep the module. The kernel crate's `miscdevice` has the same gap;
/// `irq::Registration::new` is `unsafe` for this reason. Ours is not: modules have no `unsafe`.
///
/// If a module makes a `File` from something of another module (a closure, a `&'static str`, a type
/// with functions), the `File` must be dropped before that other module is unloaded.
///
/// # Invariants
///
/// `_entry` was created by [`Kind::create`] with `_data`, in the directory `_dir`.
#[must_use = "the file is removed when this is dropped"]
pub struct File {
    // This order is load-bearing for drops: `_entry` makes use of the others.
    _entry: Entry,
    _data: Pin<KBox<dyn Send + Sync>>,
    _dir: Option<Dir>,
}

impl File {
    /// Creates `/proc/<name>`.
    ///
    /// # Errors
    ///
    /// - `EINVAL`: `name` is empty, `.`, `..`, all digits, `self`, `thread-self` (these are processes),
    ///   has a `/`, or is longer than 255 bytes.
    /// - `ENOMEM`: There is no memory, or the name is taken. procfs returns NULL for both; for the
    ///   second the kernel has a warning in its log.
    /// - Any error of initialising `kind`.
    pub fn new<T: Kind, E>(name: &CStr, kind: impl PinInit<T, E>) -> Result<Self>
    where
        Error: From<E>,
    {
        // Here and in `Dir::file`, so that the compiler's message names the line of the module.
        const { T::CHECK }
        check_name(name)?;
        check_no_process(name)?;
        Self::create(name, None, kind)
    }

    fn create<T: Kind, E>(name: &CStr, dir: Option<&Dir>, kind: impl PinInit<T, E>) -> Result<Self>
    where
        Error: From<E>,
    {
        let data = KBox::pin_init(kind, GFP_KERNEL)?;
        let parent = dir.map_or(ptr::null_mut(), Dir::as_ptr);
        // SAFETY: Both callers have evaluated `CHECK`. `dir` and `data` become fields of the `File`,
        // behind `_entry`: its `Drop`, which calls `proc_remove()`, comes first. That it runs before the
        // module is gone is up to the owner: see "Leaking".
        let entry = unsafe { T::create(name, parent, &*data) };
        // INVARIANT: The entry was created just now.
        let entry = Entry(NonNull::new(entry).ok_or(ENOMEM)?);
        // SAFETY: Only its type changes: from here to the end it is where it was.
        let data: KBox<T> = unsafe { Pin::into_inner_unchecked(data) };
        // (A cast, because rust-analyzer does not know this coercion.)
        let data = data as KBox<dyn Send + Sync>;
        // INVARIANT: As above.
        Ok(Self {
            _entry: entry,
            _data: data.into(),
            _dir: dir.cloned(),
        })
    }
}

/// A directory in `/proc`.
///
/// It exists as long as any of these: this value, its clones, the files in it, and the directories
/// in it. So you may drop it before its files.
///
/// Nest only a few: when the innermost goes, each drops the one around it, on the kernel's small
/// stack.
///
/// Leaking an empty directory is harmless, unlike leaking a [`File`]: the kernel's own code serves
/// it, and it stays until the next boot.
#[derive(Clone)]
pub struct Dir(Arc<DirEntry>);

struct DirEntry {
    // This order is load-bearing for drops: `entry` is in the directory `_parent`.
    entry: Entry,
    _parent: Option<Dir>,
}

impl Dir {
    /// Creates `/proc/<name>/`, which everybody can read.
    ///
    /// # Errors
    ///
    /// Those of [`File::new`].
    pub fn new(name: &CStr) -> Result<Self> {
        check_no_process(name)?;
        Self::create(name, None)
    }

    /// Creates a directory in this one.
    ///
    /// # Errors
    ///
    /// Those of [`File::new`], but here the name can be that of a process.
    pub fn dir(&self, name: &CStr) -> Result<Self> {
        Self::create(name, Some(self))
    }

    /// Creates a file in this directory.
    ///
    /// # Errors
    ///
    /// Those of [`File::new`], but here the name can be that of a process.
    pub fn file<T: Kind, E>(&self, name: &CStr, kind: impl PinInit<T, E>) -> Result<File>
    where
        Error: From<E>,
    {
        const { T::CHECK }
        check_name(name)?;
        File::create(name, Some(self), kind)
    }

    fn create(name: &CStr, parent: Option<&Dir>) -> Result<Self> {
        check_name(name)?;
        let above = parent.map_or(ptr::null_mut(), Dir::as_ptr);
        // SAFETY: `name` is a C string, and `above` is NULL, for `/proc`, or a directory which is
        // there for as long as `parent`, of which a clone is kept behind the entry.
        let entry =
            unsafe { bindings::proc_mkdir_data(name.as_char_ptr(), 0, above, ptr::null_mut()) };
        // INVARIANT: The entry was created just now.
        let entry = Entry(NonNull::new(entry).ok_or(ENOMEM)?);
        let entry = DirEntry {
            entry,
            _parent: parent.cloned(),
        };
        Ok(Self(Arc::new(entry, GFP_KERNEL)?))
    }

    fn as_ptr(&self) -> *mut bindings::proc_dir_entry {
        self.0.entry.0.as_ptr()
    }
}

/// Refuses the names of processes, which hide other entries of that name.
fn check_no_process(name: &CStr) -> Result {
    let name = name.to_bytes();
    if matches!(name, b"self" | b"thread-self") || name.iter().all(u8::is_ascii_digit) {
        return Err(EINVAL);
    }
    Ok(())
}

/// Refuses names that procfs does not allow, and for which it would write a warning to the log.
#[inline]
fn check_name(name: &CStr) -> Result {
    let name = name.to_bytes();
    if matches!(name, b"" | b"." | b"..")
        || name.contains(&b'/')
        || name.len() > bindings::NAME_MAX as usize
    {
        return Err(EINVAL);
    }
    Ok(())
}

/// An entry in `/proc`.
///
/// # Invariants
///
/// procfs has returned it, it is in `/proc`, and nobody else removes it: a directory is not removed
/// before what is in it.
struct Entry(NonNull<bindings::proc_dir_entry>);

// SAFETY: Any thread may remove an entry.
unsafe impl Send for Entry {}

// SAFETY: Nothing can be done with an `&Entry` but read the pointer.
unsafe impl Sync for Entry {}

impl Drop for Entry {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: By the type invariant it is there; there is no use of it after this one.
        unsafe { bindings::proc_remove(self.0.as_ptr()) };
    }
}

#[cfg(lkm_kunit)]
#[path = "../tests/kunit/proc_fs.rs"]
mod tests;
