// SPDX-License-Identifier: GPL-2.0

//! Typed module parameters.
//!
//! C header: [`include/linux/moduleparam.h`](srctree/include/linux/moduleparam.h)
//!
//! C's own functions parse, show and free them. So what a parameter accepts, what is said about a
//! wrong one, and what `modinfo -p` and `/sys/module/<module>/parameters` show is as in a C module.
//!
//! # Examples
//!
//! ```
//! module_param! {
//!     name: charp = c"eth0", 0o444, "Interface";
//!     ports: [ushort; 4] = [80, 443], 0o444, "Up to 4 ports";
//!     limit: int = 10, 0o644, "From 1 to 100", |new| match new {
//!         1..=100 => Ok(()),
//!         _ => Err(EINVAL),
//!     };
//! }
//!
//! let interface: &'static CStr = name.value();
//! let allowed: &'static [u16] = ports.value();
//! let most: i32 = limit.load();
//! ```

use crate::bindings;
use core::{cell::UnsafeCell, ffi::CStr, ops::Deref, ptr};
use kernel::{
    ffi::{c_char, c_int, c_uint, c_void},
    prelude::*,
};

/// Declares the parameters of a module: name, type, default, mode and description, each ending with
/// a semicolon.
///
/// A type is a name from [`types`], which are C's, or an array of that type and of so many elements
/// at most. There is a `static` by the name of each parameter:
///
/// - [`ReadOnly`] and [`Array`] if the mode lets nobody write (0444, or 0: not in sysfs at all).
/// - [`Writable`] if it does (0644). That needs a rule, `|new| …`: a `Result` which says whether the
///   new value is taken. On `Err` the value stays as it is, and loading or writing fails with that
///   `errno`. It is the body of a `const fn`, which keeps it away from other parameters and from
///   locks. `bool` and integers only: C frees the old string and changes arrays element by element.
///
/// A mode that C refuses does not compile, nor does one which lets anybody write without a rule, nor
/// a default that the rule refuses.
#[macro_export]
macro_rules! module_param {
    (@type [$type:ident; $max:expr]) => { concat!("array of ", stringify!($type)) };
    (@type $type:ident) => { stringify!($type) };

    (@static $name:ident [$type:ident; $max:expr] $default:expr) => {
        #[allow(non_upper_case_globals)]
        pub(crate) static $name: $crate::module_param::Array<
            $crate::module_param::types::$type, { $max }
        > = $crate::module_param::Array::new(
            &$crate::module_param::types::$type($default)
        );
    };
    (@static $name:ident $type:ident $default:expr) => {
        #[allow(non_upper_case_globals)]
        pub(crate) static $name: $crate::module_param::ReadOnly<
            $crate::module_param::types::$type
        > = $crate::module_param::ReadOnly::new(
            $crate::module_param::types::$type([$default])
        );
    };
    (@static $name:ident $type:ident $default:expr, |$new:pat_param| $check:expr) => {
        #[allow(non_upper_case_globals)]
        pub(crate) static $name: $crate::module_param::Writable<
            $crate::module_param::types::$type
        > = {
            use $crate::module_param::{types, Type, Writable};

            const fn check($new: <types::$type as Type>::Value) -> ::kernel::error::Result {
                $check
            }
            let default = types::$type([$default]);
            assert!(check(default[0]).is_ok(), "the default is refused");

            // SAFETY: `check` is a `const fn`.
            unsafe { Writable::new(default, check) }
        };
    };

    ($(
        $name:ident: $type:tt = $default:expr, $mode:expr, $description:literal
        $(, |$new:pat_param| $check:expr)?;
    )+) => {$(
        $crate::module_param!(
            @static $name $type $default $(, |$new| $check)?
        );

        const _: () = {
            use $crate::module_param::Entry;

            #[link_section = "__param"]
            #[used(compiler)]
            static PARAM: Entry = $name.entry(::kernel::c_str!(stringify!($name)), $mode);
        };
    )+
        // All in one: the compiler may put statics in any order, and `modinfo` shows what it finds.
        const _: () = {
            use $crate::{module_param, module_param::modinfo};

            const STRINGS: &[&str] = &[$(
                concat!("parmtype=", stringify!($name), ":", module_param!(@type $type)),
                concat!("parm=", stringify!($name), ":", $description),
            )+];
            #[link_section = ".modinfo"]
            #[used(compiler)]
            static MODINFO: [u8; modinfo::<0>(STRINGS).0] = modinfo(STRINGS).1;
        };
    };
}
/// A type of parameter.
///
/// # Safety
///
/// `OPS` are for a `Value` in memory; what they write there is valid, and any thread may read it.
pub unsafe trait Type {
    /// What it is in memory.
    type Value: Copy + 'static;

    /// What the elements of an array are that were not given.
    const EMPTY: Self::Value;

    /// C's operations: `param_ops_<type>`.
    const OPS: *const bindings::kernel_param_ops;

    /// Frees what a `Value` owns.
    const FREE: Option<unsafe extern "C" fn(*mut c_void)> = None;
}

/// A type whose parameters may be writable: `bool` or an integer.
///
/// # Safety
///
/// `SET` and `GET` are those of `OPS`.
#[diagnostic::on_unimplemented(message = "a parameter of type `{Self}` cannot be writable")]
pub unsafe trait Scalar: Type {
    /// `KERNEL_PARAM_OPS_FL_*`.
    const FLAGS: c_uint = 0;

    /// C's `param_set_<type>()`.
    const SET: unsafe extern "C" fn(*const c_char, *const bindings::kernel_param) -> c_int;

    /// C's `param_get_<type>()`.
    const GET: unsafe extern "C" fn(*mut c_char, *const bindings::kernel_param) -> c_int;

    /// `READ_ONCE()`.
    ///
    /// # Safety
    ///
    /// `value` is valid for reads, and only [`Scalar::store`] writes to it at the same time.
    unsafe fn load(value: *mut Self::Value) -> Self::Value;

    /// `WRITE_ONCE()`.
    ///
    /// # Safety
    ///
    /// `value` is valid for writes, and only [`Scalar::load`] reads it at the same time.
    unsafe fn store(value: *mut Self::Value, new: Self::Value);
}

/// The types, as C names them.
#[allow(non_camel_case_types, non_snake_case)]
pub mod types {
    use super::{as_char_ptr, Charp, Scalar, Type};
    use crate::bindings;
    use core::{ffi::CStr, primitive};
    use kernel::{
        ffi::*,
        macros::paste,
        sync::atomic::{Atomic, Relaxed},
    };

    /// A string: a [`CStr`] of at most 1024 bytes.
    pub enum charp {}

    /// The defaults as they are in memory.
    pub const fn charp<const N: usize>(defaults: [&'static CStr; N]) -> [Charp; N] {
        let mut values = [charp::EMPTY; N];
        let mut i = 0;
        while i < N {
            // INVARIANT: A C string which is always there.
            values[i] = Charp(as_char_ptr(defaults[i]));
            i += 1;
        }
        values
    }

    // SAFETY: `param_set_charp()` stores a pointer to a C string.
    unsafe impl Type for charp {
        type Value = Charp;
        // INVARIANT: A C string which is always there. C knows that it need not free it.
        const EMPTY: Charp = Charp(as_char_ptr(c""));
        const OPS: *const bindings::kernel_param_ops = &raw const bindings::param_ops_charp;
        const FREE: Option<unsafe extern "C" fn(*mut c_void)> = Some(bindings::param_free_charp);
    }

    macro_rules! scalars {
        ($($name:ident: $value:ty, $atomic:ty, $empty:literal $(, $flags:ident)?;)*) => {$(paste! {
            #[doc = concat!("C's `", stringify!($name), "`.")]
            pub enum $name {}

            /// The defaults as they are in memory.
            pub const fn $name<const N: usize>(defaults: [$value; N]) -> [$value; N] {
                defaults
            }

            // SAFETY: `param_set_*()` stores a value of this type.
            unsafe impl Type for $name {
                type Value = $value;
                const EMPTY: $value = $empty;
                const OPS: *const bindings::kernel_param_ops =
                    &raw const bindings::[<param_ops_ $name>];
            }

            // SAFETY: `params.c` makes `param_ops_*` of these two.
            unsafe impl Scalar for $name {
                $(const FLAGS: c_uint = bindings::$flags;)?
                const SET: unsafe extern "C" fn(
                    *const c_char,
                    *const bindings::kernel_param,
                ) -> c_int = bindings::[<param_set_ $name>];
                const GET: unsafe extern "C" fn(
                    *mut c_char,
                    *const bindings::kernel_param,
                ) -> c_int = bindings::[<param_get_ $name>];

                #[inline]
                unsafe fn load(value: *mut $value) -> $value {
                    // SAFETY: By our contract there are atomic accesses only. The two types have
                    // the same size and alignment.
                    unsafe { Atomic::<$atomic>::from_ptr(value.cast()) }.load(Relaxed) as $value
                }

                #[inline]
                unsafe fn store(value: *mut $value, new: $value) {
                    // SAFETY: As above.
                    unsafe { Atomic::<$atomic>::from_ptr(value.cast()) }
                        .store(new as $atomic, Relaxed)
                }
            }
        })*};
    }

    // Name in C; type in Rust; the one of the same size which the kernel has atomics for.
    scalars! {
        bool: primitive::bool, primitive::bool, false, KERNEL_PARAM_OPS_FL_NOARG;
        byte: c_uchar, i8, 0;
        short: c_short, i16, 0;
        ushort: c_ushort, i16, 0;
        int: c_int, c_int, 0;
        uint: c_uint, c_uint, 0;
        hexint: c_uint, c_uint, 0;
        long: c_long, c_long, 0;
        ulong: c_ulong, c_ulong, 0;
        ullong: c_ulonglong, c_ulonglong, 0;
    }
}

/// The kernel crate's [`CStrExt::as_char_ptr`](kernel::str::CStrExt::as_char_ptr) is no `const fn`.
#[allow(clippy::disallowed_methods)]
const fn as_char_ptr(string: &CStr) -> *const c_char {
    string.as_ptr().cast()
}

/// A string in the memory of a parameter: `char *`.
///
/// # Invariants
///
/// Points to a C string, which stays as it is from `init` until the module is gone.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Charp(*const c_char);

impl Deref for Charp {
    type Target = CStr;

    #[inline]
    fn deref(&self) -> &CStr {
        // SAFETY: By the type's invariant.
        unsafe { CStr::from_char_ptr(self.0) }
    }
}

/// A parameter that only loading the module can set.
///
/// # Invariants
///
/// Nothing writes to it while code of the module can read it. The kernel has set all parameters
/// before it calls `init`, and the mode lets nobody do it later. Of the module's code only the rules
/// of [`Writable`] parameters run before that. They are `const fn`, and `value` is none.
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
        // INVARIANT: The mode sees to it.
        assert!(mode & 0o222 == 0, "a writable parameter needs a rule");
        Entry::new(name, T::OPS, mode, self.0.get().cast())
    }
}

impl<T: Scalar> ReadOnly<T> {
    /// Its value.
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
/// That of [`ReadOnly`]; `given` and `default` are at most `N`.
pub struct Array<T: Type, const N: usize> {
    /// Number of elements given; 0 if the parameter was not.
    given: UnsafeCell<c_uint>,
    /// Number of elements that the default has.
    default: c_uint,
    elem: UnsafeCell<[T::Value; N]>,
}

// SAFETY: By the type's invariant there are only readers.
unsafe impl<T: Type, const N: usize> Sync for Array<T, N> {}

impl<T: Type, const N: usize> Array<T, N> {
    const OPS: &'static bindings::kernel_param_ops = &bindings::kernel_param_ops {
        flags: 0,
        set: Some(Self::set),
        get: Some(Self::get),
        free: Some(Self::free),
    };

    #[doc(hidden)]
    pub const fn new(default: &[T::Value]) -> Self {
        assert!(default.len() <= N, "the default has too many elements");

        let mut elem = [T::EMPTY; N];
        let mut i = 0;
        while i < default.len() {
            elem[i] = default[i];
            i += 1;
        }
        Self {
            given: UnsafeCell::new(0),
            default: default.len() as c_uint,
            elem: UnsafeCell::new(elem),
        }
    }

    #[doc(hidden)]
    pub const fn entry(&'static self, name: &'static CStr, mode: u16) -> Entry {
        // INVARIANT: The mode sees to it.
        assert!(mode & 0o222 == 0, "an array cannot be writable");
        Entry::new(name, Self::OPS, mode, ptr::from_ref(self).cast_mut().cast())
    }

    /// How many elements were given: 0 if none, and it is the default.
    pub fn given(&self) -> c_uint {
        // SAFETY: By the type's invariant nothing writes.
        unsafe { *self.given.get() }
    }

    /// How many elements it has.
    fn len(&self) -> c_uint {
        match self.given() {
            0 => self.default,
            given => given,
        }
    }

    /// Its elements: those given, or the default.
    pub fn value(&'static self) -> &'static [T::Value] {
        // SAFETY: By the type's invariants there are so many, and nothing writes.
        unsafe { core::slice::from_raw_parts(self.elem.get().cast(), self.len() as usize) }
    }

    /// As C describes an array, with `num` for the number of its elements.
    fn kparam_array(&self, num: *mut c_uint) -> bindings::kparam_array {
        bindings::kparam_array {
            max: N as c_uint,
            elemsize: size_of::<T::Value>() as c_uint,
            num,
            ops: T::OPS,
            elem: self.elem.get().cast(),
        }
    }

    /// # Safety
    ///
    /// As for [`bindings::kernel_param_ops::set`], with a `kp` of [`Array::entry`].
    unsafe extern "C" fn set(val: *const c_char, kp: *const bindings::kernel_param) -> c_int {
        // SAFETY: Ours is the argument of such a `kp`.
        let this = unsafe { &*(*kp).__bindgen_anon_1.arg.cast::<Self>() };
        let mut arr = this.kparam_array(this.given.get());
        // SAFETY: `kp` is valid; `arr` is what `param_array_ops` expect of theirs.
        unsafe {
            let kp = with_arg(kp, &raw mut arr);
            bindings::param_array_ops
                .set
                .map_or(EPERM.to_errno(), |set| set(val, &kp))
        }
    }

    /// # Safety
    ///
    /// As for [`bindings::kernel_param_ops::get`], with a `kp` of [`Array::entry`].
    unsafe extern "C" fn get(buffer: *mut c_char, kp: *const bindings::kernel_param) -> c_int {
        // SAFETY: Ours is the argument of such a `kp`. It was set before it could be shown.
        let this = unsafe { &*(*kp).__bindgen_anon_1.arg.cast::<Self>() };
        let mut len = this.len();
        let mut arr = this.kparam_array(&mut len);
        // SAFETY: `kp` is valid; `arr` is what `param_array_ops` expect of theirs.
        unsafe {
            let kp = with_arg(kp, &raw mut arr);
            bindings::param_array_ops
                .get
                .map_or(EPERM.to_errno(), |get| get(buffer, &kp))
        }
    }

    /// Frees all elements. C's frees only those which count: if a longer list was overridden by a
    /// shorter one (`names=a,b names=c`), the rest of it is lost.
    ///
    /// # Safety
    ///
    /// `arg` is that of [`Array::entry`], and nothing uses the parameter any more.
    unsafe extern "C" fn free(arg: *mut c_void) {
        let Some(free) = T::FREE else { return };
        // SAFETY: By our contract. Nothing else accesses the elements.
        let elem = unsafe { &mut *(*arg.cast::<Self>()).elem.get() };
        for value in elem {
            // SAFETY: It is a value of this type, and not used again.
            unsafe { free(ptr::from_mut(value).cast()) };
        }
    }
}

/// A `bool` or an integer that root can write to at any time.
///
/// # Invariants
///
/// - The kernel reads and writes `value` only under the parameter lock. Otherwise there are atomic
///   loads only, and every write is an atomic store.
/// - `check` reads no parameter.
#[repr(C)]
pub struct Writable<T: Scalar> {
    // Must be first: `T::GET` takes a pointer to the whole for one to it.
    value: UnsafeCell<T::Value>,
    check: fn(T::Value) -> Result,
}

// SAFETY: By the type's invariant all accesses which can happen at the same time are atomic.
unsafe impl<T: Scalar> Sync for Writable<T> {}

impl<T: Scalar> Writable<T> {
    const OPS: &'static bindings::kernel_param_ops = &bindings::kernel_param_ops {
        flags: T::FLAGS,
        set: Some(Self::set),
        get: Some(T::GET),
        free: None,
    };

    /// # Safety
    ///
    /// `check` reads no parameter: it runs while the kernel is setting them.
    #[doc(hidden)]
    pub const unsafe fn new([default]: [T::Value; 1], check: fn(T::Value) -> Result) -> Self {
        // INVARIANT: By our contract.
        Self {
            value: UnsafeCell::new(default),
            check,
        }
    }

    #[doc(hidden)]
    pub const fn entry(&'static self, name: &'static CStr, mode: u16) -> Entry {
        assert!(
            mode & 0o222 != 0,
            "nobody can write to it: check it in `init`"
        );
        Entry::new(name, Self::OPS, mode, ptr::from_ref(self).cast_mut().cast())
    }

    /// Its value now.
    pub fn load(&self) -> T::Value {
        // SAFETY: By the type's invariants.
        unsafe { T::load(self.value.get()) }
    }

    /// # Safety
    ///
    /// As for [`bindings::kernel_param_ops::set`], with a `kp` of [`Writable::entry`].
    unsafe extern "C" fn set(val: *const c_char, kp: *const bindings::kernel_param) -> c_int {
        // SAFETY: Ours is the argument of such a `kp`.
        let this = unsafe { &*(*kp).__bindgen_anon_1.arg.cast::<Self>() };
        let mut new = T::EMPTY;
        // SAFETY: `kp` is valid; `new` is what `T::SET` expects as the argument.
        let ret = unsafe { T::SET(val, &with_arg(kp, &raw mut new)) };
        if ret != 0 {
            return ret;
        }
        if let Err(e) = (this.check)(new) {
            return e.to_errno();
        }
        // SAFETY: We hold the parameter lock, so that the kernel does not read it now.
        unsafe { T::store(this.value.get(), new) };
        0
    }
}

/// A copy of `kp` with another argument.
///
/// # Safety
///
/// `kp` is valid for reads.
unsafe fn with_arg<T>(kp: *const bindings::kernel_param, arg: *mut T) -> bindings::kernel_param {
    bindings::kernel_param {
        __bindgen_anon_1: bindings::kernel_param__bindgen_ty_1 { arg: arg.cast() },
        // SAFETY: By our contract.
        ..unsafe { *kp }
    }
}

/// An entry of the section `__param`.
///
/// That is an array for the kernel. So this must have the size and the alignment of C's type.
#[doc(hidden)]
#[repr(transparent)]
pub struct Entry(bindings::kernel_param);

// SAFETY: Only the kernel uses it, and it does not write to it.
unsafe impl Sync for Entry {}

impl Entry {
    const fn new(
        name: &'static CStr,
        ops: *const bindings::kernel_param_ops,
        mode: u16,
        arg: *mut c_void,
    ) -> Self {
        // `VERIFY_OCTAL_PERMISSIONS()`
        let (user, group, other) = (mode >> 6, mode >> 3 & 7, mode & 7);
        assert!(user <= 7, "not a mode");
        assert!(
            user & 4 >= group & 4 && group & 4 >= other & 4,
            "who may read?"
        );
        assert!(
            user & 2 >= group & 2,
            "the group may write, but not the owner"
        );
        assert!(other & 2 == 0, "all may write");

        Self(bindings::kernel_param {
            name: as_char_ptr(name),
            mod_: &raw mut bindings::__this_module,
            ops,
            perm: mode,
            level: -1,
            flags: 0,
            __bindgen_anon_1: bindings::kernel_param__bindgen_ty_1 { arg },
        })
    }
}

/// Strings for the section `.modinfo`, each with a NUL: their length, and as much of them as fits.
#[doc(hidden)]
pub const fn modinfo<const N: usize>(strings: &[&str]) -> (usize, [u8; N]) {
    let mut bytes = [0; N];
    let (mut len, mut i) = (0, 0);
    while i < strings.len() {
        let string = strings[i].as_bytes();
        let mut j = 0;
        while j < string.len() {
            assert!(string[j] != 0, "NUL in a description");
            if len + j < N {
                bytes[len + j] = string[j];
            }
            j += 1;
        }
        len += string.len() + 1;
        i += 1;
    }
    (len, bytes)
}

#[cfg(lkm_kunit)]
#[path = "../tests/kunit/module_param.rs"]
mod tests;
