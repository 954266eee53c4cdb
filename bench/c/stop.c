// SPDX-License-Identifier: GPL-2.0
/* startstop/stop.rs in C. */
#include <linux/module.h>

static void __exit stop(void)
{
	pr_info("startstop: Short is the life of a kernel module\n");
}

module_exit(stop);
