// SPDX-License-Identifier: GPL-2.0

//! Chapter 3: a parameter, and an `init` that refuses to load the module.

use kernel::prelude::*;
use lkm::module_param;

module! {
    type: Times,
    name: "times",
    authors: ["rust-lkm contributors"],
    description: "Says hello as often as you ask",
    license: "GPL",
}

module_param! {
    times: uint = 3, 0o444, "How often to say hello, 10 times at most";
}

struct Times;

impl kernel::Module for Times {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        if times.value() > 10 {
            pr_err!("times = {} is more than 10\n", times.value());
            return Err(EINVAL);
        }
        for n in 1..=times.value() {
            pr_info!("Hello {n}\n");
        }
        Ok(Times)
    }
}
