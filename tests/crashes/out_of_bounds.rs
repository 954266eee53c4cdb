// SPDX-License-Identifier: GPL-2.0

//! For docs/crashes.md: reading `/proc/out_of_bounds` takes an element that the array does not have.

use kernel::prelude::*;
use lkm::{module_param, proc_fs};

module! {
    type: OutOfBounds,
    name: "out_of_bounds",
    authors: ["rust-lkm contributors"],
    description: "A panic in a read",
    license: "GPL",
}

module_param! {
    index: uint = 0, 0o444, "Which element to read";
}

struct OutOfBounds {
    _file: proc_fs::File,
}

impl kernel::Module for OutOfBounds {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(OutOfBounds {
            _file: proc_fs::File::new(c"out_of_bounds", proc_fs::number(prime))?,
        })
    }
}

const PRIMES: [usize; 4] = [2, 3, 5, 7];

fn prime() -> usize {
    PRIMES[index.value() as usize]
}
