// SPDX-License-Identifier: GPL-2.0

//! For docs/crashes.md: waits for a `Mutex` that it holds itself.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{Arc, Mutex},
};

module! {
    type: Deadlock,
    name: "deadlock",
    authors: ["rust-lkm contributors"],
    description: "A deadlock in init",
    license: "GPL",
}

struct Deadlock;

impl kernel::Module for Deadlock {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let total = Arc::pin_init(new_mutex!(0), GFP_KERNEL)?;
        count(&total);
        Ok(Deadlock)
    }
}

fn count(total: &Mutex<u32>) {
    let mut guard = total.lock();
    *guard += 1;
    add(total, 2);
}

fn add(total: &Mutex<u32>, number: u32) {
    *total.lock() += number;
}
