// SPDX-License-Identifier: GPL-2.0

//! A number in /proc/mymodule, which a parameter sets.

use kernel::prelude::*;
use lkm::{module_param, proc_fs};

module! {
    type: MyModule,
    name: "mymodule",
    authors: ["You"],
    description: "/proc/mymodule: the value of a parameter",
    license: "GPL",
}

module_param! {
    number: int = 42, 0o644, "What /proc/mymodule says", |new| match new {
        -100..=100 => Ok(()),
        _ => Err(EINVAL),
    };
}

struct MyModule {
    _file: proc_fs::File,
}

impl kernel::Module for MyModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("the number is {}\n", number.load());
        Ok(MyModule {
            _file: proc_fs::File::new(c"mymodule", proc_fs::number(|| number.load()))?,
        })
    }
}

impl Drop for MyModule {
    fn drop(&mut self) {
        pr_info!("the number was {}\n", number.load());
    }
}
