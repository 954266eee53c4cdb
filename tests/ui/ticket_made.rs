// SPDX-License-Identifier: GPL-2.0

//! Private fields of another module's types are private here, too: only `tickets` makes tickets.

use tickets::Ticket;

/// A number of one's own choice.
pub fn ticket() -> Ticket {
    Ticket { number: 1 }
}
