// SPDX-License-Identifier: GPL-2.0

//! For `sanitized/stress.t`: a file that shows a parameter, which can be written at the same time.

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
    _file: proc_fs::File,
}

impl kernel::Module for ParamFile {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(ParamFile {
            _file: proc_fs::File::new(c"param_file", proc_fs::number(|| pattern.load()))?,
        })
    }
}
