// SPDX-License-Identifier: GPL-2.0

//! For `sanitized/stress*.t`: a file that shows a parameter which can be written at the same time.

use kernel::prelude::*;
use lkm::{module_param, proc_fs};

module! {
    type: ParamFile,
    name: "param_file",
    authors: ["rust-lkm contributors"],
    description: "/proc/param_file: the value of a parameter",
    license: "GPL",
}

module_param! {
    pattern: ullong = 0x0101_0101_0101_0101, 0o644, "Eight times the same byte", |new| {
        if new == (new & 0xff) * 0x0101_0101_0101_0101 { Ok(()) } else { Err(EINVAL) }
    };
}

struct ParamFile {
    _file: proc_fs::File<Pattern>,
}

impl kernel::Module for ParamFile {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(ParamFile {
            _file: proc_fs::File::new(c"param_file", Pattern)?,
        })
    }
}

struct Pattern;

impl proc_fs::Show for Pattern {
    fn sample(&self) -> usize {
        pattern.load() as usize
    }

    fn text<'a>(&'a self, sample: usize, line: &'a mut proc_fs::Line) -> &'a [u8] {
        line.decimal(sample)
    }
}
