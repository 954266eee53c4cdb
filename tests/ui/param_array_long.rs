// SPDX-License-Identifier: GPL-2.0

//! The file of this array could have 4100 bytes.

use lkm::module_param;

module_param! {
    names: [charp; 4] = [], 0o444, "Up to 4 names";
}
