// SPDX-License-Identifier: GPL-2.0

//! Tests of `lkm/proc_fs.rs`, of which they are a part.

use kernel::macros::kunit_tests;

#[kunit_tests(lkm_proc_fs)]
mod tests {
    use super::super::*;
    use kernel::{str::CString, sync::Arc};

    fn empty_line() -> Line {
        Line([[0; 2]; MAX_PAIRS + 1])
    }

    /// Whether a line has what the kernel's own formatting makes of `n`.
    fn is_right(line: &mut Line, n: usize) -> bool {
        let text = line.decimal(n);
        CString::try_from_fmt(fmt!("{n}\n")).is_ok_and(|right| right.to_bytes() == text)
    }

    #[test]
    fn decimal_at_powers_of_ten() {
        let mut power = 1usize;
        loop {
            for n in [power - 1, power, power + 1] {
                assert!(is_right(&mut empty_line(), n));
            }
            let Some(next) = power.checked_mul(10) else {
                break;
            };
            power = next;
        }
        assert!(is_right(&mut empty_line(), usize::MAX));
        assert!(is_right(&mut empty_line(), usize::MAX - 1));
    }

    #[test]
    fn decimal_of_many_lengths() {
        // A line that was used before.
        let mut line = empty_line();
        let mut n = 88172645463325252usize;
        for i in 0..2_000 {
            n ^= n << 13;
            n ^= n >> 7;
            n ^= n << 17;
            assert!(is_right(&mut line, n >> (i % usize::BITS)));
        }
    }

    #[test]
    fn names() {
        for name in [c"", c".", c"..", c"0", c"42", c"a/b", c"/", c"/a"] {
            assert!(check_name(name) == Err(EINVAL));
        }
        for name in [c"a", c"...", c".a", c"4a", c"a4", c"-1", c" "] {
            assert!(check_name(name).is_ok());
        }
    }

    struct Empty;

    impl Show for Empty {
        fn text<'a>(&'a self, _sample: usize, _line: &'a mut Line) -> &'a [u8] {
            b""
        }
    }

    /// Whether there is no such file: then there can be one for a moment. (The thread that KUnit runs
    /// tests in sees no `/proc`.)
    fn is_free(name: &CStr) -> bool {
        File::new(name, Empty).is_ok()
    }

    struct Held(Arc<Atomic<usize>>, &'static CStr);

    impl Show for Held {
        fn text<'a>(&'a self, _sample: usize, _line: &'a mut Line) -> &'a [u8] {
            b"held\n"
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            let drops = if is_free(self.1) { 1 } else { 1000 };
            self.0.fetch_add(drops, Relaxed);
        }
    }

    #[test]
    fn a_file_goes_before_its_data() -> Result {
        let drops = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let file = File::new(c"lkm_kunit_file", Held(drops.clone(), c"lkm_kunit_file"))?;
        assert!(drops.load(Relaxed) == 0);
        drop(file);
        assert!(drops.load(Relaxed) == 1);
        Ok(())
    }

    #[test]
    fn a_name_that_is_refused_drops_the_data() -> Result {
        let drops = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let file = File::new(c"a/b", Held(drops.clone(), c"lkm_kunit_none"));
        assert!(file.err() == Some(EINVAL));
        assert!(drops.load(Relaxed) == 1);
        Ok(())
    }

    #[test]
    fn many_files() -> Result {
        let drops = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let mut files = KVec::new();
        for i in 0..100 {
            let name = CString::try_from_fmt(fmt!("lkm_kunit_{i}"))?;
            files.push(
                File::new(&name, Held(drops.clone(), c"lkm_kunit_none"))?,
                GFP_KERNEL,
            )?;
        }
        drop(files);
        assert!(is_free(c"lkm_kunit_0"));
        assert!(is_free(c"lkm_kunit_99"));
        assert!(drops.load(Relaxed) == 100);
        Ok(())
    }
}
