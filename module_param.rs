// SPDX-License-Identifier: GPL-2.0

//! Takes parameters of several types, and prints them when it is loaded.
//!
//! Type: `insmod module_param.ko my_str='"Hello world"' my_int_array=4,5,6`, then look at
//! `modinfo -p module_param.ko`, `dmesg`, and `/sys/module/module_param/parameters`.
//!
//! Everybody can read those files (mode 0444; with mode 0 there is no file). Only `my_limit` can be
//! changed while the module is loaded: by root (0644), to a number from 1 to 100. Any other number is
//! an "Invalid argument".

use kernel::{fmt::Display, prelude::*};
use lkm::module_param;

module! {
    type: ModuleParam,
    name: "module_param",
    authors: ["rust-lkm contributors"],
    description: "Module parameters",
    license: "GPL",
}

module_param! {
    my_bool: bool = false, 0o444, "A boolean";
    my_short: short = 1, 0o444, "A short integer";
    my_int: int = 420, 0o444, "An integer";
    my_long: long = 9999, 0o444, "A long integer";
    my_str: charp = c"blah", 0o444, "A character string";
    my_int_array: [int; 4] = [420, 420], 0o444, "An array of up to 4 integers";
    my_limit: int = 10, 0o644, "A number from 1 to 100, can be changed", |new| match new {
        1..=100 => Ok(()),
        _ => Err(EINVAL),
    };
}

struct ModuleParam;

// `dyn`: otherwise the compiler would make a function for each type, with a long name.
fn print(name: &str, value: &dyn Display) {
    pr_info!("{name} = {value}\n");
}

fn print_element(name: &str, i: &dyn Display, element: &dyn Display) {
    pr_info!("{name}[{i}] = {element}\n");
}

impl kernel::Module for ModuleParam {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        print("my_bool", &my_bool.value());
        print("my_short", &my_short.value());
        print("my_int", &my_int.value());
        print("my_long", &my_long.value());
        print("my_str", &my_str.value());
        for (i, element) in my_int_array.value().iter().enumerate() {
            print_element("my_int_array", &i, element);
        }
        print("my_limit", &my_limit.load());
        Ok(ModuleParam)
    }
}
