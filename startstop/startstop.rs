// SPDX-License-Identifier: GPL-2.0

//! One module from several files: one has what it does when it is loaded, another what it does when
//! it is unloaded. See `dmesg` after `insmod` and `rmmod`.

use kernel::prelude::*;

mod start;
mod stop;

module! {
    type: StartStop,
    name: "startstop",
    authors: ["rust-lkm contributors"],
    description: "A module from several files",
    license: "GPL",
}

struct StartStop;
