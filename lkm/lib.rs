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

/// The kernel crate's bindings, and what `bindgen` makes of `lkm/bindings_helper.h`.
mod bindings {
    pub(crate) use kernel::bindings::*;
    pub(crate) use lkm_bindings::*;
}

#[cfg(lkm_kunit)]
#[path = "../tests/kunit/arithmetic.rs"]
mod tests;
