// SPDX-License-Identifier: GPL-2.0

//! Chapter 9: a mean with three decimal places, without floating point: `/proc/average`.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::{module_param, proc_fs, seq_print};

module! {
    type: Average,
    name: "average",
    authors: ["rust-lkm contributors"],
    description: "/proc/average: the mean of some numbers",
    license: "GPL",
}

module_param! {
    numbers: [ushort; 16] = [1, 2], 0o444, "Up to 16 numbers";
}

struct Average {
    _file: proc_fs::File,
}

fn average(m: &SeqFile) -> Result {
    let sum: u64 = numbers.value().iter().map(|&n| u64::from(n)).sum();
    // In thousandths. Without a number there is no mean.
    let mean = (sum * 1000)
        .checked_div(numbers.value().len() as u64)
        .ok_or(EDOM)?;
    seq_print!(m, "{}.{:03}\n", mean / 1000, mean % 1000);
    Ok(())
}

impl kernel::Module for Average {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Average {
            _file: proc_fs::File::new(c"average", proc_fs::read_only(average))?,
        })
    }
}
