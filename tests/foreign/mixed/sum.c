// SPDX-License-Identifier: GPL-2.0

int foreign_sum(int a, int b);
int foreign_sum(int a, int b)
{
	return a + b;
}
