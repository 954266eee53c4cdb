// SPDX-License-Identifier: GPL-2.0

//! C changes an array element by element.

use lkm::module_param;

module_param! {
    ports: [ushort; 4] = [80, 443], 0o644, "Up to 4 ports";
}
