// SPDX-License-Identifier: GPL-2.0

//! Uses every macro of the kernel crate that makes this crate include a generated file.

use kernel::{bindings, jump_label::static_branch_unlikely, pr_info_once, prelude::*, warn_on};

module! {
    type: Macros,
    name: "foreign_macros",
    authors: ["rust-lkm"],
    description: "Warnings, messages that come once, a tracepoint and a static branch",
    license: "GPL",
}

/// `struct foreign_switch` of `keys.c`.
#[repr(C)]
struct Switch {
    key: bindings::static_key_false,
}

extern "C" {
    static foreign_switch: Switch;
    fn foreign_switch_on();
}

kernel::declare_trace! {
    /// # Safety
    ///
    /// Always safe to call.
    unsafe fn rust_sample_loaded(magic: kernel::ffi::c_int);
}

fn switched() -> bool {
    // SAFETY: `keys.c` defines it, with this type.
    unsafe { static_branch_unlikely!(foreign_switch, Switch, key) }
}

struct Macros;

impl kernel::Module for Macros {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        for _ in 0..2 {
            pr_info_once!("once\n");
        }
        pr_info!("switched: {}\n", switched());
        // SAFETY: It has no requirements.
        unsafe { foreign_switch_on() };
        pr_info!("switched: {}\n", switched());
        // SAFETY: It is always safe to call.
        unsafe { rust_sample_loaded(4711) };
        pr_info!("warned: {}\n", warn_on!(switched()));
        Ok(Macros)
    }
}
