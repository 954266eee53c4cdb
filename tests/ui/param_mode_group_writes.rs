// SPDX-License-Identifier: GPL-2.0

//! The group can write what the owner cannot.

use lkm::module_param;

module_param! {
    number: int = 1, 0o464, "A number";
}
