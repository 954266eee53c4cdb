// SPDX-License-Identifier: GPL-2.0

//! `type` is a keyword.

use lkm::module_param;

module_param! {
    r#type: int = 1, 0o444, "What it is";
}
