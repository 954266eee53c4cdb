// SPDX-License-Identifier: GPL-2.0

//! No description.

use lkm::module_param;

module_param! {
    number: int = 1, 0o444;
}
