// SPDX-License-Identifier: GPL-2.0

//! Two parameters of one name.

use lkm::module_param;

module_param! {
    number: int = 1, 0o444, "A number";
    number: int = 2, 0o444, "Another one";
}
