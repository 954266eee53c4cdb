// SPDX-License-Identifier: GPL-2.0

//! Module parameters: typed, visible in sysfs, with one value or several, and writable if you want.
//!
//! C header: [`include/linux/moduleparam.h`](srctree/include/linux/moduleparam.h)
//!
//! The kernel crate has parameters too: `module! { params: { … } }` (up to Linux 7.3: integers and
//! `bool`, set once when the module is loaded, and never shown in sysfs). It parses them in Rust.
//! This module adds what those lack: strings, arrays, files in
//! `/sys/module/<module>/parameters`, values that root can change, and rules for them.
//!
//! C's own functions parse, show and free the values. So the texts that a parameter takes, the
//! errors for others, and what `modinfo -p` and sysfs show are as in a C module.
//!
//! [`module_param!`](crate::module_param!) declares parameters, and [`types`] has their types. Each
//! is a [`ReadOnly`], a [`Writable`] or an [`Array`].
//!
//! # Examples
//!
//! ```
//! module_param! {
//!     name: charp = c"eth0", 0o444, "Interface";
//!     ports: [ushort; 4] = [80, 443], 0o444, "Up to 4 ports";
//!     verbose: bool = false, 0o644, "Say more";
//!     limit: int = 10, 0o644, "From 1 to 100", |new| match new {
//!         1..=100 => Ok(()),
//!         _ => Err(EINVAL),
//!     };
//! }
//!
//! let interface: &'static CStr = name.value();
//! let allowed: &'static [u16] = ports.value();
//! let say_more: bool = verbose.load();
//! let most: i32 = limit.load();
//! ```

mod parameters;
pub mod types;

#[doc(hidden)]
pub use parameters::{Address, ArrayDescription, Entry, Static};
pub use parameters::{Array, ReadOnly, Writable};

/// Declares the parameters of a module, each as
/// `name: type = default, mode, "description";` or
/// `name: type = default, mode, "description", |new| rule;`
///
/// - The type is a name from [`types`], or an array of it: `[int; 4]` has up to 4 elements. The
///   longest text of an array must fit into the page that its file has. With pages of 4096 bytes there
///   are at most 3 strings of 1024 bytes, 195 `long`s or 341 `int`s, unless the mode is 0.
/// - The mode is that of the file `/sys/module/<module>/parameters/<name>`. With 0 there is none.
///   A mode that C refuses does not compile.
/// - The description is what `modinfo -p` shows.
/// - The rule says which new values a writable parameter takes: it is an expression of the type
///   `Result`. On `Err` the parameter keeps its value, and loading or writing fails with that
///   `errno` (`EIO` for `EIOCBQUEUED`). Do not return `ENOENT` or `ENOSPC`: the loader would log
///   another reason for these. Without a rule it takes all values of its type. A default that the rule
///   refuses does not compile.
///
/// There is a `static` by the name of each parameter, visible in the whole module. No variable can have
/// the same name, not even the `new` of a rule ("cannot shadow statics"):
///
/// - a [`Writable`] if the mode lets somebody write (0644). `bool` and integers only: C frees the
///   old string while others may read it, and changes arrays element by element.
/// - a [`ReadOnly`] or an [`Array`] if not (0444, 0).
///
/// A rule is the body of a `const fn`. This keeps it away from other parameters and from locks.
///
/// # Panics
///
/// A rule must not panic, for example by an overflow (`new + 1`): use `checked_add()` and the like.
/// A panic is a `BUG`. It ends the process that writes, with the lock of the module's parameters held:
/// from then on whoever reads or writes one of them waits for ever, and so does `rmmod`. If it is
/// the process that loads the module, the module stays half loaded.
#[macro_export]
macro_rules! module_param {
    ($(
        $name:ident: $type:tt = $default:expr, $mode:expr, $description:literal
        $(, |$new:pat_param| $rule:expr)?;
    )+) => {
        $(
            $crate::module_param!(@static $name $type, $default, $mode $(, |$new| $rule)?);
        )+

        // Names that begin with `__`, and paths: what is declared in here is visible to the user's
        // expressions.
        const _: () = {
            #[link_section = "__param"]
            #[used(compiler)]
            static __PARAMS: [$crate::module_param::Entry; [$(stringify!($name)),+].len()] = [
                $($crate::module_param!(@entry $name $type, $default, $mode $(, |$new| $rule)?)),+
            ];

            // Says which statics are parameters: `lkm/export.sh` does not export them. The linker
            // leaves this section out of the module.
            #[link_section = ".discard.lkm_params"]
            #[used(compiler)]
            static __ADDRESSES: [$crate::module_param::Address; __PARAMS.len()] =
                [$($crate::module_param::Address::of(&$name)),+];

            const __STRINGS: &str = concat!($(
                "parmtype=", stringify!($name), ":", $crate::module_param!(@type $type), "\0",
                "parm=", stringify!($name), ":", $description, "\0",
            )+);
            #[link_section = ".modinfo"]
            #[used(compiler)]
            static __MODINFO: [u8; __STRINGS.len()] = *__STRINGS.as_bytes().first_chunk().unwrap();
        };
    };

    // The static of a parameter.
    (@static $name:ident [$type:ident; $max:expr], $default:expr, $mode:expr
        $(, |$new:pat_param| $rule:expr)?
    ) => {
        #[allow(non_upper_case_globals)]
        pub(crate) static $name: $crate::module_param::Array<
            $crate::module_param::types::$type, { $max }
        > = $crate::module_param::Array::new(&$crate::module_param::types::$type($default));
    };
    (@static $name:ident $type:ident, $default:expr, $mode:expr) => {
        #[allow(non_upper_case_globals)]
        pub(crate) static $name: $crate::module_param::Static<
            $crate::module_param::types::$type,
            { $crate::module_param::Entry::is_writable($mode) },
        > = $crate::module_param::Static::<
            $crate::module_param::types::$type,
            { $crate::module_param::Entry::is_writable($mode) },
        >::new($crate::module_param::types::$type([$default]));
    };
    (@static $name:ident $type:ident, $default:expr, $mode:expr, |$new:pat_param| $rule:expr) => {
        #[allow(non_upper_case_globals)]
        pub(crate) static $name: $crate::module_param::Writable<
            $crate::module_param::types::$type
        > = $crate::module_param::Writable::new($crate::module_param::types::$type([$default]));
    };

    // The parameter's entry for the kernel.
    (@entry $name:ident [$type:ident; $max:expr], $default:expr, $mode:expr) => {{
        const __ARRAY: &$crate::module_param::ArrayDescription = &$name.description();
        __ARRAY.entry(::kernel::c_str!(stringify!($name)), $mode)
    }};
    (@entry $name:ident [$type:ident; $max:expr], $($rest:tt)+) => {
        compile_error!("an array cannot be writable, so it has no rule: check it in `init`")
    };
    (@entry $name:ident charp, $default:expr, $mode:expr, $($rest:tt)+) => {
        compile_error!("a string cannot be writable, so it has no rule: check it in `init`")
    };
    (@entry $name:ident $type:ident, $default:expr, $mode:expr) => {
        $name.entry(::kernel::c_str!(stringify!($name)), $mode)
    };
    (@entry $name:ident $type:ident, $default:expr, $mode:expr, |$new:pat_param| $rule:expr) => {{
        const fn __rule(
            $new: <$crate::module_param::types::$type as $crate::module_param::types::Type>::Value,
        ) -> ::kernel::error::Result {
            $rule
        }
        unsafe extern "C" fn __set(
            val: *const ::kernel::ffi::c_char,
            kp: *const ::kernel::bindings::kernel_param,
        ) -> ::kernel::ffi::c_int {
            // SAFETY: The kernel calls this for the entry of `$name` only; it is in no other.
            // `__rule` is a `const fn`.
            unsafe { $name.set(val, kp, __rule) }
        }
        assert!(
            __rule($default).is_ok(),
            "the rule refuses the default: change one of them"
        );
        const __OPS: &::kernel::bindings::kernel_param_ops =
            &$crate::module_param::Writable::<$crate::module_param::types::$type>::ops(__set);
        // (not within `unsafe`, where it could call what is)
        const __MODE: u16 = $mode;
        // SAFETY: That is what `__set` does.
        unsafe { $name.entry_with(::kernel::c_str!(stringify!($name)), __MODE, __OPS) }
    }};

    // The type as `modinfo` shows it.
    (@type [$type:ident; $max:expr]) => { concat!("array of ", stringify!($type)) };
    (@type $type:ident) => { stringify!($type) };
}

#[cfg(lkm_kunit)]
#[path = "../../tests/kunit/module_param.rs"]
mod tests;
