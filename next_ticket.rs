// SPDX-License-Identifier: GPL-2.0

//! Tickets for whoever reads: `cat /proc/next_ticket` takes one, and prints its number.
//!
//! It uses the module `tickets`, which `modprobe` loads before this one.

use kernel::{prelude::*, seq_file::SeqFile};
use lkm::{proc_fs, seq_print};
use tickets::Ticket;

module! {
    type: NextTicket,
    name: "next_ticket",
    authors: ["rust-lkm contributors"],
    description: "/proc/next_ticket: a number that nobody else gets",
    license: "GPL",
}

struct NextTicket {
    _file: proc_fs::File,
}

impl kernel::Module for NextTicket {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(NextTicket {
            _file: proc_fs::File::new(c"next_ticket", proc_fs::read_only(show))?,
        })
    }
}

fn show(m: &SeqFile) -> Result {
    seq_print!(m, "{}\n", Ticket::take().number());
    Ok(())
}
