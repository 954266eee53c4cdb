// SPDX-License-Identifier: GPL-2.0

//! A module cannot use what is private to the crate.

use lkm::{
    bindings, module_param,
    module_param::{parameters, types, Array, ArrayDescription, Entry, ReadOnly, Writable},
};

module_param! {
    number: int = 1, 0o444, "A number";
    ports: [ushort; 4] = [80, 443], 0o444, "Up to 4 ports";
    limit: int = 10, 0o644, "A limit";
    name: charp = c"", 0o444, "A name";
    names: [charp; 2] = [], 0o444, "Names";
}

/// Fields.
pub fn fields(entry: Entry, description: ArrayDescription) {
    let _ = number.0;
    let _ = (ports.len, ports.elements);
    let _ = limit.0;
    let _ = name.0;
    let _ = names.value()[0].0;
    let _ = entry.0;
    let _ = (description.array, description.ops);
}

/// Values that only the crate makes.
pub fn values() {
    let _ = ReadOnly::<types::int>(1.into());
    let _ = Writable::<types::int>(1.into());
    let _ = types::Charp(c"".as_ptr().cast());
    let _ = Array::<types::int, 1> {
        len: 2.into(),
        elements: [0].into(),
    };
}

/// Helpers.
pub fn helpers() {
    let _ = Entry::new(c"", core::ptr::null(), 0, core::ptr::null_mut());
    let _ = Entry::read_only(c"", core::ptr::null(), 0, core::ptr::null_mut());
    let _ = Writable::<types::int>::set_any;
    let _ = types::set_strings;
}
