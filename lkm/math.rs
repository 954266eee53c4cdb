// SPDX-License-Identifier: GPL-2.0

//! Arithmetic that the kernel exports.
//!
//! C headers: [`include/linux/gcd.h`](srctree/include/linux/gcd.h),
//! [`include/linux/hash.h`](srctree/include/linux/hash.h)

use crate::bindings;
use kernel::ffi::c_ulong;

/// The multiplier of the kernel's hash functions: 2^n times the square of the golden ratio (0.618…),
/// for words of n bits. Since Linux 4.7 it is not a prime any more; only the name still says so.
pub const GOLDEN_RATIO_PRIME: c_ulong = bindings::RUST_CONST_HELPER_GOLDEN_RATIO_PRIME;

/// The greatest common divisor of `a` and `b`. If one of them is 0, it is the other one.
#[inline]
pub fn gcd(a: c_ulong, b: c_ulong) -> c_ulong {
    // SAFETY: `gcd()` is defined for all values and touches no memory.
    unsafe { bindings::gcd(a, b) }
}
