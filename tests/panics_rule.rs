// SPDX-License-Identifier: GPL-2.0

//! For `panics.t`: a parameter whose rule panics.

use kernel::prelude::*;
use lkm::module_param;

module! {
    type: PanicsRule,
    name: "panics_rule",
    authors: ["rust-lkm contributors"],
    description: "A rule that panics",
    license: "GPL",
}

module_param! {
    number: int = 1, 0o644, "The next one has to be positive", |new| {
        if new + 1 > 0 { Ok(()) } else { Err(EINVAL) }
    };
    other: int = 1, 0o644, "Another one";
}

struct PanicsRule;

impl kernel::Module for PanicsRule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(PanicsRule)
    }
}
