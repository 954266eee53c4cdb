// SPDX-License-Identifier: GPL-2.0

//! A rule runs while the kernel sets the parameters, so it must not read one.

use kernel::prelude::*;
use lkm::module_param;

module_param! {
    least: int = 1, 0o444, "The least limit";
    most: int = 100, 0o644, "The largest limit";
    names: [charp; 2] = [], 0o444, "Two names";
    name: charp = c"", 0o444, "A name";
    limit: int = 10, 0o644, "Between them", |new| {
        if names.value().is_empty() && name.value().is_empty() {
            return Ok(());
        }
        if new >= least.value() && new <= most.load() {
            Ok(())
        } else {
            Err(EINVAL)
        }
    };
}
