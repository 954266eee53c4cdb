// SPDX-License-Identifier: GPL-2.0
/* module_param.rs in C. */
#include <linux/module.h>
#include <linux/moduleparam.h>

static bool my_bool;
static short my_short = 1;
static int my_int = 420;
static long my_long = 9999;
static char *my_str = "blah";
static int my_int_array[4] = { 420, 420 };
static int my_int_array_len = 2;
static int my_limit = 10;

static int my_limit_set(const char *val, const struct kernel_param *kp)
{
	int new, error = kstrtoint(val, 0, &new);

	if (error)
		return error;
	if (new < 1 || new > 100)
		return -EINVAL;
	return param_set_int(val, kp);
}

static const struct kernel_param_ops my_limit_ops = {
	.set = my_limit_set,
	.get = param_get_int,
};

module_param(my_bool, bool, 0444);
MODULE_PARM_DESC(my_bool, "A boolean");
module_param(my_short, short, 0444);
MODULE_PARM_DESC(my_short, "A short integer");
module_param(my_int, int, 0444);
MODULE_PARM_DESC(my_int, "An integer");
module_param(my_long, long, 0444);
MODULE_PARM_DESC(my_long, "A long integer");
module_param(my_str, charp, 0444);
MODULE_PARM_DESC(my_str, "A character string");
module_param_array(my_int_array, int, &my_int_array_len, 0444);
MODULE_PARM_DESC(my_int_array, "An array of up to 4 integers");
module_param_cb(my_limit, &my_limit_ops, &my_limit, 0644);
MODULE_PARM_DESC(my_limit, "A number from 1 to 100, can be changed");

static int __init module_param_init(void)
{
	int i;

	pr_info("module_param: my_bool = %s\n", my_bool ? "true" : "false");
	pr_info("module_param: my_short = %d\n", my_short);
	pr_info("module_param: my_int = %d\n", my_int);
	pr_info("module_param: my_long = %ld\n", my_long);
	pr_info("module_param: my_str = %s\n", my_str);
	for (i = 0; i < my_int_array_len; i++)
		pr_info("module_param: my_int_array[%d] = %d\n", i, my_int_array[i]);
	pr_info("module_param: my_limit = %d\n", READ_ONCE(my_limit));
	return 0;
}

static void __exit module_param_exit(void)
{
}

module_init(module_param_init);
module_exit(module_param_exit);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("rust-lkm contributors");
MODULE_DESCRIPTION("Module parameters");
