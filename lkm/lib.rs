// SPDX-License-Identifier: GPL-2.0

//! What Linux kernel modules in Rust need and the kernel crate lacks.
//!
//! A module in another repository can use it with one line in its `Kbuild`: see
//! `lkm/Kbuild.include`.

#[cfg(not(CONFIG_64BIT))]
compile_error!("lkm is for 64-bit kernels: it keeps jiffies and 64-bit numbers in one word");

pub mod chardev;
pub mod jiffies;
pub mod math;
pub mod module_param;
pub mod proc_fs;
pub mod seq_file;

use kernel::{ffi::c_int, prelude::*};

/// The errno that a function of a file or of a parameter returns. With `EIOCBQUEUED` the kernel would
/// wait for the end of a call that has already ended, or stop with a BUG.
fn to_errno(error: Error) -> c_int {
    if error == EIOCBQUEUED { EIO } else { error }.to_errno()
}

/// The return value of a function that reads or writes at most `most` bytes. The kernel trusts it: if
/// it were larger, the kernel would use bytes that nobody has written.
fn to_bytes(result: Result<usize>, most: usize) -> isize {
    match result {
        Ok(bytes) => bytes.min(most) as isize,
        Err(error) => to_errno(error) as isize,
    }
}

/// The kernel crate's bindings, and those that `bindgen` makes from `lkm/bindings_helper.h`.
mod bindings {
    pub(crate) use kernel::bindings::*;
    pub(crate) use lkm_bindings::*;
    // By name, because the kernel crate has these, too, where its headers include `proc_fs.h` (arm64).
    pub(crate) use lkm_bindings::{
        gcd, proc_create_data, proc_create_seq_private, proc_mkdir_data, proc_ops, proc_remove,
    };
}

#[cfg(lkm_kunit)]
#[path = "../tests/kunit/arithmetic.rs"]
mod tests;
