// SPDX-License-Identifier: GPL-2.0

//! A string cannot be writable, so it has no rule.

use lkm::module_param;

module_param! {
    name: charp = c"eth0", 0o444, "Interface", |_new| Ok(());
}
