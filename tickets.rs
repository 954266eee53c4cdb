// SPDX-License-Identifier: GPL-2.0

//! Tickets for other modules: each number is given out once, whichever module asks.
//!
//! This is a module of its own because each number must come from one place: two modules with a
//! counter each would give out the same numbers. Kbuild names it in `lkm-exports`, so what is `pub`
//! here is for other modules, and nothing else.

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};

module! {
    type: Tickets,
    name: "tickets",
    authors: ["rust-lkm contributors"],
    description: "Numbers that are given out once, for other modules",
    license: "GPL",
}

struct Tickets;

impl kernel::Module for Tickets {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Tickets)
    }
}

static NEXT: Atomic<u64> = Atomic::new(1);

/// A ticket. Only [`Ticket::take`] makes one, so there are no two with the same number.
pub struct Ticket {
    number: u64,
}

impl Ticket {
    /// Takes the next ticket. The first since this module was loaded has the number 1.
    pub fn take() -> Self {
        Ticket {
            number: NEXT.fetch_add(1, Relaxed),
        }
    }

    /// Its number.
    pub fn number(&self) -> u64 {
        self.number
    }
}

/// The number of the next ticket, for modules in C: `u64 tickets_take(void);`
#[no_mangle]
pub extern "C" fn tickets_take() -> u64 {
    Ticket::take().number
}
