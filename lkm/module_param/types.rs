// SPDX-License-Identifier: GPL-2.0

//! The types of parameters, as C names them.
//!
//! Each is an `enum` without values, which only names the type, and a function, which turns defaults
//! as they are written into values as they are in memory.

use super::Writable;
use crate::bindings;
use core::{ffi::CStr, ops::Deref, primitive, ptr};
use kernel::{
    ffi::*,
    macros::paste,
    prelude::*,
    str::as_char_ptr_in_const_context,
    sync::atomic::{Atomic, Relaxed},
};

/// A type of parameter.
///
/// # Safety
///
/// - `OPS` are for a `Value` in memory, `ARRAY_OPS` for a `kparam_array` of them, and `WRITABLE_OPS` for
///   a [`Writable`] of this type. What these write there is valid, and any thread may read it.
/// - The `get` of `OPS` prints at most `LONGEST` bytes and a NUL.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type of parameters",
    note = "write one of `module_param::types`: they have C's names, for example `int` instead of `i32`"
)]
pub unsafe trait Type {
    /// What it is in memory.
    type Value: Copy + 'static;

    /// What the elements of an array are that were not given.
    const EMPTY: Self::Value;

    /// How many bytes its longest value is in sysfs, with the newline.
    const LONGEST: usize;

    /// C's operations: `param_ops_<type>`.
    const OPS: *const bindings::kernel_param_ops;

    /// Those of arrays.
    const ARRAY_OPS: *const bindings::kernel_param_ops = &raw const bindings::param_array_ops;

    /// Those of writable parameters without a rule, `Writable::set_any` among them. None if a
    /// parameter of this type cannot be writable.
    const WRITABLE_OPS: Option<&'static bindings::kernel_param_ops> = None;
}

/// A type whose parameters can be writable: `bool` or an integer.
///
/// # Safety
///
/// `SET` and `GET` are those of `OPS`.
#[diagnostic::on_unimplemented(
    message = "parameters of type `{Self}` are neither `bool` nor integers",
    note = "for strings, write a function that takes `&'static ReadOnly<charp>`"
)]
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

macro_rules! scalars {
    ($($name:ident: $value:ty, $atomic:ty, $empty:literal, $longest:literal $(, $flags:ident)?;)*) => {$(paste! {
        #[doc = concat!("C's `", stringify!($name), "`.")]
        #[allow(non_camel_case_types)]
        pub enum $name {}

        /// The defaults as they are in memory.
        #[doc(hidden)]
        pub const fn $name<const N: usize>(defaults: [$value; N]) -> [$value; N] {
            defaults
        }

        // SAFETY: `param_ops_*` store and print a value of this type, the longest as in the table below, and
        // `param_array_ops` call them for each element. `WRITABLE_OPS` are made for this type of `Writable`. Any thread may read
        // an integer or a `bool`.
        unsafe impl Type for $name {
            type Value = $value;
            const EMPTY: $value = $empty;
            const LONGEST: usize = $longest.len();
            const OPS: *const bindings::kernel_param_ops =
                &raw const bindings::[<param_ops_ $name>];
            const WRITABLE_OPS: Option<&'static bindings::kernel_param_ops> =
                Some(&Writable::<$name>::ops(Writable::<$name>::set_any));
        }

        const _: () = assert!(
            size_of::<$value>() == size_of::<$atomic>()
                && align_of::<$value>() == align_of::<$atomic>()
        );

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
                // SAFETY: By our contract there are atomic accesses only. The two types have the
                // same size and alignment, which is asserted above.
                unsafe { Atomic::<$atomic>::from_ptr(value.cast()) }.load(Relaxed) as $value
            }

            #[inline]
            unsafe fn store(value: *mut $value, new: $value) {
                // SAFETY: As above.
                unsafe { Atomic::<$atomic>::from_ptr(value.cast()) }.store(new as $atomic, Relaxed)
            }
        }
    })*};
}

// Name in C; type in Rust; the type of the same size that the kernel has atomics for; what is not given in
// an array; the longest text.
scalars! {
    bool: primitive::bool, primitive::bool, false, "Y\n", KERNEL_PARAM_OPS_FL_NOARG;
    byte: c_uchar, i8, 0, "255\n";
    short: c_short, i16, 0, "-32768\n";
    ushort: c_ushort, i16, 0, "65535\n";
    int: c_int, c_int, 0, "-2147483648\n";
    uint: c_uint, c_uint, 0, "4294967295\n";
    hexint: c_uint, c_uint, 0, "0xffffffff\n";
    long: c_long, c_long, 0, "-9223372036854775808\n";
    ulong: c_ulong, c_ulong, 0, "18446744073709551615\n";
    ullong: c_ulonglong, c_ulonglong, 0, "18446744073709551615\n";
}

/// The longest string that C takes for a parameter.
const MAX_STRING: usize = 1024;

/// A string: a [`CStr`] of at most 1024 bytes.
#[allow(non_camel_case_types)]
pub enum charp {}

/// The defaults as they are in memory.
#[doc(hidden)]
pub const fn charp<const N: usize>(defaults: [&'static CStr; N]) -> [Charp; N] {
    let mut values = [charp::EMPTY; N];
    let mut i = 0;
    while i < N {
        assert!(
            defaults[i].count_bytes() <= MAX_STRING,
            "the default of a string is longer than 1024 bytes, which is the most that a parameter can be"
        );
        // INVARIANT: A C string which is always there.
        values[i] = Charp(as_char_ptr_in_const_context(defaults[i]));
        i += 1;
    }
    values
}

/// A string in the memory of a parameter: `char *`.
///
/// # Invariants
///
/// Points to a C string, which stays as it is from `init` until the module is gone.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Charp(*const c_char);

// SAFETY: By the type's invariant nothing changes the string.
unsafe impl Send for Charp {}

// SAFETY: As above.
unsafe impl Sync for Charp {}

impl Deref for Charp {
    type Target = CStr;

    #[inline]
    fn deref(&self) -> &CStr {
        // SAFETY: By the type's invariant.
        unsafe { CStr::from_char_ptr(self.0) }
    }
}

// SAFETY: `param_ops_charp` store and print a pointer to a C string, which any thread may read. It has at
// most `MAX_STRING` bytes: `param_set_charp` refuses longer ones, and the function `charp` longer defaults.
// `ARRAY_OPS` do what `param_array_ops` do, and `free_strings` frees only what C has allocated. There are
// no `WRITABLE_OPS`.
unsafe impl Type for charp {
    type Value = Charp;
    // INVARIANT: A C string which is always there. C knows that it need not free it.
    const EMPTY: Charp = Charp(as_char_ptr_in_const_context(c""));
    const LONGEST: usize = MAX_STRING + "\n".len();
    const OPS: *const bindings::kernel_param_ops = &raw const bindings::param_ops_charp;
    const ARRAY_OPS: *const bindings::kernel_param_ops = &bindings::kernel_param_ops {
        flags: 0,
        set: Some(set_strings),
        get: Some(get_strings),
        free: Some(free_strings),
    };
}

/// As C's.
///
/// # Safety
///
/// As for [`bindings::kernel_param_ops::set`], with a `kp` whose argument is a `kparam_array`.
unsafe extern "C" fn set_strings(val: *const c_char, kp: *const bindings::kernel_param) -> c_int {
    // SAFETY: By our contract, which is C's.
    unsafe {
        bindings::param_array_ops
            .set
            .map_or(EPERM.to_errno(), |set| set(val, kp))
    }
}

/// As C's.
///
/// # Safety
///
/// As for [`bindings::kernel_param_ops::get`], with a `kp` whose argument is a `kparam_array`.
unsafe extern "C" fn get_strings(buffer: *mut c_char, kp: *const bindings::kernel_param) -> c_int {
    // SAFETY: By our contract, which is C's.
    unsafe {
        bindings::param_array_ops
            .get
            .map_or(EPERM.to_errno(), |get| get(buffer, kp))
    }
}

/// Frees all elements. C's frees only those which count: if a longer list was overridden by a
/// shorter one (`names=a,b names=c`), it loses the rest.
///
/// # Safety
///
/// `arg` is a `kparam_array` of `charp`, and nothing uses its elements any more.
unsafe extern "C" fn free_strings(arg: *mut c_void) {
    // SAFETY: By our contract.
    let mut array = unsafe { *arg.cast::<bindings::kparam_array>() };
    // For C, all of them count then.
    array.num = ptr::null_mut();
    // SAFETY: All elements are strings, as those that were not given are empty ones.
    unsafe {
        if let Some(free) = bindings::param_array_ops.free {
            free((&raw mut array).cast());
        }
    }
}
