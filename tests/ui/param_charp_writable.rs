// SPDX-License-Identifier: GPL-2.0

//! C frees the old string while others may read it.

use lkm::module_param;

module_param! {
    name: charp = c"eth0", 0o644, "Interface";
}
