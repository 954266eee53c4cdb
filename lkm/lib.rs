// SPDX-License-Identifier: GPL-2.0

//! What Linux kernel modules in Rust need and the kernel crate lacks.
//!
//! A module in another repository can use it with one line in its `Kbuild`: see
//! `lkm/Kbuild.include`.

#[cfg(not(CONFIG_64BIT))]
compile_error!("lkm is for kernels of 64 bits: it keeps jiffies and numbers of 64 bits in a word");

pub mod chardev;
pub mod jiffies;
pub mod math;
pub mod module_param;
pub mod proc_fs;
pub mod seq_file;

use kernel::{ffi::c_int, prelude::*};

/// The errno that a function of a file returns. `EIOCBQUEUED` would have the kernel wait for the end
/// of a call that is over.
fn to_errno(error: Error) -> c_int {
    if error == EIOCBQUEUED { EIO } else { error }.to_errno()
}

/// What a function returns that reads or writes at most `most` bytes. The kernel believes it: told of
/// more, it would take bytes that nobody has written.
fn to_bytes(result: Result<usize>, most: usize) -> isize {
    match result {
        Ok(bytes) => bytes.min(most) as isize,
        Err(error) => to_errno(error) as isize,
    }
}

/// The kernel crate's bindings, and what `bindgen` makes of `lkm/bindings_helper.h`.
mod bindings {
    pub(crate) use kernel::bindings::*;
    pub(crate) use lkm_bindings::*;
}

#[cfg(lkm_kunit)]
#[path = "../tests/kunit/arithmetic.rs"]
mod tests;
