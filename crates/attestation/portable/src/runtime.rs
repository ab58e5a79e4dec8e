//! What the standard library would bring: memory, output, an end.

use core::{
    alloc::{GlobalAlloc, Layout},
    ffi::{c_int, c_void},
    fmt::{self, Write},
    panic::PanicInfo,
};

#[link(name = "c")]
unsafe extern "C" {
    fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
    fn write(file: c_int, bytes: *const c_void, count: usize) -> isize;
    fn abort() -> !;
}

struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

// SAFETY: C's `aligned_alloc` gives a block of its own, of at least the size asked for and aligned, or
// null; `free` takes back what it gave.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the alignment is a power of two; C wants the size to be a multiple of it.
        unsafe { aligned_alloc(layout.align(), layout.pad_to_align().size()).cast() }
    }

    unsafe fn dealloc(&self, block: *mut u8, _layout: Layout) {
        // SAFETY: the block came from `alloc`.
        unsafe { free(block.cast()) }
    }
}

/// Standard error.
struct Output;

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the pointer and length are those of a string.
        let written = unsafe { write(2, text.as_ptr().cast(), text.len()) };
        if usize::try_from(written) == Ok(text.len()) { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Writes to standard error; what cannot be written is no reason to fail.
pub(crate) fn print(text: fmt::Arguments<'_>) {
    let _ = Output.write_fmt(text);
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    print(format_args!("{info}\n"));
    // SAFETY: it takes nothing and does not return.
    unsafe { abort() }
}

// The toolchain's `alloc` is compiled to unwind, and so names what unwinding needs. Nothing here does.

#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    // SAFETY: it takes nothing and does not return.
    unsafe { abort() }
}
