//! The `salesbrain` program: hands the command line to [`salesbrain::cli`] and turns its answer into an exit code.

use std::process::ExitCode;

/// Under load the writer thread, the index and the request handlers allocate and free on different threads; with
/// the system allocator resident memory then grows without bound, with this one it settles.
///
/// Built with `no_thp`: it asks the system for no huge pages. Every thread keeps pages of its own for each size of block
/// and fills them little by little; with huge pages the first byte costs 2 MiB, which was two thirds of the memory of an
/// appliance with many organizations open. And with `v2`, which gives
/// freed pages back after a tenth of a second where version 3 keeps them for a second.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    salesbrain::cli::run()
}
