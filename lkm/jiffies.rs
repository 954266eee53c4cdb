// SPDX-License-Identifier: GPL-2.0

//! The kernel's tick counter.
//!
//! C header: [`include/linux/jiffies.h`](srctree/include/linux/jiffies.h)

use crate::bindings;
use kernel::{ffi::c_ulong, time::Jiffies};

/// Jiffies per second.
pub const HZ: c_ulong = bindings::RUST_CONST_HELPER_HZ;

/// `jiffies`: the low word of [`jiffies_64`].
///
/// Starts five minutes before the wrap of its low 32 bits.
#[inline]
pub fn jiffies() -> Jiffies {
    // SAFETY: `jiffies` is a word in the kernel that always exists. The tick writes it while we read;
    // therefore it is `volatile` in C. A volatile load of a word is not torn.
    unsafe { (&raw const bindings::jiffies).read_volatile() }
}

/// Jiffies that do not wrap in the lifetime of a machine: C's `get_jiffies_64()`, which is
/// [`jiffies`] where a word has 64 bits.
#[inline]
pub fn jiffies_64() -> u64 {
    jiffies() as u64
}
