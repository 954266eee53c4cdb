// SPDX-License-Identifier: GPL-2.0

//! The rule of the Gregorian calendar.

/// Whether `year` has a 29th of February.
pub(crate) fn is_leap(year: u32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}
