//! How long the source files are: something to look at, not a gate.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::run;

pub(crate) fn run() -> Result<()> {
    let root = run::root();
    let mut crates: Vec<PathBuf> =
        fs::read_dir(root.join("crates"))?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    crates.push(root.join("xtask"));
    crates.sort();
    println!(
        "{:<12} {:>6} {:>7} {:>7} {:>6} {:>8}  largest",
        "crate", "files", "lines", "median", "p90", "> 700"
    );
    for path in crates {
        let mut files = Vec::new();
        rust_files(&path, &mut files)?;
        let mut lengths = Vec::new();
        for file in files {
            lengths.push((fs::read_to_string(&file)?.lines().count(), file));
        }
        lengths.sort();
        let at =
            |share: f64| lengths.get((lengths.len() as f64 * share) as usize).map_or(0, |(lines, _)| *lines);
        let total: usize = lengths.iter().map(|(lines, _)| lines).sum();
        let long = lengths.iter().filter(|(lines, _)| *lines > 700).count();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let largest =
            lengths.last().map(|(n, p)| format!("{n} {}", p.strip_prefix(&root).unwrap_or(p).display()));
        println!(
            "{name:<12} {:>6} {total:>7} {:>7} {:>6} {long:>8}  {}",
            lengths.len(),
            at(0.5),
            at(0.9),
            largest.unwrap_or_default()
        );
    }
    Ok(())
}

/// All Rust files below `path`.
pub(crate) fn rust_files(path: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target" && name != "node_modules") {
                rust_files(&path, found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}
