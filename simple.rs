// SPDX-License-Identifier: GPL-2.0

//! Uses what the kernel offers to every module. When it is loaded, it prints constants and a variable
//! from the kernel's headers; when it is unloaded, the result of a function that the kernel exports.
//! See `dmesg` after `insmod` and `rmmod`.

use kernel::prelude::*;
use lkm::{
    jiffies::{jiffies, HZ},
    math::{gcd, GOLDEN_RATIO_PRIME},
};

module! {
    type: Simple,
    name: "simple",
    authors: ["rust-lkm contributors"],
    description: "Uses constants, a variable and a function of the kernel",
    license: "GPL",
}

struct Simple;

impl kernel::Module for Simple {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("GOLDEN_RATIO_PRIME = {GOLDEN_RATIO_PRIME}\n");
        pr_info!("jiffies = {}\n", jiffies());
        pr_info!("HZ = {HZ}\n");
        Ok(Simple)
    }
}

impl Drop for Simple {
    fn drop(&mut self) {
        pr_info!("gcd(3300, 24) = {}\n", gcd(3300, 24));
    }
}
