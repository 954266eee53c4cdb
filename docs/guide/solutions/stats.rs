// SPDX-License-Identifier: GPL-2.0

//! Chapter 8: how many numbers were written to `/proc/stats`, and their sum: two values, one lock.

use kernel::{
    new_mutex,
    prelude::*,
    seq_file::SeqFile,
    str::{parse_int::ParseInt, BStr},
    sync::Mutex,
};
use lkm::{proc_fs, seq_print};

module! {
    type: StatsModule,
    name: "stats",
    authors: ["rust-lkm contributors"],
    description: "/proc/stats: how many numbers were written, and their sum",
    license: "GPL",
}

struct StatsModule {
    _file: proc_fs::File,
}

impl kernel::Module for StatsModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(StatsModule {
            _file: proc_fs::File::new(c"stats", proc_fs::read_write(Stats::new()))?,
        })
    }
}

struct Numbers {
    count: u64,
    sum: i64,
}

#[pin_data]
struct Stats {
    #[pin]
    numbers: Mutex<Numbers>,
}

impl Stats {
    fn new() -> impl PinInit<Self> {
        pin_init!(Stats {
            numbers <- new_mutex!(Numbers { count: 0, sum: 0 }),
        })
    }
}

impl proc_fs::Show for Stats {
    fn show(&self, m: &SeqFile) -> Result {
        let numbers = self.numbers.lock();
        seq_print!(m, "{} {}\n", numbers.count, numbers.sum);
        Ok(())
    }
}

impl proc_fs::Write for Stats {
    fn write(&self, text: &[u8]) -> Result {
        let number = i64::from_str(BStr::from_bytes(text.trim_ascii()))?;
        let mut numbers = self.numbers.lock();
        // What overflows is refused, before anything is changed.
        numbers.sum = numbers.sum.checked_add(number).ok_or(EOVERFLOW)?;
        numbers.count += 1;
        Ok(())
    }
}
