// SPDX-License-Identifier: GPL-2.0
/* For sanitized/detectors.t: makes the faults that the kernel's detectors must find. */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

static char *what = "";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "Which fault");

static char global[64];
static int zero;

static int use_after_free(void)
{
	char *object = kzalloc(64, GFP_KERNEL);

	if (!object)
		return -ENOMEM;
	kfree(object);
	READ_ONCE(*object);
	return 0;
}

static int double_free(void)
{
	char *object = kzalloc(64, GFP_KERNEL), *again = object;

	if (!object)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(again);
	kfree(object);
	kfree(again);
	return 0;
}

static int out_of_bounds(void)
{
	char *object = kzalloc(64, GFP_KERNEL), *end = object + 64;

	if (!object)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(end);
	READ_ONCE(*end);
	kfree(object);
	return 0;
}

static int out_of_bounds_vmalloc(void)
{
	char *object = vzalloc(64), *end = object + 64;

	if (!object)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(end);
	READ_ONCE(*end);
	vfree(object);
	return 0;
}

static int out_of_bounds_global(void)
{
	char *end = global + sizeof(global);

	OPTIMIZER_HIDE_VAR(end);
	READ_ONCE(*end);
	return 0;
}

static int leak(void)
{
	for (int i = 0; i < 10; i++)
		if (!kzalloc(64, GFP_KERNEL))
			return -ENOMEM;
	return 0;
}

static int sleep(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	kfree(kzalloc(64, GFP_KERNEL));
	spin_unlock(&lock);
	return 0;
}

static int lock_order(void)
{
	static DEFINE_MUTEX(first);
	static DEFINE_MUTEX(second);

	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
	return 0;
}

static int rcu(void)
{
	static void __rcu *pointer;

	rcu_dereference(pointer);
	return 0;
}

static int shift(void)
{
	zero = 1 << (READ_ONCE(zero) + 40);
	return 0;
}

static int list_thread(void *unused)
{
	struct list_head one, two;

	INIT_LIST_HEAD(&one);
	INIT_LIST_HEAD(&two);
	one.next = &two;
	__list_del_entry(&one);
	return 0;
}

/* This is a BUG, which ends the thread that causes it. */
static int list(void)
{
	struct task_struct *thread = kthread_run(list_thread, NULL, "detect_c");

	msleep(1000);
	return PTR_ERR_OR_ZERO(thread);
}

static void tick(struct timer_list *timer)
{
}

static int timer(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return -ENOMEM;
	timer_setup(timer, tick, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer);
	return 0;
}

static const struct {
	const char *name;
	int (*function)(void);
} faults[] = {
	{ "use_after_free", use_after_free },
	{ "double_free", double_free },
	{ "out_of_bounds", out_of_bounds },
	{ "out_of_bounds_vmalloc", out_of_bounds_vmalloc },
	{ "out_of_bounds_global", out_of_bounds_global },
	{ "leak", leak },
	{ "sleep", sleep },
	{ "lock_order", lock_order },
	{ "rcu", rcu },
	{ "shift", shift },
	{ "list", list },
	{ "timer", timer },
};

static int __init detect_c_init(void)
{
	for (int i = 0; i < ARRAY_SIZE(faults); i++)
		if (!strcmp(what, faults[i].name))
			return faults[i].function();
	return -EINVAL;
}
module_init(detect_c_init);

static void __exit detect_c_exit(void)
{
}
module_exit(detect_c_exit);

MODULE_AUTHOR("rust-lkm contributors");
MODULE_DESCRIPTION("What detectors have to find");
MODULE_LICENSE("GPL");
