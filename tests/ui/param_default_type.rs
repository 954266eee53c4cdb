// SPDX-License-Identifier: GPL-2.0

//! Defaults of another type.

use lkm::module_param;

module_param! {
    flag: bool = 1, 0o444, "A bool";
    name: charp = "eth0", 0o444, "A string";
}
