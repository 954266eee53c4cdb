// SPDX-License-Identifier: GPL-2.0

//! The statics that [`module_param!`](crate::module_param!) makes, and what it tells the kernel.

use super::types::{self, Scalar, Type};
use crate::{bindings, to_errno};
use core::{cell::UnsafeCell, ffi::CStr};
use kernel::{
    ffi::{c_char, c_int, c_uint, c_void},
    page::PAGE_SIZE,
    prelude::*,
    str::as_char_ptr_in_const_context,
};

/// The static of a parameter: a [`ReadOnly`] or a [`Writable`].
#[doc(hidden)]
#[cfg(not(rust_analyzer))]
pub type Static<T, const WRITABLE: bool> = <Mode<WRITABLE> as Kind>::Static<T>;

// For editors: rust-analyzer 1.85 cannot compute `WRITABLE`, so it gets one type with the functions of both.
#[cfg(rust_analyzer)]
pub type Static<T, const WRITABLE: bool> = Writable<T>;

#[cfg(rust_analyzer)]
impl<T: Scalar> Writable<T> {
    /// Its value.
    pub fn value(&self) -> T::Value {
        self.load()
    }
}

#[cfg(rust_analyzer)]
impl Writable<types::charp> {
    /// Its value.
    pub fn value(&'static self) -> &'static CStr {
        c""
    }
}

/// Whether the mode of a parameter lets somebody write.
pub enum Mode<const WRITABLE: bool> {}

/// Which static it is then.
#[doc(hidden)]
pub trait Kind {
    /// That of a parameter of type `T`.
    type Static<T: Type>;
}

impl Kind for Mode<false> {
    type Static<T: Type> = ReadOnly<T>;
}

impl Kind for Mode<true> {
    type Static<T: Type> = Writable<T>;
}

/// A parameter that only loading the module can set.
///
/// # Invariants
///
/// Nothing writes to it while code of the module can read it:
///
/// - The kernel sets all parameters before it calls `init`. Afterwards it cannot: for a parameter
///   whose mode has no write bit it leaves the `.store` of the file in sysfs NULL, so a `chmod` by
///   root does not help.
/// - Of the module's code only rules run before `init`. They are `const fn`. This suffices as long
///   as nothing that reads a parameter is one: no `value` and no `load` must become a `const fn`.
#[repr(transparent)]
pub struct ReadOnly<T: Type>(UnsafeCell<T::Value>);

// SAFETY: By the type's invariant there are only readers.
unsafe impl<T: Type> Sync for ReadOnly<T> {}

impl<T: Type> ReadOnly<T> {
    #[doc(hidden)]
    pub const fn new([default]: [T::Value; 1]) -> Self {
        Self(UnsafeCell::new(default))
    }

    #[doc(hidden)]
    pub const fn entry(&'static self, name: &'static CStr, mode: u16) -> Entry {
        // INVARIANT: The mode has no write bit.
        Entry::read_only(name, T::OPS, mode, self.0.get().cast())
    }
}

impl<T: Scalar> ReadOnly<T> {
    /// Its value.
    #[inline]
    pub fn value(&self) -> T::Value {
        // SAFETY: By the type's invariant nothing writes.
        unsafe { *self.0.get() }
    }
}

impl ReadOnly<types::charp> {
    /// Its value.
    #[inline]
    pub fn value(&'static self) -> &'static CStr {
        // SAFETY: By the type's invariant nothing writes.
        unsafe { &*self.0.get() }
    }
}

/// A parameter of up to `N` elements, that only loading the module can set.
///
/// # Invariants
///
/// That of [`ReadOnly`]; and `len` is at most `N`.
pub struct Array<T: Type, const N: usize> {
    /// How many elements count: those given, or the default's.
    len: UnsafeCell<c_uint>,
    elements: UnsafeCell<[T::Value; N]>,
}

// SAFETY: By the type's invariant there are only readers.
unsafe impl<T: Type, const N: usize> Sync for Array<T, N> {}

impl<T: Type, const N: usize> Array<T, N> {
    #[doc(hidden)]
    pub const fn new(default: &[T::Value]) -> Self {
        assert!(
            default.len() <= N,
            "the default has more elements than the array: raise the N of `[type; N]`"
        );

        let mut elements = [T::EMPTY; N];
        let mut i = 0;
        while i < default.len() {
            elements[i] = default[i];
            i += 1;
        }
        Self {
            len: UnsafeCell::new(default.len() as c_uint),
            elements: UnsafeCell::new(elements),
        }
    }

    /// Its elements: those given, or the default. `len()` says how many.
    #[inline]
    pub fn value(&'static self) -> &'static [T::Value] {
        // SAFETY: By the type's invariants there are so many, and nothing writes.
        unsafe {
            let len = *self.len.get() as usize;
            core::slice::from_raw_parts(self.elements.get().cast(), len)
        }
    }

    #[doc(hidden)]
    pub const fn description(&'static self) -> ArrayDescription {
        ArrayDescription {
            array: bindings::kparam_array {
                max: N as c_uint,
                elemsize: size_of::<T::Value>() as c_uint,
                num: self.len.get(),
                ops: T::OPS,
                elem: self.elements.get().cast(),
            },
            ops: T::ARRAY_OPS,
            longest: N * T::LONGEST,
        }
    }
}

/// What C's array operations know of an [`Array`].
#[doc(hidden)]
#[repr(C)]
pub struct ArrayDescription {
    // Must be first: the kernel takes a pointer to the whole for one to it.
    array: bindings::kparam_array,
    ops: *const bindings::kernel_param_ops,
    /// How many bytes its longest text is.
    longest: usize,
}

// SAFETY: Nothing writes to it.
unsafe impl Sync for ArrayDescription {}

impl ArrayDescription {
    #[doc(hidden)]
    pub const fn entry(&'static self, name: &'static CStr, mode: u16) -> Entry {
        // C's `param_array_get()` does not stop at the end of the page that the file in sysfs has.
        assert!(
            mode == 0 || self.longest < PAGE_SIZE,
            "the text of this array may be longer than its file in /sys/module can be (a page): \
             write a smaller N, or the mode 0"
        );
        // INVARIANT: The mode has no write bit.
        let array = (&raw const self.array).cast_mut().cast();
        Entry::read_only(name, self.ops, mode, array)
    }
}

/// A `bool` or an integer that root can write to at any time.
///
/// # Invariants
///
/// The kernel reads and writes it only under the lock of the module's parameters. Otherwise there
/// are atomic loads only, and every write is an atomic store.
#[repr(transparent)]
pub struct Writable<T: Type>(UnsafeCell<T::Value>);

// SAFETY: By the type's invariant all accesses which can happen at the same time are atomic.
unsafe impl<T: Type> Sync for Writable<T> {}

type Set = unsafe extern "C" fn(*const c_char, *const bindings::kernel_param) -> c_int;

impl<T: Type> Writable<T> {
    #[doc(hidden)]
    pub const fn new([default]: [T::Value; 1]) -> Self {
        Self(UnsafeCell::new(default))
    }

    /// For a parameter without a rule.
    #[doc(hidden)]
    pub const fn entry(&'static self, name: &'static CStr, mode: u16) -> Entry {
        let Some(ops) = T::WRITABLE_OPS else {
            panic!(
                "a string cannot be writable: write a mode that lets nobody write, for example 0o444"
            );
        };
        // SAFETY: `set_any` sets the parameter that its `kp` is for.
        unsafe { self.entry_with(name, mode, ops) }
    }

    /// # Safety
    ///
    /// `ops` come from [`Self::ops`], and what these were made of sets this parameter by
    /// [`Self::set`].
    #[doc(hidden)]
    pub const unsafe fn entry_with(
        &'static self,
        name: &'static CStr,
        mode: u16,
        ops: &'static bindings::kernel_param_ops,
    ) -> Entry {
        assert!(
            Entry::is_writable(mode),
            "a parameter that nobody can write to has no rule: check it in `init`"
        );
        Entry::new(name, ops, mode, self.0.get().cast())
    }
}

impl<T: Scalar> Writable<T> {
    /// Its value now. Any two calls can find different ones.
    #[inline]
    pub fn load(&self) -> T::Value {
        // SAFETY: By the type's invariant.
        unsafe { T::load(self.0.get()) }
    }

    #[doc(hidden)]
    pub const fn ops(set: Set) -> bindings::kernel_param_ops {
        bindings::kernel_param_ops {
            flags: T::FLAGS,
            set: Some(set),
            get: Some(T::GET),
            free: None,
        }
    }

    /// # Safety
    ///
    /// As for [`bindings::kernel_param_ops::set`], with a `kp` of [`Self::entry`].
    pub(super) unsafe extern "C" fn set_any(
        val: *const c_char,
        kp: *const bindings::kernel_param,
    ) -> c_int {
        // SAFETY: The argument of such a `kp` is a static of this type.
        let this = unsafe { &*(*kp).__bindgen_anon_1.arg.cast::<Self>() };
        // SAFETY: By our contract. The rule reads nothing.
        unsafe { this.set(val, kp, |_| Ok(())) }
    }

    /// # Safety
    ///
    /// - As for [`bindings::kernel_param_ops::set`].
    /// - `rule` reads no parameter: it runs while the kernel is setting them.
    #[doc(hidden)]
    #[inline]
    pub unsafe fn set(
        &self,
        val: *const c_char,
        kp: *const bindings::kernel_param,
        rule: impl Fn(T::Value) -> Result,
    ) -> c_int {
        let mut new = T::EMPTY;
        // SAFETY: `kp` is valid by our contract. This copy has another argument, of the type that
        // `T::SET` takes.
        let ret = unsafe {
            let kp = bindings::kernel_param {
                __bindgen_anon_1: bindings::kernel_param__bindgen_ty_1 {
                    arg: (&raw mut new).cast(),
                },
                ..*kp
            };
            T::SET(val, &kp)
        };
        if ret != 0 {
            return ret;
        }
        if let Err(error) = rule(new) {
            return to_errno(error);
        }
        // SAFETY: We hold the lock of the parameters, so that the kernel does not read it now.
        unsafe { T::store(self.0.get(), new) };
        0
    }
}

/// The address of a parameter, for `lkm/export.sh`.
#[doc(hidden)]
#[repr(transparent)]
pub struct Address(*const ());

// SAFETY: Nothing reads it when the module runs.
unsafe impl Sync for Address {}

impl Address {
    #[doc(hidden)]
    pub const fn of<T>(parameter: &'static T) -> Self {
        Address((&raw const *parameter).cast())
    }
}

/// An entry of the section `__param`.
///
/// This is an array for the kernel. So it must have the size and the alignment of C's type.
#[doc(hidden)]
#[repr(transparent)]
pub struct Entry(pub(super) bindings::kernel_param);

// SAFETY: Only the kernel uses it, and it does not write to it.
unsafe impl Sync for Entry {}

impl Entry {
    /// Whether a mode lets somebody write.
    pub const fn is_writable(mode: u16) -> bool {
        mode & 0o222 != 0
    }

    const fn read_only(
        name: &'static CStr,
        ops: *const bindings::kernel_param_ops,
        mode: u16,
        arg: *mut c_void,
    ) -> Self {
        assert!(
            !Self::is_writable(mode),
            "an array cannot be writable: write a mode that lets nobody write, for example 0o444"
        );
        Self::new(name, ops, mode, arg)
    }

    const fn new(
        name: &'static CStr,
        ops: *const bindings::kernel_param_ops,
        mode: u16,
        arg: *mut c_void,
    ) -> Self {
        assert!(
            !matches!(name.to_bytes(), [b'r', b'#', ..]),
            "a parameter cannot have the name of a keyword: `insmod` would want the `r#`, too"
        );
        // `VERIFY_OCTAL_PERMISSIONS()`
        let (user, group, other) = (mode >> 6, mode >> 3 & 7, mode & 7);
        assert!(
            user <= 7,
            "this is not a mode: write three octal digits, for example 0o444"
        );
        assert!(
            user & 4 >= group & 4 && group & 4 >= other & 4,
            "the owner must be able to read what the group can, and the group what others can: \
             write 0o444, 0o440 or 0o400"
        );
        assert!(
            user & 2 >= group & 2,
            "the owner must be able to write what the group can: write 0o664 or 0o644"
        );
        assert!(
            other & 2 == 0,
            "not everybody may write to a parameter: write 0o644"
        );

        Self(bindings::kernel_param {
            name: as_char_ptr_in_const_context(name),
            mod_: &raw mut bindings::__this_module,
            ops,
            perm: mode,
            level: -1,
            flags: 0,
            __bindgen_anon_1: bindings::kernel_param__bindgen_ty_1 { arg },
        })
    }
}
