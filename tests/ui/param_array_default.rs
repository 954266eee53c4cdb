// SPDX-License-Identifier: GPL-2.0

//! Three values for two elements.

use lkm::module_param;

module_param! {
    ports: [ushort; 2] = [80, 443, 8080], 0o444, "Up to 2 ports";
}
