// SPDX-License-Identifier: GPL-2.0

//! Files for `proc_kinds.t`, in `/proc/proc_kinds/`: texts that are printed and written, lists that
//! change, and streams with state. The files are in directories, and share values.

use kernel::{
    iov::IovIterDest,
    new_mutex,
    prelude::*,
    rbtree::RBTree,
    seq_file::SeqFile,
    str::{parse_int::ParseInt, BStr},
    sync::{
        atomic::{Atomic, Relaxed},
        Arc, Mutex,
    },
    uaccess::UserSliceReader,
};
use lkm::{module_param, proc_fs, seq_print};

module! {
    type: ProcKinds,
    name: "proc_kinds",
    authors: ["rust-lkm contributors"],
    description: "Files in /proc of all kinds, to be tested",
    license: "GPL",
}

module_param! {
    start: ulong = 0, 0o444, "Entries of the list at the start: 2, 4, 6 …";
    queued: int = 1, 0o644, "Other values are refused in a wrong way", |new| {
        if new == 1 { Ok(()) } else { Err(EIOCBQUEUED) }
    };
}

struct ProcKinds {
    _files: KVec<proc_fs::File>,
}

impl kernel::Module for ProcKinds {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut files = KVec::new();
        let mut add = |file| files.push(file, GFP_KERNEL);

        let dir = proc_fs::Dir::new(c"proc_kinds")?;
        add(dir.file(c"table", proc_fs::read_only(Table::new()))?)?;
        add(dir.file(c"fails", proc_fs::read_only(|_: &SeqFile| Err(EDOM)))?)?;
        add(dir.file(c"limit", proc_fs::read_write(Limit(Atomic::new(10))))?)?;

        let set = Set::new(start.value() as u64)?;
        add(dir.file(c"list", proc_fs::list(Entries(set.clone())))?)?;
        add(dir.file(c"size", proc_fs::number(Size(set.clone()).function()))?)?;
        add(dir.file(c"command", proc_fs::write_only(Command(set)))?)?;

        add(dir.file(c"million", proc_fs::list(Million))?)?;
        add(dir.file(c"stuck", proc_fs::list(Stuck))?)?;

        let opened = Arc::new(Atomic::new(0i32), GFP_KERNEL)?;
        add(dir.file(c"notes", proc_fs::stream(Notes(opened.clone())))?)?;
        add(dir.file(c"opened", proc_fs::number(move || opened.load(Relaxed)))?)?;
        add(dir.file(c"boaster", proc_fs::stream(Boaster))?)?;
        add(dir.file(c"again", proc_fs::list(Again))?)?;
        add(dir.file(c"queued_text", proc_fs::read_write(Queued))?)?;
        add(dir.file(c"queued_list", proc_fs::list(Queued))?)?;
        add(dir.file(c"queued_stream", proc_fs::stream(Queued))?)?;
        add(dir.file(c"queued_open", proc_fs::stream(Unopened))?)?;

        // The names are numbers, which is fine here. The directories stay as long as these files.
        let below = dir.dir(c"1")?.dir(c"2")?;
        add(below.file(c"3", proc_fs::text("deep\n"))?)?;
        for name in [c"", c".", c"..", c"a/b"] {
            if below.dir(name).err() != Some(EINVAL) {
                pr_err!("this name of a directory is not EINVAL: {name:?}\n");
            }
            if below.file(name, proc_fs::text("")).err() != Some(EINVAL) {
                pr_err!("this name of a file is not EINVAL: {name:?}\n");
            }
        }
        for name in [c"42", c"self"] {
            if proc_fs::Dir::new(name).err() != Some(EINVAL) {
                pr_err!("a directory has the name of a process\n");
            }
        }
        // (Where memory is made to run out, that is no refusal.)
        let refusal = proc_fs::Dir::new(c"42_kinds").err();
        if refusal.is_some_and(|error| error != ENOMEM) {
            pr_err!("a name that begins with digits is refused\n");
        }
        Ok(ProcKinds { _files: files })
    }
}

/// Lines of all kinds of numbers, which each pass changes.
#[pin_data]
struct Table {
    #[pin]
    lines: Mutex<[i64; 3]>,
}

impl Table {
    fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            lines <- new_mutex!([-1, 255, i64::MIN]),
        })
    }
}

impl proc_fs::Show for Table {
    fn show(&self, m: &SeqFile) -> Result {
        let mut lines = self.lines.lock();
        for n in *lines {
            seq_print!(m, "{n:>5} {n:#x} {} {:?}\n", n as u64, n.checked_neg());
        }
        lines[0] -= 1;
        Ok(())
    }
}

/// From 1 to 100.
struct Limit(Atomic<i32>);

impl proc_fs::Show for Limit {
    fn show(&self, m: &SeqFile) -> Result {
        seq_print!(m, "{}\n", self.0.load(Relaxed));
        Ok(())
    }
}

impl proc_fs::Write for Limit {
    const MAX: usize = 8;

    fn write(&self, text: &[u8]) -> Result {
        let limit = i32::from_str(BStr::from_bytes(text.trim_ascii()))?;
        if !(1..=100).contains(&limit) {
            return Err(ERANGE);
        }
        self.0.store(limit, Relaxed);
        Ok(())
    }
}

/// A set of numbers, each with the length of its line (0: as long as needed).
#[pin_data]
struct Set {
    #[pin]
    tree: Mutex<RBTree<u64, usize>>,
}

impl Set {
    fn new(entries: u64) -> Result<Arc<Self>> {
        let tree = pin_init!(Self {
            tree <- new_mutex!(RBTree::new()),
        });
        let set = Arc::pin_init(tree, GFP_KERNEL)?;
        for n in 1..=entries {
            set.insert(2 * n, 0)?;
        }
        Ok(set)
    }

    fn insert(&self, key: u64, len: usize) -> Result {
        self.tree
            .lock()
            .try_create_and_insert(key, len, GFP_KERNEL)?;
        Ok(())
    }
}

struct Entries(Arc<Set>);

impl proc_fs::List for Entries {
    const MODE: u16 = 0o440;
    type Key = u64;

    fn next(&self, after: Option<u64>, m: &SeqFile) -> Result<Option<u64>> {
        let tree = self.0.tree.lock();
        let Some(cursor) = tree.cursor_lower_bound(&after.map_or(0, |key| key + 1)) else {
            // There is no such entry, so this is not seen.
            seq_print!(m, "end\n");
            return Ok(None);
        };
        let (&key, &len) = cursor.current();
        match key {
            13 => return Err(EDOM),
            // An entry without a line.
            14 => {}
            _ => seq_print!(m, "{key:0len$}\n"),
        }
        Ok(Some(key))
    }
}

/// The numbers from 1 on.
struct Million;

impl proc_fs::List for Million {
    type Key = u32;

    fn next(&self, after: Option<u32>, m: &SeqFile) -> Result<Option<u32>> {
        let n = after.unwrap_or(0) + 1;
        if n > 1_000_000 {
            return Ok(None);
        }
        seq_print!(m, "{n}\n");
        Ok(Some(n))
    }
}

/// Two entries. After the second, the next one is the second again, and prints nothing.
struct Stuck;

impl proc_fs::List for Stuck {
    type Key = u32;

    fn next(&self, after: Option<u32>, m: &SeqFile) -> Result<Option<u32>> {
        let n = after.map_or(1, |_| 2);
        if after != Some(2) {
            seq_print!(m, "{n}\n");
        }
        Ok(Some(n))
    }
}

struct Size(Arc<Set>);

impl Size {
    fn function(self) -> impl Fn() -> usize + Send + Sync {
        move || self.0.tree.lock().iter().count()
    }
}

/// `+KEY`, `+KEY LENGTH`, `-KEY`.
struct Command(Arc<Set>);

impl proc_fs::Write for Command {
    const MODE: u16 = 0o220;

    fn write(&self, text: &[u8]) -> Result {
        let number = |text: &[u8]| u64::from_str(BStr::from_bytes(text));
        match text.trim_ascii() {
            [b'+', rest @ ..] => {
                let mut words = rest.split(|&byte| byte == b' ');
                let key = number(words.next().unwrap_or_default())?;
                self.0
                    .insert(key, words.next().map_or(Ok(0), number)? as usize)
            }
            [b'-', rest @ ..] => {
                let key = number(rest)?;
                // (The lock is free again when the node is dropped.)
                let node = self.0.tree.lock().remove_node(&key);
                node.map(drop).ok_or(ENOENT)
            }
            _ => Err(EINVAL),
        }
    }
}

/// Each open file has its own notes: the text that is written to it, in pieces of up to 100 bytes.
struct Notes(Arc<Atomic<i32>>);

/// Counts how many there are.
#[pin_data(PinnedDrop)]
struct OpenNotes {
    #[pin]
    text: Mutex<KVec<u8>>,
    opened: Arc<Atomic<i32>>,
}

#[pinned_drop]
impl PinnedDrop for OpenNotes {
    fn drop(self: Pin<&mut Self>) {
        self.opened.fetch_sub(1, Relaxed);
    }
}

impl proc_fs::Stream for Notes {
    const MODE: u16 = 0o600;
    type Open = Pin<KBox<OpenNotes>>;

    fn open(&self) -> Result<Self::Open> {
        let notes = KBox::pin_init(
            pin_init!(OpenNotes {
                text <- new_mutex!(KVec::new()),
                opened: self.0.clone(),
            }),
            GFP_KERNEL,
        )?;
        self.0.fetch_add(1, Relaxed);
        Ok(notes)
    }

    fn read(
        &self,
        open: Pin<&OpenNotes>,
        offset: &mut i64,
        to: &mut IovIterDest<'_>,
    ) -> Result<usize> {
        proc_fs::copy(to, offset, &open.text.lock())
    }

    fn write(
        &self,
        open: Pin<&OpenNotes>,
        _offset: &mut i64,
        mut from: UserSliceReader,
    ) -> Result<usize> {
        let mut piece = [0; 100];
        let len = from.len().min(piece.len());
        from.read_slice(&mut piece[..len])?;
        open.text
            .lock()
            .extend_from_slice(&piece[..len], GFP_KERNEL)?;
        Ok(len)
    }
}

/// Reports that it read and wrote more bytes than it did, and than there was room for.
struct Boaster;

impl proc_fs::Stream for Boaster {
    const MODE: u16 = 0o666;
    type Open = ();

    fn open(&self) -> Result {
        Ok(())
    }

    fn read(&self, _open: (), _offset: &mut i64, to: &mut IovIterDest<'_>) -> Result<usize> {
        to.copy_to_iter(b"boast");
        Ok(usize::MAX)
    }

    fn write(&self, _open: (), _offset: &mut i64, _from: UserSliceReader) -> Result<usize> {
        Ok(usize::MAX)
    }
}

/// Two entries, and then it asks for another try.
struct Again;

impl proc_fs::List for Again {
    type Key = u32;

    fn next(&self, after: Option<u32>, m: &SeqFile) -> Result<Option<u32>> {
        let n = after.map_or(1, |n| n + 1);
        if n > 2 {
            return Err(EAGAIN);
        }
        seq_print!(m, "{n}\n");
        Ok(Some(n))
    }
}

/// Reports that the open will be completed later.
struct Unopened;

impl proc_fs::Stream for Unopened {
    const MODE: u16 = 0o444;
    type Open = ();

    fn open(&self) -> Result {
        Err(EIOCBQUEUED)
    }
}

/// Reports that the call will be completed later.
struct Queued;

impl proc_fs::Show for Queued {
    fn show(&self, _m: &SeqFile) -> Result {
        Err(EIOCBQUEUED)
    }
}

impl proc_fs::Write for Queued {
    fn write(&self, _text: &[u8]) -> Result {
        Err(EIOCBQUEUED)
    }
}

impl proc_fs::List for Queued {
    type Key = u32;

    fn next(&self, _after: Option<u32>, _m: &SeqFile) -> Result<Option<u32>> {
        Err(EIOCBQUEUED)
    }
}

impl proc_fs::Stream for Queued {
    const MODE: u16 = 0o666;
    type Open = ();

    fn open(&self) -> Result {
        Ok(())
    }

    fn read(&self, _open: (), _offset: &mut i64, _to: &mut IovIterDest<'_>) -> Result<usize> {
        Err(EIOCBQUEUED)
    }

    fn write(&self, _open: (), _offset: &mut i64, _from: UserSliceReader) -> Result<usize> {
        Err(EIOCBQUEUED)
    }
}
