// SPDX-License-Identifier: GPL-2.0

//! Printing to a [`SeqFile`].
//!
//! C header: [`include/linux/seq_file.h`](srctree/include/linux/seq_file.h)

use crate::bindings;
use core::ptr;
use kernel::{fmt, seq_file::SeqFile};

/// Prints to a [`SeqFile`], like [`kernel::seq_print!`], but faster. The kernel crate's macro calls C's
/// `vsnprintf()`, which calls Rust for its `%pA`. This one formats directly into the file's buffer.
///
/// # Examples
///
/// ```
/// fn print_coordinates(m: &SeqFile, x: i32, y: i32) {
///     seq_print!(m, "{x:>6} {y:>6}\n");
/// }
/// ```
#[macro_export]
macro_rules! seq_print {
    ($m:expr, $($arg:tt)+) => {
        $crate::seq_file::print($m, ::kernel::prelude::fmt!($($arg)+))
    };
}

/// Used by [`seq_print!`](crate::seq_print).
#[doc(hidden)]
#[inline]
pub fn print(m: &SeqFile, args: fmt::Arguments<'_>) {
    // Text that does not fit is not lost: the file is then marked as full, and its reader notices. (If a
    // `Display` of the user's fails, its text ends there, as with `pr_info!`.)
    let _ = fmt::Write::write_fmt(&mut Writer(m), args);
}

struct Writer<'a>(&'a SeqFile);

impl fmt::Write for Writer<'_> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let m = ptr::from_ref(self.0).cast_mut().cast();
        // SAFETY: A `SeqFile` is a `struct seq_file`. Only one thread can have a reference to it, and
        // that thread may write to it. `text` is valid for its length.
        match unsafe { bindings::seq_write(m, text.as_ptr().cast(), text.len()) } {
            0 => Ok(()),
            _ => Err(fmt::Error),
        }
    }
}
