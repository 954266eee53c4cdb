// SPDX-License-Identifier: GPL-2.0

//! A parameter that may change has `load`; a parameter that does not change has `value`.

use lkm::module_param;

module_param! {
    stays: int = 1, 0o444, "Stays as it is";
    changes: int = 1, 0o644, "Can be changed";
}

/// Their sum.
pub fn sum() -> i32 {
    stays.load() + changes.value()
}
