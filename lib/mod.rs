// SPDX-License-Identifier: GPL-2.0

//! What the modules share. Each compiles its own copy and uses a part of it.

#![allow(dead_code)]

mod bindings;
pub(crate) mod jiffies;
pub(crate) mod math;
pub(crate) mod module_param;
pub(crate) mod proc_fs;
