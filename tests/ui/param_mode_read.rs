// SPDX-License-Identifier: GPL-2.0

//! Others can read what the group cannot.

use lkm::module_param;

module_param! {
    number: int = 1, 0o404, "A number";
}
