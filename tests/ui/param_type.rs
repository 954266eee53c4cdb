// SPDX-License-Identifier: GPL-2.0

//! Functions for parameters: one of a type that has Rust's name, and one that is not for strings.

use lkm::{
    module_param,
    module_param::{types::Scalar, Array, ReadOnly},
};

module_param! {
    number: int = 1, 0o444, "A number";
    name: charp = c"eth0", 0o444, "Interface";
}

/// The type has C's name.
pub fn sum(ports: &Array<i32, 4>) -> i32 {
    ports.value().iter().sum()
}

/// A function for numbers.
pub fn load<T: Scalar>(parameter: &ReadOnly<T>) -> T::Value {
    parameter.value()
}

/// It is not for strings.
pub fn values() {
    let _: i32 = load(&number);
    let _ = load(&name);
}
