// SPDX-License-Identifier: GPL-2.0

//! The second crate of the module.

use kernel::prelude::*;

/// An allocated value, so that this crate needs the kernel crate, too.
pub fn words() -> Result<KVec<&'static str>> {
    let mut words = KVec::new();
    words.push("of two", GFP_KERNEL)?;
    words.push("crates", GFP_KERNEL)?;
    Ok(words)
}
