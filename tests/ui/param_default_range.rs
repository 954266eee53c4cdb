// SPDX-License-Identifier: GPL-2.0

//! A default outside the range of its type.

use lkm::module_param;

module_param! {
    small: byte = 256, 0o444, "A byte";
}
