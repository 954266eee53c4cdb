// SPDX-License-Identifier: GPL-2.0

/* The same parameters in C, to compare param_types.rs with. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/string_choices.h>

typedef unsigned char byte;
typedef unsigned int hexint;
typedef unsigned long long ullong;
typedef char *charp;

/* type, default, format, value as the format takes it */
#define SCALARS(X) \
	X(bool, true, "%s", str_true_false) \
	X(byte, 8, "%hhu",) \
	X(short, -16, "%hd",) \
	X(ushort, 16, "%hu",) \
	X(int, -32, "%d",) \
	X(uint, 32, "%u",) \
	X(hexint, 0x20, "%u",) \
	X(long, -64, "%ld",) \
	X(ulong, 64, "%lu",) \
	X(ullong, 128, "%llu",)

#define TYPES(X) \
	SCALARS(X) \
	X(charp, "blah", "%s",)

#define READ_ONLY(type, value, ...) \
	static type r_##type = value; \
	module_param(r_##type, type, 0444); \
	MODULE_PARM_DESC(r_##type, "read-only " #type);

#define WRITABLE(type, value, ...) \
	static type w_##type = value; \
	module_param(w_##type, type, 0644); \
	MODULE_PARM_DESC(w_##type, "writable " #type);

#define ARRAY(type, value, ...) \
	static type a_##type[3] = { value, value }; \
	static unsigned int n_##type = 2; \
	module_param_array(a_##type, type, &n_##type, 0444); \
	MODULE_PARM_DESC(a_##type, "array of " #type);

TYPES(READ_ONLY)
SCALARS(WRITABLE)
TYPES(ARRAY)

static int no_sysfs = 7;
module_param(no_sysfs, int, 0);
MODULE_PARM_DESC(no_sysfs, "not in sysfs");

static char *secret = "";
module_param(secret, charp, 0400);
MODULE_PARM_DESC(secret, "of the owner");

#define PRINT_READ_ONLY(type, value, format, show) \
	pr_info("r_" #type " = " format "\n", show(r_##type));

#define PRINT_WRITABLE(type, value, format, show) \
	pr_info("w_" #type " = " format "\n", show(w_##type));

#define PRINT_ARRAY(type, value, format, show) \
	for (unsigned int i = 0; i < n_##type; i++) \
		pr_info("a_" #type "[%u] = " format "\n", i, show(a_##type[i]));

static int __init param_types_init(void)
{
	TYPES(PRINT_READ_ONLY)
	TYPES(PRINT_ARRAY)
	pr_info("no_sysfs = %d\n", no_sysfs);
	pr_info("secret = %s\n", secret);
	return 0;
}

static void __exit param_types_exit(void)
{
	SCALARS(PRINT_WRITABLE)
}

module_init(param_types_init);
module_exit(param_types_exit);

MODULE_AUTHOR("rust-lkm contributors");
MODULE_DESCRIPTION("A parameter of every type");
MODULE_LICENSE("GPL");
