// SPDX-License-Identifier: GPL-2.0

//! For `sanitized/detectors.t`: makes the faults that the kernel's detectors must find.
//! `detect_c.c` does the same in C. (`endurance.t` makes it lose memory on any kernel.)

use core::{hint::black_box, mem::forget};
use kernel::{new_mutex, new_spinlock, prelude::*};
use lkm::{module_param, proc_fs};

module! {
    type: DetectRust,
    name: "detect_rust",
    authors: ["rust-lkm contributors"],
    description: "What detectors have to find",
    license: "GPL",
}

module_param! {
    what: charp = c"", 0, "Which fault";
}

/// The files exist if `what` is `panics`.
struct DetectRust {
    _files: KVec<proc_fs::File>,
}

impl kernel::Module for DetectRust {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut files = KVec::new();
        match what.value().to_bytes() {
            b"use_after_free" => use_after_free()?,
            b"out_of_bounds" => out_of_bounds()?,
            b"leak" => leak()?,
            b"sleep" => sleep()?,
            b"lock_order" => lock_order()?,
            b"leaked_file" => leaked_file()?,
            b"panics" => {
                let file = proc_fs::File::new(c"detect_overflow", proc_fs::number(overflow))?;
                files.push(file, GFP_KERNEL)?;
                let file = proc_fs::File::new(c"detect_assertion", proc_fs::number(assertion))?;
                files.push(file, GFP_KERNEL)?;
            }
            _ => return Err(EINVAL),
        }
        Ok(DetectRust { _files: files })
    }
}

fn use_after_free() -> Result {
    let object = KBox::into_raw(KBox::new([1u8; 64], GFP_KERNEL)?);
    // SAFETY: It comes from `into_raw`.
    drop(unsafe { KBox::from_raw(object) });
    // SAFETY: None: it is freed.
    unsafe { object.cast::<u8>().read_volatile() };
    Ok(())
}

fn out_of_bounds() -> Result {
    let object = KBox::new([1u8; 64], GFP_KERNEL)?;
    // SAFETY: None: it has 64 bytes.
    unsafe { object.as_ptr().add(black_box(64)).read_volatile() };
    Ok(())
}

fn leak() -> Result {
    for _ in 0..10 {
        forget(KBox::new([1u8; 64], GFP_KERNEL)?);
    }
    Ok(())
}

fn sleep() -> Result {
    let lock = KBox::pin_init(new_spinlock!(0), GFP_KERNEL)?;
    let _guard = lock.lock();
    KBox::new(0, GFP_KERNEL)?;
    Ok(())
}

fn lock_order() -> Result {
    let first = KBox::pin_init(new_mutex!(0), GFP_KERNEL)?;
    let second = KBox::pin_init(new_mutex!(0), GFP_KERNEL)?;
    {
        let _first = first.lock();
        let _second = second.lock();
    }
    let _second = second.lock();
    let _first = first.lock();
    Ok(())
}

/// Does what the documentation of [`proc_fs::File`] forbids.
fn leaked_file() -> Result {
    forget(proc_fs::File::new(
        c"detect_leaked",
        proc_fs::text("leaked\n"),
    )?);
    Ok(())
}

/// Opening the file causes a panic, which is a `BUG` and ends the process: because of an overflow.
fn overflow() -> usize {
    black_box(usize::MAX) + 1
}

/// The same, because of a precondition that does not hold.
fn assertion() -> usize {
    // SAFETY: None: it has one element.
    unsafe { *[0].get_unchecked(black_box(1)) }
}
