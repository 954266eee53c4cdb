// SPDX-License-Identifier: GPL-2.0

//! Chapter 4: a module from two files.

use kernel::prelude::*;
use lkm::module_param;

mod year;

module! {
    type: Leap,
    name: "leap",
    authors: ["rust-lkm contributors"],
    description: "Tells whether a year is a leap year",
    license: "GPL",
}

module_param! {
    year: uint = 2026, 0o444, "The year";
}

struct Leap;

impl kernel::Module for Leap {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let leap = year::is_leap(year.value());
        pr_info!("{} has {} days\n", year.value(), 365 + u32::from(leap));
        Ok(Leap)
    }
}
