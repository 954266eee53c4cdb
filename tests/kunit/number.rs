// SPDX-License-Identifier: GPL-2.0

//! Tests of `lkm/proc_fs/number.rs`. They are a part of it.

use kernel::macros::kunit_tests;

#[kunit_tests(lkm_proc_fs_number)]
mod tests {
    use super::super::*;
    use kernel::{fmt::Display, str::CString};

    /// Returns true if a line has the same text for `n` as the kernel's own formatting.
    fn is_right<T: Integer + Display>(line: &mut Line, n: T) -> bool {
        let text = line.print::<T>(n.to_word());
        CString::try_from_fmt(fmt!("{n}\n")).is_ok_and(|right| right.to_bytes() == text)
    }

    #[test]
    fn powers_of_ten() {
        let mut power = 1usize;
        loop {
            for n in [power - 1, power, power + 1] {
                assert!(is_right(&mut Line::new(), n));
                assert!(is_right(&mut Line::new(), n as u64));
                assert!(is_right(&mut Line::new(), n as i64));
                assert!(is_right(&mut Line::new(), (n as i64).wrapping_neg()));
            }
            let Some(next) = power.checked_mul(10) else {
                break;
            };
            power = next;
        }
    }

    #[test]
    fn limits() {
        macro_rules! limits {
            ($($type:ty)*) => {$(
                for n in [<$type>::MIN, <$type>::MIN + 1, 0, 1, <$type>::MAX - 1, <$type>::MAX] {
                    assert!(is_right(&mut Line::new(), n));
                }
            )*};
        }
        limits! { i8 i16 i32 i64 isize u8 u16 u32 u64 usize }
    }

    #[test]
    fn many_lengths() {
        // A line that was used before.
        let mut line = Line::new();
        let mut n = 88172645463325252usize;
        for i in 0..2_000 {
            n ^= n << 13;
            n ^= n >> 7;
            n ^= n << 17;
            let n = n >> (i % usize::BITS);
            assert!(is_right(&mut line, n));
            assert!(is_right(&mut line, n as isize));
            assert!(is_right(&mut line, n as i32));
        }
    }
}
