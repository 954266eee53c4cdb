// SPDX-License-Identifier: GPL-2.0

//! Files for `proc_fs.t`: they show when a sample is taken, and have texts of all lengths.

use kernel::{
    prelude::*,
    seq_file::SeqFile,
    sync::atomic::{Atomic, Relaxed},
};
use lkm::{proc_fs, seq_print};

module! {
    type: ProcFiles,
    name: "proc_files",
    authors: ["rust-lkm contributors"],
    description: "Files in /proc, to be tested",
    license: "GPL",
}

struct ProcFiles {
    _files: [proc_fs::File; 7],
}

impl kernel::Module for ProcFiles {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let nothing = || proc_fs::text("");
        for name in [
            c"",
            c".",
            c"..",
            c"42",
            c"self",
            c"thread-self",
            c"a/b",
            LONGEST_AND_ONE,
        ] {
            if proc_fs::File::new(name, nothing()).err() != Some(EINVAL) {
                pr_err!("this name is not EINVAL: {name:?}\n");
            }
        }
        drop(proc_fs::File::new(LONGEST, nothing())?);

        let count = Atomic::new(FIRST);
        let count = move || count.fetch_add(1, Relaxed);
        let passes = Passes(Atomic::new(FIRST));
        Ok(ProcFiles {
            _files: [
                proc_fs::File::new(c"proc_files_count", proc_fs::number(count))?,
                proc_fs::File::new(c"proc_files_passes", proc_fs::read_only(passes))?,
                proc_fs::File::new(c"proc_files_digits", proc_fs::number(digits()))?,
                proc_fs::File::new(c"proc_files_signed", proc_fs::number(signed()))?,
                proc_fs::File::new(c"proc_files_small", proc_fs::number(small()))?,
                proc_fs::File::new(c"proc_files_long", proc_fs::read_only(Long))?,
                proc_fs::File::new(c"proc_files_empty", nothing())?,
            ],
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

/// The first sample has as many digits as the later ones.
const FIRST: usize = 1_000_000_000;

/// The same for a text that is printed: each time, it is another number.
struct Passes(Atomic<usize>);

impl proc_fs::Show for Passes {
    fn show(&self, m: &SeqFile) -> Result {
        seq_print!(m, "{}\n", self.0.fetch_add(1, Relaxed));
        Ok(())
    }
}

/// The samples are 0; then, for each power of ten, the number below it, the power itself, and the
/// number above it; then the largest word.
fn digits() -> impl Fn() -> u64 + Send + Sync {
    let samples = Atomic::new(0usize);
    move || {
        let sample = samples.fetch_add(1, Relaxed);
        let power = 10u64.checked_pow(sample as u32 / 3);
        power.map_or(u64::MAX, |power| power + sample as u64 % 3 - 1)
    }
}

/// The same with a sign: these three for each power of ten, then the least and the largest word.
fn signed() -> impl Fn() -> i64 + Send + Sync {
    let samples = Atomic::new(0usize);
    move || {
        let sample = samples.fetch_add(1, Relaxed);
        match 10i64.checked_pow(sample as u32 / 3) {
            Some(power) => -power + sample as i64 % 3 - 1,
            None if sample % 2 == 0 => i64::MIN,
            None => i64::MAX,
        }
    }
}

/// All 256 of the smallest integer, from 0 on.
fn small() -> impl Fn() -> i8 + Send + Sync {
    let samples = Atomic::new(0usize);
    move || samples.fetch_add(1, Relaxed) as i8
}

/// A text that is larger than a page.
struct Long;

const LENGTH: usize = 10_000;

impl proc_fs::Show for Long {
    const MODE: u16 = 0o440;

    fn show(&self, m: &SeqFile) -> Result {
        for n in 0..LENGTH {
            seq_print!(m, "{}", (b'a' + (n % 26) as u8) as char);
        }
        Ok(())
    }
}

impl Drop for Long {
    fn drop(&mut self) {
        if proc_fs::File::new(c"proc_files_long", proc_fs::text("")).is_err() {
            pr_err!("data was dropped before its file\n");
        }
    }
}
