// SPDX-License-Identifier: GPL-2.0

//! An array is never written to, so there is nothing for a rule to decide.

use lkm::module_param;

module_param! {
    ports: [ushort; 4] = [80, 443], 0o444, "Up to 4 ports", |_new| Ok(());
}
