// SPDX-License-Identifier: GPL-2.0

//! Tests of `lkm/jiffies.rs` and `lkm/math.rs`.

use kernel::macros::kunit_tests;

#[kunit_tests(lkm_arithmetic)]
mod tests {
    use crate::{
        jiffies::{jiffies, jiffies_64, HZ},
        math::gcd,
    };
    use kernel::time::{delay::fsleep, msecs_to_jiffies, Delta};

    #[test]
    fn greatest_common_divisors() {
        for (a, b, divisor) in [
            (3300, 24, 12),
            (24, 3300, 12),
            (0, 7, 7),
            (7, 0, 7),
            (0, 0, 0),
            (1, usize::MAX, 1),
            (usize::MAX, usize::MAX, usize::MAX),
            (1 << 63, 1 << 31, 1 << 31),
        ] {
            assert!(gcd(a, b) == divisor);
        }
    }

    #[test]
    fn a_second_has_hz_jiffies() {
        assert!(msecs_to_jiffies(1000) == HZ);
    }

    #[test]
    fn jiffies_go_on() {
        let (low, all) = (jiffies(), jiffies_64());
        fsleep(Delta::from_millis(100));
        let (later_low, later_all) = (jiffies(), jiffies_64());
        assert!(later_low - low >= HZ / 10 - 1);
        assert!(later_all - all >= (HZ / 10 - 1) as u64);
        assert!(low as u64 <= all);
    }
}
