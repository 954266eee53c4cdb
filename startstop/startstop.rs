// SPDX-License-Identifier: GPL-2.0

//! A module from several files: `start.rs` says what happens when it is loaded, `stop.rs` what happens
//! when it is unloaded. See `dmesg` after `insmod` and `rmmod`.

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
