// SPDX-License-Identifier: GPL-2.0

//! Tests of `lkm/proc_fs.rs`. They are a part of it.

use kernel::macros::kunit_tests;

#[kunit_tests(lkm_proc_fs)]
mod tests {
    use super::super::*;
    use crate::seq_print;
    use kernel::{
        seq_file::SeqFile,
        str::CString,
        sync::atomic::{Atomic, Relaxed},
    };

    #[test]
    fn names() {
        for name in [c"", c".", c"..", c"a/b", c"/", c"/a"] {
            assert!(check_name(name) == Err(EINVAL));
        }
        for name in [c"0", c"42", c"007"] {
            assert!(File::new(name, text("")).err() == Some(EINVAL));
            assert!(Dir::new(name).err() == Some(EINVAL));
        }
        for name in [c"a", c"...", c".a", c"4a", c"a4", c"-1", c" "] {
            assert!(check_name(name).is_ok());
        }
    }

    /// Returns true if there is no such file. To find out, it creates one for a moment. (The thread in
    /// which KUnit runs tests has no `/proc`.)
    fn is_free(name: &CStr) -> bool {
        File::new(name, text("")).is_ok()
    }

    struct Held(Arc<Atomic<usize>>, &'static CStr);

    impl Show for Held {
        fn show(&self, m: &SeqFile) -> Result {
            seq_print!(m, "held\n");
            Ok(())
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
        let file = File::new(
            c"lkm_kunit_file",
            read_only(Held(drops.clone(), c"lkm_kunit_file")),
        )?;
        assert!(drops.load(Relaxed) == 0);
        drop(file);
        assert!(drops.load(Relaxed) == 1);
        Ok(())
    }

    #[test]
    fn a_name_that_is_refused_drops_the_data() -> Result {
        let drops = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let file = File::new(c"a/b", read_only(Held(drops.clone(), c"lkm_kunit_none")));
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
                File::new(&name, read_only(Held(drops.clone(), c"lkm_kunit_none")))?,
                GFP_KERNEL,
            )?;
        }
        drop(files);
        assert!(is_free(c"lkm_kunit_0"));
        assert!(is_free(c"lkm_kunit_99"));
        assert!(drops.load(Relaxed) == 100);
        Ok(())
    }

    #[test]
    fn a_directory_stays_as_long_as_what_is_in_it() -> Result {
        let dir = Dir::new(c"lkm_kunit_dir")?;
        let below = dir.dir(c"1")?;
        let file = below.file(c"2", text(""))?;
        assert!(below.file(c"2/3", text("")).err() == Some(EINVAL));
        drop(below);
        drop(dir);
        // (If the directory had been freed, KASAN would report this access.)
        drop(file);
        assert!(is_free(c"lkm_kunit_dir"));
        Ok(())
    }
}
