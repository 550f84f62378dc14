//! Standard output, for results.

use std::io::{self, ErrorKind, Write};

use anstream::AutoStream;

/// Standard output. Styles stay on a terminal and go elsewhere (`NO_COLOR` is honoured). A reader that
/// went away (`amends … | head`) is no error: the rest is simply not written.
pub(super) struct Output {
    stream: AutoStream<io::Stdout>,
    open: bool,
}

impl Output {
    pub(super) fn new() -> Self {
        Output { stream: anstream::AutoStream::auto(io::stdout()), open: true }
    }

    /// Writes text.
    ///
    /// # Errors
    /// When it cannot be written although somebody is there to read it (a full disk).
    pub(super) fn write(&mut self, text: &str) -> io::Result<()> {
        if !self.open {
            return Ok(());
        }
        match self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.open = false;
                Ok(())
            }
            result => result,
        }
    }
}
