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
//!     fn open(&self, _how: chardev::How) -> Result {
//!         Ok(())
//!     }
//!
//!     fn read(
//!         &self,
//!         _file: &chardev::File<'_, Self>,
//!         to: &mut IovIterDest<'_>,
//!         _pos: &mut i64,
//!     ) -> Result<usize> {
//!         Ok(to.copy_to_iter(&[0; 64]))
//!     }
//! }
//!
//! // `/dev/zero64` is there as long as this value.
//! let device = chardev::Registration::new(c"zero64", 0o444, Zero)?;
//! ```

use crate::bindings;
use core::{
    marker::PhantomData,
    mem::offset_of,
    ptr::{self, NonNull},
};
use kernel::{
    error::{from_err_ptr, to_result, VTABLE_DEFAULT_ERROR},
    ffi::{c_char, c_int, c_long, c_uint, c_ulong},
    fs::file::flags,
    iov::{IovIterDest, IovIterSource},
    prelude::*,
    sync::poll::{PollCondVar, PollTable},
    types::Opaque,
};

/// How a program opens, or has opened, a device.
#[derive(Clone, Copy)]
pub struct How {
    flags: u32,
}

impl How {
    /// For reading: `O_RDONLY` or `O_RDWR`.
    pub fn reads(self) -> bool {
        self.flags & flags::O_ACCMODE != flags::O_WRONLY
    }

    /// For writing: `O_WRONLY` or `O_RDWR`.
    pub fn writes(self) -> bool {
        self.flags & flags::O_ACCMODE != flags::O_RDONLY
    }

    /// `O_EXCL`: the program wants to be the only one. The kernel forgets it after `open`.
    pub fn exclusive(self) -> bool {
        self.flags & flags::O_EXCL != 0
    }
}

/// An open file of the device `T`, in one call to it.
pub struct File<'a, T: Device> {
    file: NonNull<bindings::file>,
    data: &'a T::Data,
    nowait: bool,
}

impl<'a, T: Device> File<'a, T> {
    /// What [`Device::open`] returned for this file.
    pub fn data(&self) -> &'a T::Data {
        self.data
    }

    /// How it was opened.
    pub fn how(&self) -> How {
        How {
            flags: self.flags(),
        }
    }

    /// Whether this call must not wait: `O_NONBLOCK`, which `fcntl` can change at any time, or
    /// `RWF_NOWAIT`. A call that would have to wait returns `EAGAIN` then.
    pub fn nonblocking(&self) -> bool {
        self.nowait || self.flags() & flags::O_NONBLOCK != 0
    }

    /// Lets `poll`, `select` and `epoll` wait for `condition` too. For [`Device::poll`].
    pub fn wait_for(&self, table: &PollTable<'_>, condition: &PollCondVar) {
        // SAFETY: The caller of our operation holds the file open. `fdget_pos` is for files with a
        // position; the call is `poll`, which has none.
        let file = unsafe { kernel::fs::File::from_raw_file(self.file.as_ptr()) };
        table.register_wait(file, condition);
    }

    fn flags(&self) -> u32 {
        // SAFETY: The caller of our operation holds the file open. `fcntl` may write the flags
        // while we read, as in C: a volatile load of a word is not torn.
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

/// A character device, by what can be done with it.
///
/// Any number of programs may call all of it at the same time. Every method may sleep. What is not
/// implemented fails as the kernel does for any device without it: `read` and `write` with
/// `EINVAL`, `lseek` with `ESPIPE`, `ioctl` with `ENOTTY`; `poll` says that reading and writing would
/// not wait.
///
/// # Panics
///
/// A panic in a method is a crash of the kernel (`BUG`): the file stays open, so that the module
/// cannot be unloaded.
#[vtable]
pub trait Device: Send + Sync + Sized + 'static {
    /// What each open file has for itself.
    type Data: Send + Sync + 'static;

    /// A program opens the device.
    fn open(&self, how: How) -> Result<Self::Data>;

    /// The last descriptor of an open file is closed. The default drops its data.
    fn release(&self, data: Self::Data, how: How) {
        let _ = (data, how);
    }

    /// Reads into `to`, and returns how many bytes. 0 is the end of the file.
    ///
    /// `pos` is the position in the file, in bytes, if the device has [`Device::llseek`]. Otherwise
    /// it means nothing, and `pread` is `ESPIPE`.
    fn read(
        &self,
        file: &File<'_, Self>,
        to: &mut IovIterDest<'_>,
        pos: &mut i64,
    ) -> Result<usize> {
        let _ = (file, to, pos);
        build_error!(VTABLE_DEFAULT_ERROR)
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
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// Moves the position `pos`, and returns the new one. `SEEK_DATA` and `SEEK_HOLE` are `EINVAL`
    /// without a call.
    fn llseek(&self, file: &File<'_, Self>, pos: i64, offset: i64, whence: Whence) -> Result<i64> {
        let _ = (file, pos, offset, whence);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// What could be done now without waiting.
    ///
    /// Call [`File::wait_for`] first, for each condition that can change the answer, and look at the
    /// state afterwards: then no change is missed.
    fn poll(&self, file: &File<'_, Self>, table: &PollTable<'_>) -> Ready {
        let _ = (file, table);
        build_error!(VTABLE_DEFAULT_ERROR)
    }

    /// A command of the device's own, with a number made by [`kernel::ioctl`]. An unknown one is
    /// `ENOTTY`. 32-bit programs on a 64-bit kernel come here too, with `arg` as a pointer.
    fn ioctl(&self, file: &File<'_, Self>, cmd: u32, arg: usize) -> Result<isize> {
        let _ = (file, cmd, arg);
        build_error!(VTABLE_DEFAULT_ERROR)
    }
}

/// What a registered device consists of. Its memory belongs to `dev`, whose `release` frees it.
///
/// # Invariants
///
/// `cdev` has the operations [`Vtable::OPS`], and `dev` as its parent: so whoever has a
/// reference to `cdev`, as each open file has, keeps all of this.
#[pin_data]
struct Inner<T: Device> {
    #[pin]
    cdev: Opaque<bindings::cdev>,
    #[pin]
    dev: Opaque<bindings::device>,
    mode: bindings::umode_t,
    #[pin]
    device: T,
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
/// It must not be leaked ([`core::mem::forget`]): `/dev/<name>` would outlive the module, and the
/// next `open` would call code that is no longer there.
///
/// # Invariants
///
/// `inner` is registered, and `class` and `number` are its own.
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

impl<T: Device> Registration<T> {
    /// Registers `device` as `/dev/<name>`, with the permissions `mode`.
    ///
    /// Programs can open it before this returns.
    ///
    /// # Errors
    ///
    /// - `EINVAL`: `mode` has other bits than the nine of permissions, or `name` is empty or has a `/`.
    /// - `EEXIST`: there is a class of that name. (If a module's `init` returns this, `insmod` gets
    ///   `EBUSY`: the module loader has its own use for `EEXIST`.)
    /// - `EBUSY`: no major number is free.
    /// - `ENOMEM`, and whatever initialising `device` returns.
    pub fn new<E>(
        name: &'static CStr,
        mode: bindings::umode_t,
        device: impl PinInit<T, E>,
    ) -> Result<Self>
    where
        Error: From<E>,
    {
        if mode & !0o777 != 0 || name.is_empty() || name.to_bytes().contains(&b'/') {
            return Err(EINVAL);
        }
        let number = Number::new(name)?;
        let class = Class::new(name)?;
        let inner = KBox::try_pin_init(
            try_pin_init!(Inner {
                cdev <- Opaque::ffi_init(|cdev: *mut bindings::cdev| {
                    // SAFETY: There is room for a `cdev`. The operations live as long as the module, and
                    // so does what calls them: `owner` keeps it while a file is open.
                    unsafe {
                        bindings::cdev_init(cdev, Vtable::<T>::OPS);
                        (*cdev).owner = Vtable::<T>::OPS.owner;
                    }
                }),
                dev <- Opaque::ffi_init(|dev: *mut bindings::device| {
                    // SAFETY: There is room for a `device`, which has to be zeroed before it is initialised.
                    unsafe {
                        dev.write(pin_init::zeroed());
                        bindings::device_initialize(dev);
                        (*dev).class = class.0.as_ptr();
                        (*dev).devt = number.0;
                    }
                }),
                mode,
                device <- device,
            }? Error),
            GFP_KERNEL,
        )?;
        // From here on `dev` frees it.
        // SAFETY: What is pinned stays where it is.
        let inner = KBox::into_raw(unsafe { Pin::into_inner_unchecked(inner) });
        // SAFETY: `inner` was allocated just now, and nobody else has it yet.
        let (cdev, dev) = unsafe {
            (
                Opaque::cast_into(&raw const (*inner).cdev),
                Opaque::cast_into(&raw const (*inner).dev),
            )
        };
        // SAFETY: Both are initialised, and nobody else has them. `free` is for this `dev`, and
        // `devnode` of the class finds a mode in `driver_data`.
        let added = unsafe {
            (*dev).release = Some(Inner::<T>::free);
            (*dev).driver_data = (&raw mut (*inner).mode).cast();
            to_result(bindings::dev_set_name(
                dev,
                c"%s".as_char_ptr(),
                name.as_char_ptr(),
            ))
            .and_then(|()| to_result(bindings::cdev_device_add(cdev, dev)))
        };
        if let Err(error) = added {
            // SAFETY: This is the reference of `device_initialize()`.
            unsafe { bindings::put_device(dev) };
            return Err(error);
        }
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
        // SAFETY: By the type's invariant it is registered. The reference is that of
        // `device_initialize()`; open files have others, so the memory stays until they are closed.
        unsafe {
            let dev = Opaque::cast_into(&raw const (*inner).dev);
            bindings::cdev_device_del(Opaque::cast_into(&raw const (*inner).cdev), dev);
            bindings::put_device(dev);
        }
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
        // SAFETY: By the type's invariant; its device is gone.
        unsafe { bindings::class_destroy(self.0.as_ptr()) };
    }
}

/// What is in `private_data` of an open file.
struct Opened<T: Device> {
    device: *const T,
    data: T::Data,
}

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
    /// For `file_operations::open` of [`Self::OPS`], called by `chrdev_open()`.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: `chrdev_open()` has set `i_cdev` to a `cdev` with these operations, which is in an
        // `Inner<T>`, and has taken a reference to it for this file.
        let inner = unsafe { Self::inner((*inode).__bindgen_anon_5.i_cdev) };
        // SAFETY: The file is not open yet, so nobody changes its flags.
        let flags = unsafe { (*file).f_flags };
        let opened = match Self::opened(inner, How { flags }) {
            Ok(opened) => KBox::into_raw(opened),
            Err(error) => return error.to_errno(),
        };
        // SAFETY: The file is ours until we return.
        unsafe {
            (*file).private_data = opened.cast();
            // Without a position calls do not wait for each other, and `pread` is `ESPIPE`.
            if T::HAS_LLSEEK {
                0
            } else {
                bindings::stream_open(inode, file)
            }
        }
    }

    /// # Safety
    ///
    /// `cdev` is in an `Inner<T>`, to which the caller has a reference for all of `'a`.
    unsafe fn inner<'a>(cdev: *mut bindings::cdev) -> &'a Inner<T> {
        // SAFETY: By our contract. An `Opaque` begins where its content does.
        unsafe { &*cdev.byte_sub(offset_of!(Inner<T>, cdev)).cast() }
    }

    fn opened(inner: &Inner<T>, how: How) -> Result<KBox<Opened<T>>> {
        // Memory first: what `open` has done would have to be undone.
        let opened = KBox::new_uninit(GFP_KERNEL)?;
        let data = inner.device.open(how)?;
        Ok(KBox::write(
            opened,
            Opened {
                device: &raw const inner.device,
                data,
            },
        ))
    }

    /// # Safety
    ///
    /// For `file_operations::release` of [`Self::OPS`].
    unsafe extern "C" fn release(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: `open` has put it there, and this is the last call for the file.
        let (opened, flags) = unsafe {
            let opened = KBox::from_raw((*file).private_data.cast::<Opened<T>>());
            (KBox::into_inner(opened), (*file).f_flags)
        };
        // SAFETY: The file has its reference to the device until this call is over.
        unsafe { &*opened.device }.release(opened.data, How { flags });
        0
    }

    /// Calls `operation` for an open file.
    ///
    /// # Safety
    ///
    /// `file` is open, and `open` has succeeded for it; it stays open during the call.
    unsafe fn with<R>(
        file: *mut bindings::file,
        nowait: bool,
        operation: impl FnOnce(&T, &File<'_, T>) -> R,
    ) -> R {
        // SAFETY: `open` has put it there, `release` has not been called, and both `private_data` and
        // the device stay until then.
        let (device, data) = unsafe {
            let opened = &*(*file).private_data.cast::<Opened<T>>();
            (&*opened.device, &opened.data)
        };
        // SAFETY: By our contract it is not NULL.
        let file = unsafe { NonNull::new_unchecked(file) };
        operation(device, &File { file, data, nowait })
    }

    /// Calls `operation` for a `kiocb`.
    ///
    /// # Safety
    ///
    /// `kiocb` is that of a call to `read_iter` or `write_iter` of [`Self::OPS`].
    unsafe fn with_pos(
        kiocb: *mut bindings::kiocb,
        operation: impl FnOnce(&T, &File<'_, T>, &mut i64) -> Result<usize>,
    ) -> isize {
        // SAFETY: By our contract the `kiocb` is there for the call. Of its fields only `ki_pos` is
        // borrowed, which is ours to change meanwhile.
        let (file, flags, pos) =
            unsafe { ((*kiocb).ki_filp, (*kiocb).ki_flags, &mut (*kiocb).ki_pos) };
        let nowait = flags as c_uint & bindings::RUST_CONST_HELPER_IOCB_NOWAIT != 0;
        // SAFETY: The caller of the operation holds the file open.
        let result =
            unsafe { Self::with(file, nowait, |device, file| operation(device, file, pos)) };
        match result {
            Ok(bytes) => bytes as isize,
            Err(error) => error.to_errno() as isize,
        }
    }

    /// # Safety
    ///
    /// For `file_operations::read_iter` of [`Self::OPS`].
    unsafe extern "C" fn read_iter(
        kiocb: *mut bindings::kiocb,
        iter: *mut bindings::iov_iter,
    ) -> isize {
        // SAFETY: The kernel passes a valid destination, which is ours during the call.
        let to = unsafe { IovIterDest::from_raw(iter) };
        // SAFETY: As our contract says.
        unsafe { Self::with_pos(kiocb, |device, file, pos| device.read(file, to, pos)) }
    }

    /// # Safety
    ///
    /// For `file_operations::write_iter` of [`Self::OPS`].
    unsafe extern "C" fn write_iter(
        kiocb: *mut bindings::kiocb,
        iter: *mut bindings::iov_iter,
    ) -> isize {
        // SAFETY: The kernel passes a valid source, which is ours during the call.
        let from = unsafe { IovIterSource::from_raw(iter) };
        // SAFETY: As our contract says.
        unsafe { Self::with_pos(kiocb, |device, file, pos| device.write(file, from, pos)) }
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
        // SAFETY: `lseek` holds the lock of the position, if more than one thread can have the file.
        let pos = unsafe { (*file).f_pos };
        // SAFETY: The caller holds the file open.
        let moved = unsafe {
            Self::with(file, false, |device, file| {
                device.llseek(file, pos, offset, whence)
            })
        };
        match moved {
            Ok(pos @ 0..) => {
                // SAFETY: As above.
                unsafe { (*file).f_pos = pos };
                pos
            }
            Ok(_) => EINVAL.to_errno().into(),
            Err(error) => error.to_errno().into(),
        }
    }

    /// # Safety
    ///
    /// For `file_operations::poll` of [`Self::OPS`].
    unsafe extern "C" fn poll(
        file: *mut bindings::file,
        table: *mut bindings::poll_table,
    ) -> bindings::__poll_t {
        // SAFETY: The kernel passes NULL or a table which is there during the call.
        let table = unsafe { PollTable::from_raw(table) };
        // SAFETY: The caller holds the file open.
        unsafe { Self::with(file, true, |device, file| device.poll(file, &table)) }.0
    }

    /// # Safety
    ///
    /// For `file_operations::unlocked_ioctl` of [`Self::OPS`].
    unsafe extern "C" fn ioctl(file: *mut bindings::file, cmd: c_uint, arg: c_ulong) -> c_long {
        // SAFETY: The caller holds the file open.
        match unsafe { Self::with(file, false, |device, file| device.ioctl(file, cmd, arg)) } {
            Ok(value) => value as c_long,
            Err(error) => error.to_errno() as c_long,
        }
    }
}
