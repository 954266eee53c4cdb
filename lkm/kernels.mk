# SPDX-License-Identifier: GPL-2.0

# The series of kernels that lkm/ is written for: those with which `make matrix` was green. A build for another one is
# refused before it begins (scripts/preflight.sh).
kernel-series := 7.2 7.3

# What differs between them belongs here, and nowhere else: a cfg for lkm/, set by what the kernel has or by its version,
# with a line on what changed when. So far one source serves all of them.
