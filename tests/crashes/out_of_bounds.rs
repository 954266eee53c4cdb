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
    _file: proc_fs::File<Show>,
}

impl kernel::Module for OutOfBounds {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(OutOfBounds {
            _file: proc_fs::File::new(c"out_of_bounds", Show)?,
        })
    }
}

struct Show;

const PRIMES: [usize; 4] = [2, 3, 5, 7];

impl proc_fs::Show for Show {
    fn sample(&self) -> usize {
        PRIMES[index.value() as usize]
    }

    fn text<'a>(&'a self, sample: usize, line: &'a mut proc_fs::Line) -> &'a [u8] {
        line.decimal(sample)
    }
}
