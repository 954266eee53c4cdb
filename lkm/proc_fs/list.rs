// SPDX-License-Identifier: GPL-2.0

//! Files with a list of any length.

use super::Kind;
use crate::{bindings, to_errno};
use core::{mem::MaybeUninit, ptr};
use kernel::{
    ffi::{c_int, c_void},
    prelude::*,
    seq_file::SeqFile,
};

/// A list whose entries have keys, which put them in order.
///
/// An open file remembers only the key of the entry that it printed last. So a list can have any
/// length, and entries may come and go while it is read. Reading from start to end returns
///
/// - every entry that was there all the time: exactly once, and in the order of the keys,
/// - an entry that came or went in the meantime: once, or not at all,
/// - each entry as it was at one moment, and never a part of it.
///
/// A read that does not continue where the last one ended (after `lseek`, or with `pread`) prints
/// the list again from its start, up to the offset. If the list has changed, so has the text at this
/// offset.
///
/// # Examples
///
/// ```
/// # use kernel::{new_mutex, rbtree::RBTree, sync::Mutex};
/// /// Names by number.
/// #[pin_data]
/// struct Names {
///     #[pin]
///     names: Mutex<RBTree<u64, &'static str>>,
/// }
///
/// impl proc_fs::List for Names {
///     type Key = u64;
///
///     fn next(&self, after: Option<u64>, m: &SeqFile) -> Result<Option<u64>> {
///         let names = self.names.lock();
///         let least = match after {
///             None => 0,
///             Some(u64::MAX) => return Ok(None),
///             Some(key) => key + 1,
///         };
///         let Some(cursor) = names.cursor_lower_bound(&least) else {
///             return Ok(None);
///         };
///         let (key, name) = cursor.current();
///         seq_print!(m, "{key} {name}\n");
///         Ok(Some(*key))
///     }
/// }
///
/// let names = pin_init!(Names {
///     names <- new_mutex!(RBTree::new()),
/// });
/// let file = proc_fs::File::new(c"names", proc_fs::list(names))?;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which entries the file has",
    note = "implement `proc_fs::List` for it, or print all of its text at once: `proc_fs::read_only`"
)]
pub trait List: Send + Sync + 'static {
    /// Who may read the file: any of the three read bits, at least one.
    const MODE: u16 = 0o444;

    /// The type of the keys, which tell entries apart and put them in order.
    type Key: Copy + Ord + Send;

    /// Prints the entry with the least key above `after` (if `after` is `None`: the first entry), and
    /// returns its key. Returns `None` if there is no such entry; anything printed is then dropped.
    /// It may sleep.
    ///
    /// If an entry does not fit into the rest of the page, this is called again for the same entry,
    /// with more memory (at most 1 GiB).
    ///
    /// # Errors
    ///
    /// The reader gets what was printed before, then what this returns; `EIO` instead of `EAGAIN`, and
    /// if the key is not above `after`, as the list would have no end.
    ///
    /// # Panics
    ///
    /// It must not: see [what that does](super#panics). As with [`Show::show`](super::Show::show), no
    /// other reader of the open file goes on.
    fn next(&self, after: Option<Self::Key>, m: &SeqFile) -> Result<Option<Self::Key>>;
}

/// A file that has the entries of `list`, printed one by one.
pub fn list<T: List, E>(list: impl PinInit<T, E>) -> impl PinInit<Listed<T>, E> {
    pin_init!(Listed { list <- list }? E)
}

/// The file of a [`List`]: see [`list`].
#[pin_data]
pub struct Listed<T> {
    #[pin]
    list: T,
}

/// Where an open file is. Valid if it is all zeros.
///
/// # Invariants
///
/// - `done` is initialised if `begun` is 1: the key of the entry before the next one.
/// - `printed` is initialised if `at` is [`PRINTED`]: the key of the next one, which was printed.
#[repr(C)]
struct Position<K> {
    begun: u8,
    at: u8,
    done: MaybeUninit<K>,
    printed: MaybeUninit<K>,
}

/// Not printed yet.
const FRESH: u8 = 0;
/// Printed, but if it did not fit it will have to be again.
const PRINTED: u8 = 1;
/// There is no next one.
const END: u8 = 2;

impl<T: List> Listed<T> {
    const OPS: &'static bindings::seq_operations = &bindings::seq_operations {
        start: Some(Self::start),
        next: Some(Self::next),
        show: Some(Self::show),
        stop: Some(Self::stop),
    };

    /// # Safety
    ///
    /// `m` is that of a file with this data, in a call of seq_file to `OPS`, for all of `'a`.
    unsafe fn position<'a>(m: *mut bindings::seq_file) -> &'a mut Position<T::Key> {
        // SAFETY: `seq_open_private()` has allocated it, of the size which was given to
        // `proc_create_seq_private()`, aligned as `CHECK` asserts, and filled with zeros, which is
        // valid. seq_file holds the lock of `m` while it calls `OPS`.
        unsafe { &mut *(*m).private.cast() }
    }

    /// # Safety
    ///
    /// For `seq_operations::start` of a file with this data only.
    unsafe extern "C" fn start(m: *mut bindings::seq_file, index: *mut i64) -> *mut c_void {
        // SAFETY: By our contract.
        let position = unsafe { Self::position(m) };
        // 0 is the start of the list. Otherwise `begun` and `done` are as the last `next` left them.
        // SAFETY: seq_file passes its own.
        if unsafe { *index } == 0 {
            position.begun = 0;
        }
        position.at = FRESH;
        // Whatever is neither NULL nor an error.
        m.cast()
    }

    /// # Safety
    ///
    /// For `seq_operations::show` of a file with this data only.
    unsafe extern "C" fn show(m: *mut bindings::seq_file, _entry: *mut c_void) -> c_int {
        // SAFETY: By our contract.
        let position = unsafe { Self::position(m) };
        // SAFETY: The file is open, and procfs is in a call to it.
        let list = unsafe { &super::data::<Self>((*(*m).file).f_inode).list };
        // SAFETY: seq_file holds the lock of `m`, which keeps other threads away.
        let file = unsafe { SeqFile::from_raw(m) };

        let after = match position.begun {
            0 => None,
            // SAFETY: By the type's invariant.
            _ => Some(unsafe { position.done.assume_init() }),
        };
        match list.next(after, file) {
            Ok(Some(key)) if after.is_some_and(|after| key <= after) => EIO.to_errno(),
            Ok(Some(key)) => {
                // INVARIANT: That is its key.
                position.printed.write(key);
                position.at = PRINTED;
                0
            }
            Ok(None) => {
                position.at = END;
                bindings::SEQ_SKIP as c_int
            }
            // For seq_file this means that it needs more memory: it would call this again and again.
            Err(error) if error == EAGAIN => EIO.to_errno(),
            Err(error) => to_errno(error),
        }
    }

    /// # Safety
    ///
    /// For `seq_operations::next` of a file with this data only.
    unsafe extern "C" fn next(
        m: *mut bindings::seq_file,
        entry: *mut c_void,
        index: *mut i64,
    ) -> *mut c_void {
        // SAFETY: By our contract.
        let position = unsafe { Self::position(m) };
        // SAFETY: seq_file passes its own. It wants it to change, also at the end.
        unsafe { *index += 1 };
        match position.at {
            PRINTED => {
                // INVARIANT: Both by the invariant of `printed`.
                position.done = position.printed;
                position.begun = 1;
                position.at = FRESH;
                entry
            }
            _ => ptr::null_mut(),
        }
    }

    /// # Safety
    ///
    /// For `seq_operations::stop` only.
    unsafe extern "C" fn stop(_m: *mut bindings::seq_file, _entry: *mut c_void) {}
}

// SAFETY: `proc_create_seq_private()` makes the entry, which is ours alone. The operations that procfs
// has for it have no flags, so it is not permanent; they call `OPS`, which takes the data for a `Self`.
unsafe impl<T: List> Kind for Listed<T> {
    const CHECK: () = {
        assert!(
            T::MODE & !0o444 == 0,
            "the mode of a `List` has other bits than those for reading: write 0o444, 0o440 or 0o400"
        );
        assert!(
            T::MODE != 0,
            "nobody could read this `List`: write 0o444, 0o440 or 0o400"
        );
        assert!(
            align_of::<Position<T::Key>>() <= bindings::ARCH_KMALLOC_MINALIGN,
            "the `Key` of this `List` is aligned to more bytes than the kernel's memory: use another type"
        );
        // (procfs takes the size as an `unsigned int`)
        assert!(
            size_of::<T::Key>() <= 1024,
            "the `Key` of this `List` has more than 1024 bytes: use a smaller type"
        );
    };

    unsafe fn create(
        name: &CStr,
        parent: *mut bindings::proc_dir_entry,
        data: *const Self,
    ) -> *mut bindings::proc_dir_entry {
        // SAFETY: `name` is a C string. By our contract `parent` is right, and `OPS`, which is in the
        // memory of the module and takes the data for a `Self`, is no longer used when that is gone.
        unsafe {
            bindings::proc_create_seq_private(
                name.as_char_ptr(),
                T::MODE,
                parent,
                Self::OPS,
                size_of::<Position<T::Key>>() as u32,
                data.cast_mut().cast(),
            )
        }
    }
}
