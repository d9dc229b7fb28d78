//! The `salesbrain` program: hands the command line to [`salesbrain::cli`] and turns its answer into an exit code.

use std::process::ExitCode;

/// Under load the writer thread, the index and the request handlers allocate and free on different threads; with
/// the system allocator resident memory then grows without bound, with this one it settles.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    salesbrain::cli::run()
}
