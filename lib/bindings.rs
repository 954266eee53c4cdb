// SPDX-License-Identifier: GPL-2.0

//! The kernel crate's bindings, completed by what `bindgen` makes of `lib/bindings_helper.h`.

#![allow(
    clippy::all,
    improper_ctypes,
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    non_snake_case,
    unreachable_pub
)]

pub(crate) use kernel::bindings::*;
use kernel::ffi;
use pin_init::Zeroable;

include!(env!("LKM_BINDINGS"));
