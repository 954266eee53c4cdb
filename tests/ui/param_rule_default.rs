// SPDX-License-Identifier: GPL-2.0

//! A default that could not be written.

use kernel::prelude::*;
use lkm::module_param;

module_param! {
    limit: int = 0, 0o644, "From 1 to 100", |new| match new {
        1..=100 => Ok(()),
        _ => Err(EINVAL),
    };
}
