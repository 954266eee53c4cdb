// SPDX-License-Identifier: GPL-2.0

//! Tests of `lkm/module_param/`. In `lkm_kunit` they are a part of it.

use kernel::macros::kunit_tests;

#[kunit_tests(lkm_module_param)]
mod tests {
    use super::super::{types, Array, Entry, Writable};
    use crate::bindings;
    use core::ffi::CStr;
    use kernel::{
        ffi::{c_char, c_int},
        page::PAGE_SIZE,
        prelude::*,
        str::CString,
    };

    /// A parameter for one run of a test. KUnit can run a test again, and a static would still have
    /// the values of the first run, also strings that were freed.
    struct Fresh<P: 'static>(KBox<P>);

    impl<P> Fresh<P> {
        fn new(parameter: P) -> Result<Self> {
            Ok(Self(KBox::new(parameter, GFP_KERNEL)?))
        }

        fn get(&self) -> &'static P {
            // SAFETY: Each test uses it, and the entry made from it, only while it has this box.
            unsafe { &*(&raw const *self.0) }
        }
    }

    /// Sets a parameter to `text`, as the kernel does.
    fn set(entry: &Entry, text: &CStr) -> Result {
        // (Arrays write to the text while they parse it.)
        let text = CString::try_from(text)?;
        // SAFETY: The module is loaded. These operations are those of the parameter, which exists.
        let ret = unsafe {
            let set = (*entry.0.ops).set.ok_or(EPERM)?;
            bindings::kernel_param_lock(entry.0.mod_);
            let ret = set(text.as_char_ptr(), &entry.0);
            bindings::kernel_param_unlock(entry.0.mod_);
            ret
        };
        kernel::error::to_result(ret)
    }

    /// Returns true if sysfs would show `text`.
    fn shows(entry: &Entry, text: &CStr) -> Result<bool> {
        let mut page = KVec::from_elem(0u8, PAGE_SIZE, GFP_KERNEL)?;
        // SAFETY: As above; `get` writes at most a page.
        let len = unsafe {
            let get = (*entry.0.ops).get.ok_or(EPERM)?;
            bindings::kernel_param_lock(entry.0.mod_);
            let len = get(page.as_mut_ptr().cast(), &entry.0);
            bindings::kernel_param_unlock(entry.0.mod_);
            len
        };
        Ok(usize::try_from(len)? == text.to_bytes().len()
            && page[..len as usize] == *text.to_bytes())
    }

    /// Frees what a parameter owns, as the kernel does when the module is unloaded.
    ///
    /// # Safety
    ///
    /// Nothing uses its value any more.
    unsafe fn free(entry: &Entry) -> Result {
        // SAFETY: By our contract.
        unsafe {
            let free = (*entry.0.ops).free.ok_or(EPERM)?;
            free(entry.0.__bindgen_anon_1.arg);
        }
        Ok(())
    }

    #[test]
    fn an_array_has_what_was_given() -> Result {
        let numbers = Fresh::new(Array::<types::int, 4>::new(&types::int([1, 2])))?;
        let description = Fresh::new(numbers.get().description())?;
        let entry = description.get().entry(c"numbers", 0o444);

        assert!(numbers.get().value() == [1, 2]);
        assert!(shows(&entry, c"1,2\n")?);
        set(&entry, c"5")?;
        assert!(numbers.get().value() == [5]);
        assert!(shows(&entry, c"5\n")?);
        set(&entry, c"-1,0x10,017,2147483647")?;
        assert!(numbers.get().value() == [-1, 16, 15, i32::MAX]);
        assert!(shows(&entry, c"-1,16,15,2147483647\n")?);
        Ok(())
    }

    #[test]
    fn an_array_has_bounds() -> Result {
        let numbers = Fresh::new(Array::<types::byte, 2>::new(&types::byte([])))?;
        let description = Fresh::new(numbers.get().description())?;
        let entry = description.get().entry(c"numbers", 0o444);

        assert!(numbers.get().value().is_empty());
        assert!(shows(&entry, c"")?);
        assert!(set(&entry, c"1,2,3") == Err(EINVAL));
        assert!(numbers.get().value() == [1, 2]);
        assert!(set(&entry, c"256") == Err(ERANGE));
        for text in [c"", c",", c"x", c"-1", c" 1", c"1 "] {
            assert!(set(&entry, text).is_err());
        }
        assert!(set(&entry, c"255,0").is_ok());
        assert!(numbers.get().value() == [255, 0]);
        Ok(())
    }

    #[test]
    fn strings_are_freed_once() -> Result {
        let names = Fresh::new(Array::<types::charp, 3>::new(&types::charp([c"default"])))?;
        let description = Fresh::new(names.get().description())?;
        let entry = description.get().entry(c"names", 0o444);

        assert!(*names.get().value()[0] == *c"default");
        set(&entry, c"a,b,c")?;
        // The second and third stay in memory, although they do not count.
        set(&entry, c"d")?;
        assert!(names.get().value().len() == 1);
        assert!(*names.get().value()[0] == *c"d");
        // SAFETY: Nothing uses it from here on.
        unsafe { free(&entry) }
    }

    #[test]
    fn a_rule_decides() -> Result {
        const fn even(new: i16) -> Result {
            if new % 2 == 0 {
                Ok(())
            } else {
                Err(EDOM)
            }
        }
        unsafe extern "C" fn set_even(
            val: *const c_char,
            kp: *const bindings::kernel_param,
        ) -> c_int {
            // SAFETY: Its argument is the parameter below, which exists. `even` is a `const fn`.
            unsafe {
                let number = &*(*kp).__bindgen_anon_1.arg.cast::<Writable<types::short>>();
                number.set(val, kp, even)
            }
        }
        const OPS: &bindings::kernel_param_ops = &Writable::<types::short>::ops(set_even);
        let number = Fresh::new(Writable::<types::short>::new(types::short([4])))?;
        // SAFETY: `set_even` sets this parameter.
        let entry = unsafe { number.get().entry_with(c"even", 0o644, OPS) };

        assert!(number.get().load() == 4);
        set(&entry, c"-32768")?;
        assert!(number.get().load() == -32768);
        assert!(set(&entry, c"3") == Err(EDOM));
        assert!(set(&entry, c"32768") == Err(ERANGE));
        assert!(set(&entry, c"x") == Err(EINVAL));
        assert!(set(&entry, c"") == Err(EINVAL));
        assert!(number.get().load() == -32768);
        assert!(shows(&entry, c"-32768\n")?);
        Ok(())
    }

    #[test]
    fn a_bool_needs_no_rule() -> Result {
        let flag = Fresh::new(Writable::<types::bool>::new(types::bool([false])))?;
        let entry = flag.get().entry(c"flag", 0o644);

        for (text, value) in [(c"1", true), (c"n", false), (c"on", true), (c"oFf", false)] {
            set(&entry, text)?;
            assert!(flag.get().load() == value);
        }
        assert!(set(&entry, c"2") == Err(EINVAL));
        assert!(!flag.get().load());
        Ok(())
    }
}
