// SPDX-License-Identifier: GPL-2.0

//! No variable can have the name of a parameter.

use kernel::prelude::*;
use lkm::module_param;

module_param! {
    number: int = 1, 0o444, "A number";
    limit: int = 10, 0o644, "A limit", |number| if number > 0 { Ok(()) } else { Err(EINVAL) };
}

/// A variable.
pub fn double() -> i32 {
    let number = number.value();
    2 * number
}
