// SPDX-License-Identifier: GPL-2.0

//! Tests of `lkm/module_param.rs`, of which they are a part.

use kernel::macros::kunit_tests;

#[kunit_tests(lkm_module_param)]
mod tests {
    use super::super::*;
    use kernel::{page::PAGE_SIZE, str::CString};

    type Set = unsafe extern "C" fn(*const c_char, *const bindings::kernel_param) -> c_int;
    type Get = unsafe extern "C" fn(*mut c_char, *const bindings::kernel_param) -> c_int;

    /// Sets a parameter to `text`, as the kernel does.
    fn set(set: Set, entry: &Entry, text: &CStr) -> Result {
        // Arrays write to it while they go through it.
        let text = CString::try_from(text)?;
        // SAFETY: The module is there, and the entry is one of the parameter that `set` is for.
        let ret = unsafe {
            bindings::kernel_param_lock(entry.0.mod_);
            let ret = set(text.as_char_ptr(), &entry.0);
            bindings::kernel_param_unlock(entry.0.mod_);
            ret
        };
        kernel::error::to_result(ret)
    }

    /// Whether sysfs would show `text`.
    fn shows(get: Get, entry: &Entry, text: &CStr) -> Result<bool> {
        let mut page = KVec::from_elem(0u8, PAGE_SIZE, GFP_KERNEL)?;
        // SAFETY: As above; `get` writes at most a page.
        let len = unsafe {
            bindings::kernel_param_lock(entry.0.mod_);
            let len = get(page.as_mut_ptr().cast(), &entry.0);
            bindings::kernel_param_unlock(entry.0.mod_);
            len
        };
        Ok(usize::try_from(len)? == text.to_bytes().len()
            && page[..len as usize] == *text.to_bytes())
    }

    #[test]
    fn an_array_has_what_was_given() -> Result {
        static NUMBERS: Array<types::int, 4> = Array::new(&types::int([1, 2]));
        let entry = NUMBERS.entry(c"numbers", 0o444);
        let set = |text| set(Array::<types::int, 4>::set, &entry, text);
        let shows = |text| shows(Array::<types::int, 4>::get, &entry, text);

        assert!(NUMBERS.given() == 0);
        assert!(NUMBERS.value() == [1, 2]);
        assert!(shows(c"1,2\n")?);
        set(c"5")?;
        assert!(NUMBERS.given() == 1);
        assert!(NUMBERS.value() == [5]);
        assert!(shows(c"5\n")?);
        set(c"-1,0x10,017,2147483647")?;
        assert!(NUMBERS.value() == [-1, 16, 15, i32::MAX]);
        assert!(shows(c"-1,16,15,2147483647\n")?);
        Ok(())
    }

    #[test]
    fn an_array_has_bounds() {
        static NUMBERS: Array<types::byte, 2> = Array::new(&types::byte([]));
        let entry = NUMBERS.entry(c"numbers", 0o444);
        let set = |text| set(Array::<types::byte, 2>::set, &entry, text);

        assert!(NUMBERS.value().is_empty());
        assert!(set(c"1,2,3") == Err(EINVAL));
        assert!(NUMBERS.value() == [1, 2]);
        assert!(set(c"256") == Err(ERANGE));
        for text in [c"", c",", c"x", c"-1", c" 1", c"1 "] {
            assert!(set(text).is_err());
        }
        assert!(set(c"255,0").is_ok());
        assert!(NUMBERS.value() == [255, 0]);
    }

    #[test]
    fn strings_are_freed_once() -> Result {
        static NAMES: Array<types::charp, 3> = Array::new(&types::charp([c"default"]));
        let entry = NAMES.entry(c"names", 0o444);
        let set = |text| set(Array::<types::charp, 3>::set, &entry, text);

        assert!(*NAMES.value()[0] == *c"default");
        set(c"a,b,c")?;
        // The second and third stay in memory, though they do not count.
        set(c"d")?;
        assert!(NAMES.value().len() == 1);
        assert!(*NAMES.value()[0] == *c"d");
        // SAFETY: Nothing uses it from here on.
        unsafe { Array::<types::charp, 3>::free((&raw const NAMES).cast_mut().cast()) };
        Ok(())
    }

    #[test]
    fn a_rule_decides() -> Result {
        const fn check(new: i16) -> Result {
            if new % 2 == 0 {
                Ok(())
            } else {
                Err(EDOM)
            }
        }
        // SAFETY: `check` is a `const fn`.
        static EVEN: Writable<types::short> = unsafe { Writable::new(types::short([4]), check) };
        let entry = EVEN.entry(c"even", 0o644);
        let set = |text| set(Writable::<types::short>::set, &entry, text);

        assert!(EVEN.load() == 4);
        set(c"-32768")?;
        assert!(EVEN.load() == -32768);
        assert!(set(c"3") == Err(EDOM));
        assert!(set(c"32768") == Err(ERANGE));
        assert!(set(c"x") == Err(EINVAL));
        assert!(set(c"") == Err(EINVAL));
        assert!(EVEN.load() == -32768);
        assert!(shows(<types::short as Scalar>::GET, &entry, c"-32768\n")?);
        Ok(())
    }

    #[test]
    fn a_bool_needs_no_value() -> Result {
        const fn check(_new: bool) -> Result {
            Ok(())
        }
        // SAFETY: `check` is a `const fn`.
        static FLAG: Writable<types::bool> = unsafe { Writable::new(types::bool([false]), check) };
        let entry = FLAG.entry(c"flag", 0o644);
        for (text, value) in [(c"1", true), (c"n", false), (c"on", true), (c"oFf", false)] {
            set(Writable::<types::bool>::set, &entry, text)?;
            assert!(FLAG.load() == value);
        }
        assert!(set(Writable::<types::bool>::set, &entry, c"2") == Err(EINVAL));
        assert!(!FLAG.load());
        Ok(())
    }
}
