// SPDX-License-Identifier: GPL-2.0

//! Files that always have the same text.

use super::{copy, create, data, Kind};
use crate::bindings;
use kernel::{error::from_result, iov::IovIterDest, prelude::*};

/// A file that always has this text. Everybody can read it.
///
/// # Examples
///
/// ```
/// let file = proc_fs::File::new(c"motto", proc_fs::text("Festina lente\n"))?;
/// ```
pub fn text(text: &'static str) -> impl Kind {
    Text(text)
}

struct Text(&'static str);

impl Text {
    const OPS: &'static bindings::proc_ops = &bindings::proc_ops {
        // `proc_read` is cheaper, but with it a file cannot be spliced.
        proc_read_iter: Some(Self::read_iter),
        proc_lseek: Some(bindings::no_seek_end_llseek),
        ..pin_init::zeroed()
    };

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
        // SAFETY: Its file is one of this entry, which procfs is calling.
        let text = unsafe { data::<Self>((*(*kiocb).ki_filp).f_inode) }.0;

        if to.is_empty() {
            return 0;
        }
        from_result(|| Ok(copy(to, offset, text.as_bytes())? as isize))
    }
}

// SAFETY: `create()` makes the entry, which is ours alone. `OPS` takes the data for a `Self`, and has no
// flags, so the entry is not permanent.
unsafe impl Kind for Text {
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
