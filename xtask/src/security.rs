//! SEC-1 … SEC-75 of the security checklist, with the tests that carry each number.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Result, bail};

use crate::{run, sizes};

/// Items of what is not built yet, with what they wait for. Everything else must have a test.
const LATER: &[(u32, &str)] = &[(67, "password reset")];

pub(crate) fn run() -> Result<()> {
    let mut tests: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut files = Vec::new();
    for folder in ["crates", "examples"] {
        let folder = run::root().join(folder);
        if folder.exists() {
            sizes::rust_files(&folder, &mut files)?;
        }
    }
    files.sort();
    for file in files {
        for line in fs::read_to_string(&file)?.lines() {
            let Some((_, rest)) = line.split_once("fn sec_") else { continue };
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
            if let Ok(number) = digits.parse() {
                let path = file.strip_prefix(run::root()).unwrap_or(&file).display();
                tests.entry(number).or_default().push(format!("sec_{name}  ({path})"));
            }
        }
    }
    let mut open = Vec::new();
    for number in 1..=75 {
        let later = LATER.iter().find(|(item, _)| *item == number).map(|(_, why)| *why);
        match (tests.get(&number), later) {
            (Some(found), _) => {
                println!("SEC-{number}");
                found.iter().for_each(|test| println!("    {test}"));
            }
            (None, Some(why)) => println!("SEC-{number}\n    later: {why}"),
            (None, None) => {
                println!("SEC-{number}\n    OPEN: no test");
                open.push(number.to_string());
            }
        }
    }
    let covered = tests.keys().filter(|number| (1..=75).contains(*number)).count();
    println!("{covered} of 75 items have tests, {} are open", open.len());
    if !open.is_empty() {
        bail!("SEC items without a test: {}", open.join(", "));
    }
    Ok(())
}
