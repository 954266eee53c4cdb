// SPDX-License-Identifier: GPL-2.0

//! A parameter of every type: read-only, writable, and an array. `param_types_c.c` is the same in C.
//!
//! Prints the read-only ones when it is loaded, the writable ones when it is unloaded.

use kernel::prelude::*;
use lkm::module_param;

module! {
    type: ParamTypes,
    name: "param_types",
    authors: ["rust-lkm contributors"],
    description: "A parameter of every type",
    license: "GPL",
}

module_param! {
    r_bool: bool = true, 0o444, "read-only bool";
    r_byte: byte = 8, 0o444, "read-only byte";
    r_short: short = -16, 0o444, "read-only short";
    r_ushort: ushort = 16, 0o444, "read-only ushort";
    r_int: int = -32, 0o444, "read-only int";
    r_uint: uint = 32, 0o444, "read-only uint";
    r_hexint: hexint = 0x20, 0o444, "read-only hexint";
    r_long: long = -64, 0o444, "read-only long";
    r_ulong: ulong = 64, 0o444, "read-only ulong";
    r_ullong: ullong = 128, 0o444, "read-only ullong";
    r_charp: charp = c"blah", 0o444, "read-only charp";
    w_bool: bool = true, 0o644, "writable bool";
    w_byte: byte = 8, 0o644, "writable byte";
    w_short: short = -16, 0o644, "writable short";
    w_ushort: ushort = 16, 0o644, "writable ushort";
    w_int: int = -32, 0o644, "writable int";
    w_uint: uint = 32, 0o644, "writable uint";
    w_hexint: hexint = 0x20, 0o644, "writable hexint";
    w_long: long = -64, 0o644, "writable long";
    w_ulong: ulong = 64, 0o644, "writable ulong";
    w_ullong: ullong = 128, 0o644, "writable ullong";
    a_bool: [bool; 3] = [true, true], 0o444, "array of bool";
    a_byte: [byte; 3] = [8, 8], 0o444, "array of byte";
    a_short: [short; 3] = [-16, -16], 0o444, "array of short";
    a_ushort: [ushort; 3] = [16, 16], 0o444, "array of ushort";
    a_int: [int; 3] = [-32, -32], 0o444, "array of int";
    a_uint: [uint; 3] = [32, 32], 0o444, "array of uint";
    a_hexint: [hexint; 3] = [0x20, 0x20], 0o444, "array of hexint";
    a_long: [long; 3] = [-64, -64], 0o444, "array of long";
    a_ulong: [ulong; 3] = [64, 64], 0o444, "array of ulong";
    a_ullong: [ullong; 3] = [128, 128], 0o444, "array of ullong";
    a_charp: [charp; 3] = [c"blah", c"blah"], 0o444, "array of charp";
    no_sysfs: int = 7, 0, "not in sysfs";
    secret: charp = c"", 0o400, "of the owner";
}

struct ParamTypes;

macro_rules! print {
    ($value:ident: $($name:ident)*) => {
        $(pr_info!("{} = {}\n", stringify!($name), $name.$value());)*
    };
}

macro_rules! print_arrays {
    ($($name:ident)*) => {$(
        for (i, element) in $name.value().iter().enumerate() {
            pr_info!("{}[{i}] = {}\n", stringify!($name), *element);
        }
    )*};
}

/// Takes what other threads may use, too.
fn shared<T: Send + Sync>(_: T) {}

impl kernel::Module for ParamTypes {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        shared(a_charp.value());
        print!(value: r_bool r_byte r_short r_ushort r_int r_uint r_hexint r_long r_ulong r_ullong);
        print!(value: r_charp);
        print_arrays!(a_bool a_byte a_short a_ushort a_int a_uint a_hexint a_long a_ulong a_ullong);
        for (i, element) in a_charp.value().iter().enumerate() {
            pr_info!("a_charp[{i}] = {}\n", &**element);
        }
        print!(value: no_sysfs secret);
        Ok(ParamTypes)
    }
}

impl Drop for ParamTypes {
    fn drop(&mut self) {
        print!(load: w_bool w_byte w_short w_ushort w_int w_uint w_hexint w_long w_ulong w_ullong);
    }
}
