// SPDX-License-Identifier: GPL-2.0

//! The types have C's names, not Rust's.

use lkm::module_param;

module_param! {
    number: i32 = 1, 0o444, "A number";
}
