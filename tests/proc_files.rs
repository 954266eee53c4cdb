// SPDX-License-Identifier: GPL-2.0

//! Files for `proc_fs.t`: they make visible when a sample is taken, and have texts of all lengths.

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};
use lkm::proc_fs;

module! {
    type: ProcFiles,
    name: "proc_files",
    authors: ["rust-lkm contributors"],
    description: "Files in /proc, to be tested",
    license: "GPL",
}

struct ProcFiles {
    _count: proc_fs::File<Count>,
    _digits: proc_fs::File<Digits>,
    _long: proc_fs::File<Long>,
    _empty: proc_fs::File<Empty>,
}

impl kernel::Module for ProcFiles {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        for name in [c"", c".", c"..", c"42", c"a/b", LONGEST_AND_ONE] {
            if proc_fs::File::new(name, Empty).err() != Some(EINVAL) {
                pr_err!("this name is not EINVAL: {name:?}\n");
            }
        }
        proc_fs::File::new(LONGEST, Empty)?;

        let mut long = KVec::new();
        for n in 0..LENGTH {
            long.push(b'a' + (n % 26) as u8, GFP_KERNEL)?;
        }
        Ok(ProcFiles {
            _count: proc_fs::File::new(c"proc_files_count", Count(Atomic::new(FIRST)))?,
            _digits: proc_fs::File::new(c"proc_files_digits", Digits(Atomic::new(0)))?,
            _long: proc_fs::File::new(c"proc_files_long", Long(long))?,
            _empty: proc_fs::File::new(c"proc_files_empty", Empty)?,
        })
    }
}

const LONGEST: &CStr = match CStr::from_bytes_with_nul(&NAME) {
    Ok(name) => name,
    Err(_) => panic!(),
};
const NAME: [u8; 256] = {
    let mut name = [b'n'; 256];
    name[255] = 0;
    name
};
const LONGEST_AND_ONE: &CStr = match CStr::from_bytes_with_nul(&NAME_AND_ONE) {
    Ok(name) => name,
    Err(_) => panic!(),
};
const NAME_AND_ONE: [u8; 257] = {
    let mut name = [b'n'; 257];
    name[256] = 0;
    name
};

/// Each sample is one more than the one before.
struct Count(Atomic<usize>);

/// Has as many digits as a sample.
const FIRST: usize = 1_000_000_000;

impl proc_fs::Show for Count {
    fn sample(&self) -> usize {
        self.0.fetch_add(1, Relaxed)
    }

    fn text<'a>(&'a self, sample: usize, line: &'a mut proc_fs::Line) -> &'a [u8] {
        line.decimal(sample)
    }
}

/// The samples are 0, then for each power of ten, that less one, itself, and one more, then the
/// largest word. Only its owner may read it.
struct Digits(Atomic<usize>);

impl proc_fs::Show for Digits {
    const MODE: u16 = 0o400;

    fn sample(&self) -> usize {
        self.0.fetch_add(1, Relaxed)
    }

    fn text<'a>(&'a self, sample: usize, line: &'a mut proc_fs::Line) -> &'a [u8] {
        let power = 10usize.checked_pow(sample as u32 / 3);
        line.decimal(power.map_or(usize::MAX, |power| power + sample % 3 - 1))
    }
}

/// A text that is larger than a page, from the file's own data.
struct Long(KVec<u8>);

const LENGTH: usize = 10_000;

impl proc_fs::Show for Long {
    const MODE: u16 = 0o440;

    fn text<'a>(&'a self, _sample: usize, _line: &'a mut proc_fs::Line) -> &'a [u8] {
        &self.0
    }
}

impl Drop for Long {
    fn drop(&mut self) {
        if proc_fs::File::new(c"proc_files_long", Empty).is_err() {
            pr_err!("data was dropped before its file\n");
        }
    }
}

/// No text at all.
struct Empty;

impl proc_fs::Show for Empty {
    fn text<'a>(&'a self, _sample: usize, _line: &'a mut proc_fs::Line) -> &'a [u8] {
        b""
    }
}
