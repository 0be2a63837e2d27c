//! Who may import whom: a crate may use only crates of a lower number, and inside the server data flows one way.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{run, sizes};

/// The layers, from the bottom. Dev-dependencies do not count: tests may look down from anywhere.
const LAYERS: [(&str, u8); 12] = [
    ("gatewright-protocol", 0),
    ("gatewright-resolve", 1),
    ("gatewright-store", 1),
    ("gatewright-client", 2),
    ("gatewright-guard", 2),
    ("gatewright-demo", 3),
    ("gatewright-host", 3),
    ("gatewright-mcp", 3),
    ("gatewright-server", 3),
    ("gatewright", 4),
    ("gatewright-testkit", 5),
    ("xtask", 5),
];

/// Folders and the words that must not be imported in them.
const ONE_WAY: [(&str, &[&str]); 4] = [
    ("crates/server/src/operations", &["axum", "rusqlite", "crate::http", "crate::pages"]),
    ("crates/server/src/http", &["rusqlite"]),
    ("crates/host/src/operations", &["axum", "rusqlite", "crate::http"]),
    ("crates/protocol/src", &["tokio", "std::fs", "std::net::Tcp", "reqwest", "SystemTime"]),
];

pub(crate) fn run() -> Result<()> {
    let output = run::cargo(&["metadata", "--format-version", "1", "--no-deps"]).output()?;
    let metadata: Value =
        serde_json::from_slice(&output.stdout).context("cargo metadata did not answer in JSON")?;
    let mut wrong = Vec::new();
    let layer = |name: &str| LAYERS.iter().find(|(known, _)| *known == name).map(|(_, layer)| *layer);
    for package in metadata["packages"].as_array().context("no packages")? {
        let name = package["name"].as_str().unwrap_or_default();
        let example = package["manifest_path"].as_str().is_some_and(|path| path.contains("/examples/"));
        let Some(own) = layer(name).or(example.then_some(4)) else {
            wrong.push(format!("{name} has no layer: add it to xtask/src/layers.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().context("no dependencies")? {
            let to = dependency["name"].as_str().unwrap_or_default();
            let counts = dependency["kind"].as_str() != Some("dev");
            if let Some(below) = layer(to)
                && counts
                && below >= own
            {
                wrong.push(format!("{name} (layer {own}) may not use {to} (layer {below})"));
            }
        }
    }
    for (folder, words) in ONE_WAY {
        let mut files = Vec::new();
        sizes::rust_files(&run::root().join(folder), &mut files)?;
        for file in files {
            for (number, line) in fs::read_to_string(&file)?.lines().enumerate() {
                let code = line.trim_start();
                if !code.starts_with("//") && words.iter().any(|word| code.contains(&format!("{word}::"))) {
                    wrong.push(format!("{}:{}: {code}", file.display(), number + 1));
                }
            }
        }
    }
    if !wrong.is_empty() {
        bail!("imports against the layers:\n  {}", wrong.join("\n  "));
    }
    println!("layers: {} crates in order, {} folders look one way", LAYERS.len(), ONE_WAY.len());
    Ok(())
}
