/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the crate lkm_bindings is made from: headers, and constants that bindgen cannot see or, like
 * HZ, sees wrong (it takes a macro's first definition: user space's HZ).
 */
#include <linux/gcd.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/proc_fs.h>

static const unsigned long RUST_CONST_HELPER_GOLDEN_RATIO_PRIME = GOLDEN_RATIO_PRIME;
static const unsigned long RUST_CONST_HELPER_HZ = HZ;
