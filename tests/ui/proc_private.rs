// SPDX-License-Identifier: GPL-2.0

//! A module cannot use what is private to the crate.

use lkm::proc_fs::{self, Dir, File, Printed, ReadOnly};

/// Fields.
pub fn fields(file: File, dir: Dir, printed: Printed<u8, ReadOnly>) {
    let _ = (file._entry, file._data, file._dir);
    let _ = dir.0;
    let _ = printed.inner;
}

/// Helpers.
pub fn helpers() {
    let _ = File::create::<u8, kernel::error::Error>;
    let _ = Dir::create;
    let _ = proc_fs::check_name;
    let _: proc_fs::Entry;
}
