//! A browser for programs that print an address, wait on a port of this machine, and go on when somebody comes back.

use std::io::{BufRead, Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, ensure};
use url::Url;

/// The first line of a program that is an address.
///
/// # Errors
/// It ends before.
pub fn printed_address(lines: &mut impl BufRead) -> Result<Url> {
    loop {
        let mut line = String::new();
        ensure!(lines.read_line(&mut line)? > 0, "it ended before it printed an address");
        if let Ok(url) = line.trim().parse() {
            return Ok(url);
        }
    }
}

/// Comes back to the program, as the browser of a person does who has just signed in.
///
/// # Errors
/// Nobody listens there, or nobody is signed in.
pub fn come_back(back: &Url) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", back.port().context("a port")?))?;
    let target = format!("{}?{}", back.path(), back.query().context("a query")?);
    write!(stream, "GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    ensure!(page.contains("You are signed in."), "{page}");
    Ok(())
}
