//! `gatewright blob upload`: a file, to be named in a record.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Subcommand;
use gatewright_client::Body;

use crate::commands::text;
use crate::own_sessions::{As, OwnSessions, over};
use crate::printer::Printer;

/// Upload files.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Upload a file and print the blob to be named in a record
    Upload(UploadArgs),
}

/// Which file.
#[derive(Debug, clap::Args)]
pub struct UploadArgs {
    /// The file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Its media type; by default its name tells
    #[arg(long = "type", value_name = "MIME")]
    pub mime: Option<String>,
    /// Which account
    #[command(flatten)]
    pub whose: As,
    /// Print the blob as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Runs a command of `blob`.
///
/// # Errors
/// The file cannot be read, nobody is signed in, the host refuses, or the network fails.
pub fn run(command: Command, printer: &mut Printer) -> Result<u8> {
    let Command::Upload(args) = command;
    let mime = args.mime.as_deref().unwrap_or_else(|| mime_of(&args.file));
    std::fs::File::open(&args.file).map_err(|error| {
        anyhow::Error::new(error).context(format!("{} cannot be read", args.file.display()))
    })?;
    let blob = crate::commands::runtime()?.block_on(async {
        let (session, _) = OwnSessions::open()?.resume(&args.whose).await?;
        let uploaded = session.upload(mime, Body::file(&args.file)).await;
        uploaded.map_err(|error| over(error, session.account().as_str()))
    })?;
    if args.json {
        printer.json(&blob)?;
    } else {
        let (cid, kind) = (text(&blob, "/ref/$link"), text(&blob, "/mimeType"));
        let size = blob.pointer("/size").and_then(serde_json::Value::as_u64).unwrap_or_default();
        printer.line(format_args!("{cid}  {kind}, {size} bytes"))?;
        printer.note(
            "name it in a record soon: a blob that no record names is removed; --json prints what to write",
        );
    }
    Ok(0)
}

/// What the end of a name tells.
fn mime_of(file: &Path) -> &'static str {
    let end = file.extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase();
    match end.as_str() {
        "avif" => "image/avif",
        "flac" => "audio/flac",
        "gif" => "image/gif",
        "jpeg" | "jpg" => "image/jpeg",
        "json" => "application/json",
        "md" => "text/markdown",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "ogg" => "audio/ogg",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain",
        "vtt" => "text/vtt",
        "wav" => "audio/wav",
        "webm" => "video/webm",
        "webp" => "image/webp",
        _ => "application/octet-stream",
    }
}
