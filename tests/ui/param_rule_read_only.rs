// SPDX-License-Identifier: GPL-2.0

//! A parameter that nobody can write to is checked once, in `init`.

use kernel::prelude::*;
use lkm::module_param;

module_param! {
    limit: int = 10, 0o444, "From 1 to 100", |new| match new {
        1..=100 => Ok(()),
        _ => Err(EINVAL),
    };
}
