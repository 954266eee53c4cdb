// SPDX-License-Identifier: GPL-2.0

//! The second crate of the module.

use kernel::prelude::*;

/// Something that is allocated, so that it needs the kernel crate too.
pub fn words() -> Result<KVec<&'static str>> {
    let mut words = KVec::new();
    words.push("of two", GFP_KERNEL)?;
    words.push("crates", GFP_KERNEL)?;
    Ok(words)
}
