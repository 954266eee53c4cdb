// SPDX-License-Identifier: GPL-2.0

//! 444 without its 0o.

use lkm::module_param;

module_param! {
    number: int = 1, 644, "A number";
}
