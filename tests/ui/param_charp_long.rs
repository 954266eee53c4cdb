// SPDX-License-Identifier: GPL-2.0

//! A default of 1025 bytes.

use core::ffi::CStr;
use lkm::module_param;

const LONG: &CStr = match CStr::from_bytes_with_nul(&BYTES) {
    Ok(text) => text,
    Err(_) => panic!(),
};

const BYTES: [u8; 1026] = {
    let mut bytes = [b'n'; 1026];
    bytes[1025] = 0;
    bytes
};

module_param! {
    name: charp = LONG, 0o444, "A name";
}
