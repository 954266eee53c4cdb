# SPDX-License-Identifier: GPL-2.0

# The series of kernels that lkm/ is written for: `make matrix` has passed with them. scripts/preflight.sh refuses to build for
# another series.
kernel-series := 7.2 7.3

# Differences between them belong here, and nowhere else: a cfg for lkm/, which depends on what the kernel has or on its version,
# with a line that says what changed when. So far one source works with all of them.
