// SPDX-License-Identifier: GPL-2.0

//! Character devices.
//!
//! C headers: [`include/linux/cdev.h`](srctree/include/linux/cdev.h),
//! [`include/linux/fs.h`](srctree/include/linux/fs.h)
//!
//! The kernel crate has `miscdevice`, which is the right choice for one device under the major
//! number 10. It has no `poll` and no `llseek`, and up to 7.2 it does not set the owner, so that
//! `rmmod` succeeds while a program has the device open.
//!
//! # Examples
//!
//! ```
//! struct Zero;
//!
//! #[vtable]
//! impl chardev::Device for Zero {
//!     type Data = ();
//!
//!     fn read(
//!         &self,
//!         _file: &chardev::File<'_, Self>,
//!         to: &mut IovIterDest<'_>,
//!         _pos: &mut i64,
//!     ) -> Result<usize> {
//!         match to.copy_to_iter(&[0; 64]) {
//!             0 if !to.is_empty() => Err(EFAULT),
//!             copied => Ok(copied),
//!         }
//!     }
//! }
//!
//! // `/dev/zero64` is there as long as this value.
//! let device = chardev::Registration::new(c"zero64", 0o444, Zero)?;
//! ```

use crate::{bindings, to_bytes, to_errno};
use core::{
    any::Any,
    marker::PhantomData,
    mem::offset_of,
    ptr::{self, NonNull},
};
use kernel::{
    error::{from_err_ptr, to_result},
    ffi::{c_char, c_int, c_long, c_uint, c_ulong},
    fs::file::flags,
    iov::{IovIterDest, IovIterSource},
    prelude::*,
    sync::poll::{PollCondVar, PollTable},
    types::{ForeignOwnable, Opaque},
};

/// How a program opens, or has opened, a device.
#[derive(Clone, Copy)]
pub struct How {
    flags: u32,
}

impl How {
    /// For reading: `O_RDONLY` or `O_RDWR`.
    pub fn reads(self) -> bool {
        matches!(
            self.flags & flags::O_ACCMODE,
            flags::O_RDONLY | flags::O_RDWR
        )
    }

    /// For writing: `O_WRONLY` or `O_RDWR`. (The access mode 3 is for neither. With it a program can
    /// still call `ioctl`, `lseek` and `poll`.)
    pub fn writes(self) -> bool {
        matches!(
            self.flags & flags::O_ACCMODE,
            flags::O_WRONLY | flags::O_RDWR
        )
    }

    /// `O_EXCL`: the program wants to be the only one. The kernel forgets it after `open`.
    pub fn exclusive(self) -> bool {
        self.flags & flags::O_EXCL != 0
    }
}

/// An open file of the device `T`, in one call to it.
///
/// # Invariants
///
/// `file` is one of a device `T`, `open` has succeeded for it, and it is not released during `'a`.
pub struct File<'a, T: Device> {
    file: NonNull<bindings::file>,
    nowait: bool,
    waits: bool,
    _device: PhantomData<&'a T>,
}

impl<'a, T: Device> File<'a, T> {
    /// What [`Device::open`] returned for this file.
    pub fn data(&self) -> <T::Data as ForeignOwnable>::Borrowed<'a> {
        // SAFETY: By the type's invariant this comes from `open`, and `release` has not been called.
        unsafe { T::Data::borrow((*self.file.as_ptr()).private_data) }
    }

    /// How it was opened.
    pub fn how(&self) -> How {
        How {
            flags: self.flags(),
        }
    }

    /// Whether this call must not wait: `O_NONBLOCK`, which `fcntl` can change at any time, or a call
    /// that `io_uring` makes for a program. If the call would have to wait, return `EAGAIN`.
    pub fn nonblocking(&self) -> bool {
        self.nowait || self.flags() & flags::O_NONBLOCK != 0
    }

    /// Lets `poll`, `select` and `epoll` wait for `condition` too. For [`Device::poll`].
    ///
    /// The condition must live as long as the file is open: keep it in the device, or in the file's
    /// data. If it is dropped before, `epoll` forgets it, but `poll` and `select` would go on to use it.
    /// (They do not heed `POLLFREE`. The kernel crate's `PollCondVar` has this gap.)
    #[inline]
    pub fn wait_for(&self, table: &PollTable<'_>, condition: &PollCondVar) {
        if !self.waits {
            return;
        }
        // SAFETY: By the type's invariant it is open. `poll`, which this thread is in,
        // has not called `fdget_pos()`. Another thread may have: that is about `f_pos`, which
        // `register_wait()` does not use. (`miscdevice` of the kernel crate does the same.)
        let file = unsafe { kernel::fs::File::from_raw_file(self.file.as_ptr()) };
        table.register_wait(file, condition);
    }

    fn flags(&self) -> u32 {
        // SAFETY: By the type's invariant it is open. `fcntl` may write the flags while we read, as in C:
        // a volatile load of a word is not torn.
        unsafe { (&raw const (*self.file.as_ptr()).f_flags).read_volatile() }
    }
}

/// What [`Device::poll`] returns: what a program could do now without waiting.
#[derive(Clone, Copy, Default)]
pub struct Ready(u32);

impl Ready {
    /// Reading would not wait.
    pub const IN: Self = Self(bindings::RUST_CONST_HELPER_EPOLLIN);
    /// Writing would not wait.
    pub const OUT: Self = Self(bindings::RUST_CONST_HELPER_EPOLLOUT);
    /// The other side has gone.
    pub const HUP: Self = Self(bindings::RUST_CONST_HELPER_EPOLLHUP);

    /// `self` and `other` if `condition` holds, otherwise only `self`.
    pub fn and_if(self, condition: bool, other: Self) -> Self {
        if condition {
            Self(self.0 | other.0)
        } else {
            self
        }
    }
}

/// Where an offset of `lseek` counts from.
pub enum Whence {
    /// `SEEK_SET`: the start.
    Set,
    /// `SEEK_CUR`: the current position.
    Current,
    /// `SEEK_END`: the end.
    End,
}

/// The operations of a character device.
///
/// Write `#[vtable]` above the `impl`. Without it, the compiler says that
/// `USE_VTABLE_ATTR` is missing.
///
/// Any number of programs may call them at the same time. Every method may sleep. A method that is not
/// implemented fails as it does for any device without it: `read` and `write` with
/// `EINVAL`, `lseek` with `ESPIPE`, `ioctl` with `ENOTTY`; `poll` says that reading and writing would
/// not wait. `splice` and `sendfile` fail with `EINVAL` on every device.
///
/// No method may return `EIOCBQUEUED`. That would tell the kernel that the call goes on; the program
/// gets `EIO`.
///
/// # Panics
///
/// No method may panic, for example by an overflow (`n + 1`): use `checked_add()`. A panic is a crash
/// of the kernel (`BUG`). It ends the program that made the call. Locks that the method holds stay
/// locked, and everybody who wants one of them waits for ever; so does [`Device::release`], which the
/// kernel may call as the program ends. After a panic in [`Device::open`] the module stays in use.
#[vtable]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what the device does",
    note = "implement `chardev::Device` for it, with `#[vtable]` above the `impl`"
)]
pub trait Device: Send + Sync + Sized + 'static {
    /// What each open file has for itself: `()` for nothing; otherwise a [`KBox`] or an
    /// [`Arc`](kernel::sync::Arc).
    type Data: ForeignOwnable + Send + Sync;

    /// A program opens the device. This makes the file's data. The default is for a device whose
    /// `Data` is `()`, and never fails.
    fn open(&self, how: How) -> Result<Self::Data> {
        const {
            assert!(
                size_of::<Self::Data>() == 0,
                "the files of this device have data: write the method `open`, which makes the data"
            );
        }
        let _ = how;
        // A generic way to write `Ok(())`.
        let nothing: &mut dyn Any = &mut Some(());
        let data = nothing.downcast_mut::<Option<Self::Data>>();
        data.and_then(Option::take).ok_or(EINVAL)
    }

    /// The last descriptor of an open file is closed. The default drops its data.
    fn release(&self, data: Self::Data, how: How) {
        let _ = (data, how);
    }

    /// Reads into `to`, and returns how many bytes. 0 is the end of the file. The program gets at most
    /// the bytes by which this has moved `to`; these include what [`IovIterDest::advance`] skips, where
    /// nothing is written.
    ///
    /// `pos` is the position in the file, in bytes, if the device has [`Device::llseek`]. Otherwise
    /// it means nothing, and `pread` is `ESPIPE`. If several threads call `read`, `write` or `lseek` of
    /// one open file, each begins at the position that it finds; the kernel does not let one wait for
    /// the other, as it does for regular files.
    fn read(
        &self,
        file: &File<'_, Self>,
        to: &mut IovIterDest<'_>,
        pos: &mut i64,
    ) -> Result<usize> {
        let _ = (file, to, pos);
        // (With `build_error!`, as in the kernel crate, only modpost would fail, and not say why.)
        const {
            panic!("this device has no method `read`: write it, or do not call it");
        }
    }

    /// Writes what is in `from`, and returns how many bytes were taken. `pos` is as for
    /// [`Device::read`].
    fn write(
        &self,
        file: &File<'_, Self>,
        from: &mut IovIterSource<'_>,
        pos: &mut i64,
    ) -> Result<usize> {
        let _ = (file, from, pos);
        const {
            panic!("this device has no method `write`: write it, or do not call it");
        }
    }

    /// Moves the position `pos`, and returns the new one. `SEEK_DATA` and `SEEK_HOLE` are `EINVAL`
    /// without a call. Another thread may move the position of the same open file at the same time
    /// (see [`Device::read`]).
    fn llseek(&self, file: &File<'_, Self>, pos: i64, offset: i64, whence: Whence) -> Result<i64> {
        let _ = (file, pos, offset, whence);
        const {
            panic!("this device has no method `llseek`: write it, or do not call it");
        }
    }

    /// Says what a program could do now without waiting.
    ///
    /// Call [`File::wait_for`] first, for each condition that can change the answer, and look at the
    /// state afterwards: then no change is missed.
    fn poll(&self, file: &File<'_, Self>, table: &PollTable<'_>) -> Ready {
        let _ = (file, table);
        const {
            panic!("this device has no method `poll`: write it, or do not call it");
        }
    }

    /// A command that the device defines, with a number made by [`kernel::ioctl`]. Return `ENOTTY` for
    /// an unknown one. 32-bit programs on a 64-bit kernel come here too, with `arg` as a pointer: a struct
    /// behind it must have the same layout in both, so use fields of a fixed size, in an order without
    /// gaps.
    ///
    /// The program gets `EINVAL` instead of a negative value.
    ///
    /// Any program that can open the device can call this, whether it may read and write or not: look
    /// at [`File::how`].
    fn ioctl(&self, file: &File<'_, Self>, cmd: u32, arg: usize) -> Result<isize> {
        let _ = (file, cmd, arg);
        const {
            panic!("this device has no method `ioctl`: write it, or do not call it");
        }
    }
}

/// What a registered device consists of. Its memory belongs to `dev`, whose `release` frees it.
///
/// # Invariants
///
/// `cdev` has the operations [`Vtable::OPS`]. From `cdev_device_add()` on it has `dev` as its parent:
/// so whoever has a reference to `cdev`, as each open file has, keeps all of this.
#[pin_data]
struct Inner<T: Device> {
    // First what can fail: what has a reference count, is not freed in another way.
    #[pin]
    device: T,
    mode: bindings::umode_t,
    #[pin]
    cdev: Opaque<bindings::cdev>,
    #[pin]
    dev: Opaque<bindings::device>,
}

impl<T: Device> Inner<T> {
    /// # Safety
    ///
    /// For `device::release` of a `dev` in an `Inner<T>` that is in a `KBox` only.
    unsafe extern "C" fn free(dev: *mut bindings::device) {
        // SAFETY: By our contract `dev` is in an `Inner<T>`. `Opaque` has the layout of what is in it.
        let inner = unsafe { dev.byte_sub(offset_of!(Self, dev)) }.cast::<Self>();
        // SAFETY: That is in a `KBox`, and the last reference to it is gone.
        drop(unsafe { KBox::from_raw(inner) });
    }
}

/// A character device, there for as long as this value is: `/dev/<name>` and
/// `/sys/class/<name>/<name>`, with a major number that the kernel chooses.
///
/// While a program has the device open, the module is in use: `rmmod` fails, and `lsmod` counts it.
///
/// Dropping this removes the device and its node. Open files stay open, and their methods are called
/// as before. A program with an open file can even open it again, through `/proc/self/fd`. The `T` is
/// dropped when the last file is closed.
///
/// # Leaking
///
/// The kernel calls the module's code for as long as the device is there, and for as long as a file is
/// open. The compiler cannot guarantee that the module is still there:
///
/// - A `Registration` must be dropped before its module is gone. It must not be leaked
///   ([`core::mem::forget`]) or put into a `static`.
/// - [`Registration::new`] must be the last step of a module's `init` that can fail. A program may
///   open the device at once, and the kernel does not wait for it if `init` fails afterwards. For the
///   same reason a module with two devices is not safe if the second one fails. `new` itself has a
///   moment of this kind: if it runs out of memory at its end, root may have opened the device by a
///   node that `mknod` made.
/// - What a device holds must belong to the module that calls `new`. Something of another module, for
///   example a closure, may be gone while a file is still open.
/// - The last reference to the device must be that of this value or of an open file. Something else
///   in the kernel that keeps one for longer would free the memory by code that is gone. (With
///   `CONFIG_DEBUG_KOBJECT_RELEASE` the kernel itself does.)
///
/// C drivers and the kernel crate's `miscdevice` have the same gaps.
///
/// # Invariants
///
/// `inner` is in a `KBox` that was made a pointer, its device and `cdev` are registered, in the class
/// `_class`, under the number `_number`, and we have the reference of `device_initialize()`.
#[must_use = "the device is removed when this is dropped"]
pub struct Registration<T: Device> {
    inner: NonNull<Inner<T>>,
    _class: Class,
    _number: Number,
    _device: PhantomData<T>,
}

// SAFETY: Any thread may unregister a device; then `T`, which is `Send`, may be dropped there.
unsafe impl<T: Device> Send for Registration<T> {}

// SAFETY: Nothing can be done with a `&Registration`.
unsafe impl<T: Device> Sync for Registration<T> {}

// The `T` stays where it is if this moves: so a `Mutex<Option<Registration<T>>>` can be changed.
impl<T: Device> Unpin for Registration<T> {}

impl<T: Device> Registration<T> {
    /// Registers `device` as `/dev/<name>`, with the permissions `mode`.
    ///
    /// Programs can open it before this returns.
    ///
    /// # Errors
    ///
    /// - `EINVAL`: `mode` is 0 or has other bits than the nine of permissions (the kernel takes 0 for
    ///   0600), or `name` is empty, `.`, `..`, longer than 255 bytes, or has a `/` or a `!` (which would
    ///   become a `/`).
    /// - `EEXIST`: there is a class of that name. Then the kernel's log has a warning with a stack
    ///   trace. (If a module's `init` returns this, `insmod` gets `EBUSY`: the module loader has
    ///   its own use for `EEXIST`.)
    /// - `EBUSY`: no major number is free.
    /// - `ENOMEM`, and any error of initialising `device`.
    ///
    /// If `/dev` already has a file of that name (`c"null"`), this does not fail, as in C. That file stays,
    /// and the device has no node.
    pub fn new<E>(
        name: &'static CStr,
        mode: bindings::umode_t,
        device: impl PinInit<T, E>,
    ) -> Result<Self>
    where
        Error: From<E>,
    {
        let bytes = name.to_bytes();
        if mode & !0o777 != 0
            || mode == 0
            || matches!(bytes, b"" | b"." | b"..")
            || bytes.len() > bindings::NAME_MAX as usize
            || bytes.iter().any(|byte| matches!(byte, b'/' | b'!'))
        {
            return Err(EINVAL);
        }
        let number = Number::new(name)?;
        let class = Class::new(name)?;
        let inner = KBox::try_pin_init(
            // INVARIANT: `cdev` gets these operations.
            try_pin_init!(Inner {
                device <- device,
                mode,
                cdev <- Opaque::ffi_init(|cdev: *mut bindings::cdev| {
                    // SAFETY: There is room for a `cdev`. The operations live as long as the module, and
                    // `owner` keeps that while a file is open.
                    unsafe { bindings::cdev_init(cdev, Vtable::<T>::OPS) };
                    // SAFETY: It was initialised just now, and nobody else has it.
                    unsafe { (*cdev).owner = Vtable::<T>::OPS.owner };
                }),
                dev <- Opaque::ffi_init(|dev: *mut bindings::device| {
                    // SAFETY: There is room for a `device`.
                    unsafe { dev.write(pin_init::zeroed()) };
                    // SAFETY: It is zeroed, as it has to be.
                    unsafe { bindings::device_initialize(dev) };
                    // SAFETY: It was initialised just now, and nobody else has it. The class outlives
                    // it, and `free` is for a device in an `Inner<T>`.
                    unsafe {
                        (*dev).class = class.0.as_ptr();
                        (*dev).devt = number.0;
                        (*dev).release = Some(Inner::<T>::free);
                    }
                }),
            }? Error),
            GFP_KERNEL,
        )?;
        // From here on `dev` frees it.
        // SAFETY: What is pinned stays where it is.
        let inner: *mut Inner<T> = KBox::into_raw(unsafe { Pin::into_inner_unchecked(inner) });
        // SAFETY: `inner` was allocated just now.
        let cdev = Opaque::cast_into(unsafe { &raw const (*inner).cdev });
        // SAFETY: As above.
        let dev: *mut bindings::device = Opaque::cast_into(unsafe { &raw const (*inner).dev });
        // SAFETY: Nobody else has it yet. `devnode` of the class finds a mode there.
        unsafe { (*dev).driver_data = (&raw mut (*inner).mode).cast() };
        // SAFETY: `dev` is initialised, and both texts are C strings. The kernel makes a copy.
        let named = unsafe { bindings::dev_set_name(dev, c"%s".as_char_ptr(), name.as_char_ptr()) };
        let added = to_result(named).and_then(|()| {
            // SAFETY: Both are initialised, `dev` has a name, a class and a number which is ours, and both
            // stay where they are until `free`.
            to_result(unsafe { bindings::cdev_device_add(cdev, dev) })
        });
        if let Err(error) = added {
            // SAFETY: This is the reference of `device_initialize()`.
            unsafe { bindings::put_device(dev) };
            return Err(error);
        }
        // INVARIANT: That is what was done here.
        Ok(Self {
            // SAFETY: It came from a `KBox`.
            inner: unsafe { NonNull::new_unchecked(inner) },
            _class: class,
            _number: number,
            _device: PhantomData,
        })
    }
}

impl<T: Device> Drop for Registration<T> {
    fn drop(&mut self) {
        let inner = self.inner.as_ptr();
        // SAFETY: By the type's invariant it is there.
        let cdev = Opaque::cast_into(unsafe { &raw const (*inner).cdev });
        // SAFETY: As above.
        let dev = Opaque::cast_into(unsafe { &raw const (*inner).dev });
        // SAFETY: By the type's invariant both are registered.
        unsafe { bindings::cdev_device_del(cdev, dev) };
        // SAFETY: By the type's invariant this reference is ours. Open files have others, so the memory
        // stays until they are closed.
        unsafe { bindings::put_device(dev) };
    }
}

/// # Invariants
///
/// A device number of a dynamic major that `alloc_chrdev_region()` has given us.
struct Number(bindings::dev_t);

impl Number {
    fn new(name: &'static CStr) -> Result<Self> {
        let mut number = 0;
        // SAFETY: `name` is a C string which is always there: the kernel keeps a copy.
        to_result(unsafe { bindings::alloc_chrdev_region(&mut number, 0, 1, name.as_char_ptr()) })?;
        // INVARIANT: It was given to us just now.
        Ok(Self(number))
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        // SAFETY: By the type's invariant.
        unsafe { bindings::unregister_chrdev_region(self.0, 1) };
    }
}

/// # Invariants
///
/// A class that `class_create()` has made; the devices in it have a mode in `driver_data`.
struct Class(NonNull<bindings::class>);

impl Class {
    fn new(name: &'static CStr) -> Result<Self> {
        // SAFETY: `name` is a C string which outlives the class.
        let class = from_err_ptr(unsafe { bindings::class_create(name.as_char_ptr()) })?;
        // SAFETY: It was made just now, and is ours.
        unsafe { (*class).devnode = Some(Self::devnode) };
        // INVARIANT: `class_create()` has made it. `Registration::new`, the only user, gives its device
        // a mode in `driver_data` before it adds it.
        // SAFETY: It is no error, and no other value of `class_create()` is NULL.
        Ok(Self(unsafe { NonNull::new_unchecked(class) }))
    }

    /// # Safety
    ///
    /// For `class::devnode`, with a device of this class.
    unsafe extern "C" fn devnode(
        dev: *const bindings::device,
        mode: *mut bindings::umode_t,
    ) -> *mut c_char {
        // When the node is removed nobody asks for the mode.
        if !mode.is_null() {
            // SAFETY: By the type's invariant; `mode` is the caller's.
            unsafe { *mode = *(*dev).driver_data.cast::<bindings::umode_t>() };
        }
        ptr::null_mut()
    }
}

impl Drop for Class {
    fn drop(&mut self) {
        // SAFETY: By the type's invariant it is there. Its device has been removed. The memory of that may
        // stay while a file is open, but after `device_del()` nothing looks at its class: it has a
        // `release` of its own.
        unsafe { bindings::class_destroy(self.0.as_ptr()) };
    }
}

// Of an open file, `private_data` is a `T::Data` from `open` until `release`.
struct Vtable<T: Device>(PhantomData<T>);

impl<T: Device> Vtable<T> {
    const OPS: &'static bindings::file_operations = &bindings::file_operations {
        // This is the module that the crate is compiled into.
        owner: &raw mut bindings::__this_module,
        open: Some(Self::open),
        release: Some(Self::release),
        read_iter: if T::HAS_READ {
            Some(Self::read_iter)
        } else {
            None
        },
        write_iter: if T::HAS_WRITE {
            Some(Self::write_iter)
        } else {
            None
        },
        llseek: if T::HAS_LLSEEK {
            Some(Self::llseek)
        } else {
            None
        },
        poll: if T::HAS_POLL { Some(Self::poll) } else { None },
        unlocked_ioctl: if T::HAS_IOCTL {
            Some(Self::ioctl)
        } else {
            None
        },
        #[cfg(CONFIG_COMPAT)]
        compat_ioctl: if T::HAS_IOCTL {
            bindings::compat_ptr_ioctl
        } else {
            None
        },
        ..pin_init::zeroed()
    };

    /// # Safety
    ///
    /// `file` is one of a device of this type, for which `chrdev_open()` has taken a reference to the
    /// `cdev`, and which has it for all of `'a`.
    unsafe fn inner<'a>(file: *const bindings::file) -> &'a Inner<T> {
        // SAFETY: The file has its inode. `chrdev_open()` has set `i_cdev`, which stays as it is while
        // there is a reference to the `cdev`. (`i_cdev` is in a union without a name, and this is
        // bindgen's name for it.)
        let cdev = unsafe { (*(*file).f_inode).__bindgen_anon_5.i_cdev };
        // SAFETY: It has our operations, so by the type's invariant it is in an `Inner<T>`, which is there
        // as long as the `cdev`. An `Opaque` begins where its content does.
        unsafe { &*cdev.byte_sub(offset_of!(Inner<T>, cdev)).cast() }
    }

    /// # Safety
    ///
    /// For `file_operations::open` of [`Self::OPS`], called by `chrdev_open()`.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: By our contract `chrdev_open()` has taken a reference for this file.
        let device = unsafe { &Self::inner(file).device };
        // SAFETY: The file is not open yet, so nobody changes its flags.
        let flags = unsafe { (*file).f_flags };
        let data = match device.open(How { flags }) {
            Ok(data) => data.into_foreign(),
            Err(error) => return to_errno(error),
        };
        // SAFETY: Nobody else has the file yet. Its `private_data` is ours to use.
        unsafe { (*file).private_data = data };
        if T::HAS_LLSEEK {
            0
        } else {
            // Without a position `pread` is `ESPIPE`.
            // SAFETY: Nobody else has the file yet. This cannot fail.
            unsafe { bindings::stream_open(inode, file) }
        }
    }

    /// # Safety
    ///
    /// For `file_operations::release` of [`Self::OPS`].
    unsafe extern "C" fn release(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: The file has its reference to the `cdev` until this call is over.
        let device = unsafe { &Self::inner(file).device };
        // SAFETY: This is the last call for the file, so nobody changes its flags.
        let flags = unsafe { (*file).f_flags };
        // SAFETY: It comes from `open`. This is the last call for the file: nobody has borrowed it.
        let data = unsafe { T::Data::from_foreign((*file).private_data) };
        device.release(data, How { flags });
        0
    }

    /// The device of an open file, and that file.
    ///
    /// # Safety
    ///
    /// `file` is one of a device of this type, `open` has succeeded for it, and it stays open for all
    /// of `'a`.
    unsafe fn parts<'a>(file: *mut bindings::file, nowait: bool) -> (&'a T, File<'a, T>) {
        // SAFETY: By our contract: an open file has its reference to the `cdev`.
        let device = unsafe { &Self::inner(file).device };
        // INVARIANT: By our contract.
        let file = File {
            // SAFETY: By our contract it is not NULL.
            file: unsafe { NonNull::new_unchecked(file) },
            nowait,
            waits: false,
            _device: PhantomData,
        };
        (device, file)
    }

    /// The same for a read or write, and its position.
    ///
    /// # Safety
    ///
    /// `kiocb` is that of a call to `read_iter` or `write_iter` of [`Self::OPS`], for all of `'a`.
    unsafe fn parts_at<'a>(kiocb: *mut bindings::kiocb) -> (&'a T, File<'a, T>, &'a mut i64) {
        // SAFETY: By our contract the `kiocb` is there for the call. Of its fields only `ki_pos` is
        // borrowed, which is ours to change meanwhile.
        let (file, flags, pos) =
            unsafe { ((*kiocb).ki_filp, (*kiocb).ki_flags, &mut (*kiocb).ki_pos) };
        let nowait = flags as c_uint & bindings::RUST_CONST_HELPER_IOCB_NOWAIT != 0;
        // SAFETY: The caller of the operation holds the file open.
        let (device, file) = unsafe { Self::parts(file, nowait) };
        (device, file, pos)
    }

    /// # Safety
    ///
    /// For `file_operations::read_iter` of [`Self::OPS`].
    unsafe extern "C" fn read_iter(
        kiocb: *mut bindings::kiocb,
        iter: *mut bindings::iov_iter,
    ) -> isize {
        // SAFETY: The VFS made the iterator for this read, so it is a destination, which can be written
        // to until we return. Until then it is ours alone.
        let to = unsafe { IovIterDest::from_raw(iter) };
        // SAFETY: As our contract says.
        let (device, file, pos) = unsafe { Self::parts_at(kiocb) };
        let len = to.len();
        let result = device.read(&file, to, pos);
        to_bytes(result, len - to.len())
    }

    /// # Safety
    ///
    /// For `file_operations::write_iter` of [`Self::OPS`].
    unsafe extern "C" fn write_iter(
        kiocb: *mut bindings::kiocb,
        iter: *mut bindings::iov_iter,
    ) -> isize {
        // SAFETY: The VFS made the iterator for this write, so it is a source, which can be read from
        // until we return. Until then it is ours alone.
        let from = unsafe { IovIterSource::from_raw(iter) };
        // SAFETY: As our contract says.
        let (device, file, pos) = unsafe { Self::parts_at(kiocb) };
        let len = from.len();
        to_bytes(device.write(&file, from, pos), len)
    }

    /// # Safety
    ///
    /// For `file_operations::llseek` of [`Self::OPS`].
    unsafe extern "C" fn llseek(file: *mut bindings::file, offset: i64, whence: c_int) -> i64 {
        let whence = match whence as c_uint {
            bindings::SEEK_SET => Whence::Set,
            bindings::SEEK_CUR => Whence::Current,
            bindings::SEEK_END => Whence::End,
            _ => return EINVAL.to_errno().into(),
        };
        // For a device nothing locks the position: `FMODE_ATOMIC_POS` is for regular files and
        // directories. Another thread may write it while we read, as in C.
        // SAFETY: The caller holds the file open. A volatile load of a word is not torn.
        let pos = unsafe { (&raw const (*file).f_pos).read_volatile() };
        // SAFETY: The caller holds the file open.
        let (device, open) = unsafe { Self::parts(file, false) };
        match device.llseek(&open, pos, offset, whence) {
            Ok(pos @ 0..) => {
                // SAFETY: As above, for a store.
                unsafe { (&raw mut (*file).f_pos).write_volatile(pos) };
                pos
            }
            Ok(_) => EINVAL.to_errno().into(),
            Err(error) => to_errno(error).into(),
        }
    }

    /// # Safety
    ///
    /// For `file_operations::poll` of [`Self::OPS`].
    unsafe extern "C" fn poll(
        file: *mut bindings::file,
        table: *mut bindings::poll_table,
    ) -> bindings::__poll_t {
        // What `poll_wait()` looks at first. It is inline in C, and would be a call here: most calls of
        // `poll` do not wait.
        // SAFETY: The kernel passes NULL or a table which is there during the call.
        let waits = unsafe { table.as_ref() }.is_some_and(|table| table._qproc.is_some());
        // SAFETY: As above.
        let table = unsafe { PollTable::from_raw(table) };
        // SAFETY: The caller holds the file open.
        let (device, mut file) = unsafe { Self::parts(file, true) };
        file.waits = waits;
        device.poll(&file, &table).0
    }

    /// # Safety
    ///
    /// For `file_operations::unlocked_ioctl` of [`Self::OPS`].
    unsafe extern "C" fn ioctl(file: *mut bindings::file, cmd: c_uint, arg: c_ulong) -> c_long {
        // SAFETY: The caller holds the file open.
        let (device, file) = unsafe { Self::parts(file, false) };
        match device.ioctl(&file, cmd, arg) {
            // (A negative value would be an errno.)
            Ok(value @ 0..) => value as c_long,
            Ok(_) => EINVAL.to_errno() as c_long,
            Err(error) => to_errno(error) as c_long,
        }
    }
}
