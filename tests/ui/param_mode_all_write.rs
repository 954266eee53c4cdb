// SPDX-License-Identifier: GPL-2.0

//! Everybody could write.

use lkm::module_param;

module_param! {
    number: int = 1, 0o666, "A number";
}
