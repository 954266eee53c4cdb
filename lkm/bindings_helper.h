/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the crate lkm_bindings is made from: headers, and constants that bindgen cannot see or, like
 * HZ, sees wrong (it takes a macro's first definition: user space's HZ).
 */
#include <linux/fs.h>
#include <linux/gcd.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/poll.h>
#include <linux/proc_fs.h>

static const unsigned long RUST_CONST_HELPER_GOLDEN_RATIO_PRIME = GOLDEN_RATIO_PRIME;
static const unsigned long RUST_CONST_HELPER_HZ = HZ;
static const unsigned int RUST_CONST_HELPER_EPOLLIN = (__force unsigned int)(EPOLLIN | EPOLLRDNORM);
static const unsigned int RUST_CONST_HELPER_EPOLLOUT = (__force unsigned int)(EPOLLOUT | EPOLLWRNORM);
static const unsigned int RUST_CONST_HELPER_EPOLLHUP = (__force unsigned int)EPOLLHUP;
static const unsigned int RUST_CONST_HELPER_IOCB_NOWAIT = (__force unsigned int)IOCB_NOWAIT;
