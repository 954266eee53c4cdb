// SPDX-License-Identifier: GPL-2.0

//! A rule runs with the lock of the parameters held, so it must not take another one.

use kernel::prelude::*;
use lkm::module_param;

module_param! {
    limit: int = 10, 0o644, "From 1 to what the lock holds", |new| {
        if new <= *LIMIT.lock() {
            Ok(())
        } else {
            Err(EINVAL)
        }
    };
}

kernel::sync::global_lock! {
    // SAFETY: None: this does not compile.
    unsafe(uninit) static LIMIT: Mutex<i32> = 100;
}
