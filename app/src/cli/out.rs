//! What the program prints.
//!
//! Whoever reads it may go at any time: `baton audit show … | head` has what it wanted, and a server whose greeting was
//! read serves on. So printing never ends the program, as `println!` would.

use std::{
    fmt::Arguments,
    io::{ErrorKind, Write},
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether something was to be printed for a reader who was there, and could not be.
static LOST: AtomicBool = AtomicBool::new(false);

/// Writes to standard output.
pub fn result(words: Arguments<'_>) {
    put(&mut std::io::stdout().lock(), words);
}

/// Writes to standard error.
pub fn remark(words: Arguments<'_>) {
    // Where a remark is lost there is nowhere left to say so.
    let _ = std::io::stderr().lock().write_fmt(words);
}

fn put(to: &mut impl Write, words: Arguments<'_>) {
    if let Err(error) = to.write_fmt(words).and_then(|()| to.flush())
        && error.kind() != ErrorKind::BrokenPipe
        && !LOST.swap(true, Ordering::Relaxed)
    {
        remark(format_args!("What there was to say could not be written: {error}\n"));
    }
}

/// Whether a result was lost, such as on a full disk: a command that lost its result did not succeed.
pub fn is_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Prints a line of a result.
macro_rules! out {
    ($($words:tt)*) => { $crate::cli::out::result(format_args!("{}\n", format_args!($($words)*))) };
}
/// Prints a line beside the result: progress, a warning, an error.
macro_rules! note {
    ($($words:tt)*) => { $crate::cli::out::remark(format_args!("{}\n", format_args!($($words)*))) };
}
pub(crate) use {note, out};
