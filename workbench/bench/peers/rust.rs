// SPDX-License-Identifier: Apache-2.0
//
// rust.rs -- Rust's standard library: write_vectored with advance_slices,
// and BufWriter of 64 KiB. The commands are those of peer.h, the offsets
// those of arena.h. rust_tls.rs has the rest from here.

use std::fs::File;
use std::io::{self, BufRead, BufWriter, ErrorKind, IoSlice, Write};
use std::net::TcpStream;
use std::os::raw::{c_int, c_long, c_void};
use std::os::unix::io::{AsRawFd, FromRawFd};
use std::slice::from_raw_parts;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const AT_LISTS: usize = 64;
const AT_ENDS: usize = 4096;
const AT_CHUNKS: usize = 65536;

#[repr(C)]
struct Timespec {
    sec: c_long,
    nsec: c_long,
}

#[repr(C)]
pub struct Chunk {
    off: u32,
    len: u32,
}

extern "C" {
    fn clock_gettime(clock: c_int, t: *mut Timespec) -> c_int;
    fn mmap(
        at: *mut c_void,
        len: usize,
        prot: c_int,
        flags: c_int,
        fd: c_int,
        off: c_long,
    ) -> *mut c_void;
}

pub type Arena = &'static [u8];

fn map(file: &File) -> io::Result<Arena> {
    const PROT_READ: c_int = 1;
    const MAP_SHARED: c_int = 1;
    let len = file.metadata()?.len() as usize;
    let fd = file.as_raw_fd();
    let nowhere = std::ptr::null_mut();
    let at = unsafe { mmap(nowhere, len, PROT_READ, MAP_SHARED, fd, 0) };
    if at as isize == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(unsafe { from_raw_parts(at as *const u8, len) })
}

fn table<T>(arena: Arena, at: usize, n: u64) -> &'static [T] {
    unsafe { from_raw_parts(arena[at..].as_ptr() as *const T, n as usize) }
}

// The CPU time of this process, in nanoseconds.
fn cpu() -> u64 {
    const PROCESS_CPU: c_int = 2;
    let mut t = Timespec { sec: 0, nsec: 0 };
    unsafe { clock_gettime(PROCESS_CPU, &mut t) };
    t.sec as u64 * 1_000_000_000 + t.nsec as u64
}

pub fn piece(arena: Arena, c: &Chunk) -> &'static [u8] {
    &arena[c.off as usize..][..c.len as usize]
}

pub fn write_all_vectored(
    out: &mut impl Write,
    mut bufs: &mut [IoSlice],
) -> io::Result<()> {
    while !bufs.is_empty() {
        match out.write_vectored(bufs) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => IoSlice::advance_slices(&mut bufs, n),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

pub type Send<'a> = &'a mut dyn FnMut(&[Chunk]) -> io::Result<()>;

fn job(arena: Arena, n: u64, send: Send) -> io::Result<(u64, u64)> {
    let words: &[u64] = table(arena, AT_LISTS, 2);
    let ends: &[u32] = table(arena, AT_ENDS, words[0]);
    let chunks: &[Chunk] = table(arena, AT_CHUNKS, words[1]);
    let ack = unsafe { &*(arena.as_ptr() as *const AtomicU64) };
    let (wall0, cpu0, mut from) = (Instant::now(), cpu(), 0);
    for &end in ends {
        send(&chunks[from..end as usize])?;
        from = end as usize;
    }
    let used = cpu() - cpu0;
    while ack.load(Ordering::Acquire) < n {}
    Ok((wall0.elapsed().as_nanos() as u64, used))
}

// The arena, the connection, and the variant.
pub fn open() -> io::Result<(Arena, TcpStream, String)> {
    let args: Vec<String> = std::env::args().collect();
    let number = |i: usize| args[i].parse::<i32>().expect("a number");
    let file = unsafe { File::from_raw_fd(number(2)) };
    let out = TcpStream::connect(("127.0.0.1", number(1) as u16))?;
    out.set_nodelay(number(3) == 1)?;
    Ok((map(&file)?, out, args[4].clone()))
}

pub fn serve(arena: Arena, send: Send) -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let jobs: u64 = line?.trim().parse().expect("a number of jobs");
        let (mut wall, mut used) = (0, 0);
        for n in 1..=jobs {
            let (w, u) = job(arena, n, send)?;
            wall += w;
            used += u;
        }
        println!("{} {}", wall, used);
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let (arena, mut out, variant) = open()?;
    let mut writer = BufWriter::with_capacity(64 << 10, out.try_clone()?);
    let mut bufs: Vec<IoSlice<'static>> = Vec::new(); // kept, as a user would
    let mut vectored = |chunks: &[Chunk]| {
        bufs.clear();
        bufs.extend(chunks.iter().map(|c| IoSlice::new(piece(arena, c))));
        write_all_vectored(&mut out, &mut bufs)
    };
    let mut buffered = |chunks: &[Chunk]| {
        for c in chunks {
            writer.write_all(piece(arena, c))?;
        }
        writer.flush()
    };
    let send: Send =
        if variant == "bufwriter" { &mut buffered } else { &mut vectored };
    serve(arena, send)
}
