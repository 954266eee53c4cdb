// SPDX-License-Identifier: GPL-2.0

//! The compiler knows the types of another module's functions.

use tickets::Ticket;

/// A number of 64 bits in 32.
pub fn number() -> u32 {
    Ticket::take().number()
}
