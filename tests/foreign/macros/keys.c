// SPDX-License-Identifier: GPL-2.0
/* Only C can define these: a tracepoint that the kernel's bindings know, and a static key. */

#define CREATE_TRACE_POINTS
#define CREATE_RUST_TRACE_POINTS
#include <trace/events/rust_sample.h>
#include <linux/jump_label.h>

struct foreign_switch {
	struct static_key_false key;
};

struct foreign_switch foreign_switch = { .key = STATIC_KEY_FALSE_INIT };

void foreign_switch_on(void);
void foreign_switch_on(void)
{
	static_branch_enable(&foreign_switch.key);
}
