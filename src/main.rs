//! The program: arguments → one call. Everything else is in the library.

use std::process::ExitCode;

/// Many small allocations from many threads, for weeks: this allocator keeps the resident memory flat.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    passerelle::cli::run()
}
