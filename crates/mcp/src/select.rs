//! `select`: a jq program makes an answer smaller before a model reads it.
//!
//! A program can run for ever or fill the memory of whoever runs it, and nothing within a process can stop it. So a
//! server that strangers reach runs programs in a process of its own, with a limit of time and memory
//! ([`Selector::in_process_of`]); whoever serves only themselves runs them at once ([`Selector::in_this_process`]).

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::Val;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// The longest program.
const LONGEST: usize = 4096;
/// Functions that reach out of the input: to the environment, to what is printed, to the end of the process.
const OUTSIDE: [&str; 7] = ["debug", "debug_empty", "env", "halt", "halt_error", "stderr", "stderr_empty"];
/// More outputs than these are an error.
const MOST_OUTPUTS: usize = 10_000;
/// How long a process may run.
const TIME: Duration = Duration::from_secs(5);
/// Seconds of the processor, and KiB of memory, that it may take.
const LIMITS: &str = "ulimit -t 3 && ulimit -v 2097152";

/// Runs jq programs.
#[derive(Clone, Debug)]
pub struct Selector(Where);

#[derive(Clone, Debug)]
enum Where {
    Here,
    Process { program: PathBuf, arguments: Vec<OsString> },
}

/// What a process is told.
#[derive(Serialize, Deserialize)]
struct Question {
    program: String,
    input: Value,
}

/// What it says.
#[derive(Serialize, Deserialize)]
enum Said {
    Outputs(Vec<Value>),
    Error(String),
}

impl Selector {
    /// Runs programs in this process: for whoever serves nobody but themselves.
    pub const fn in_this_process() -> Self {
        Self(Where::Here)
    }

    /// Runs each program in a process of its own: `program` with these arguments calls [`answer`].
    pub fn in_process_of<A: Into<OsString>>(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self(Where::Process {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
        })
    }

    /// What the program makes of the input: all of its outputs.
    ///
    /// # Errors
    /// What is wrong with the program, in words.
    pub async fn select(&self, program: &str, input: Value) -> Result<Vec<Value>, String> {
        if program.len() > LONGEST {
            return Err(format!("the program is longer than {LONGEST} bytes"));
        }
        let question = Question { program: program.to_owned(), input };
        match &self.0 {
            Where::Here => {
                let run = tokio::task::spawn_blocking(move || run(&question));
                run.await.map_err(|_| "the program failed".to_owned())?
            }
            Where::Process { program, arguments } => {
                let ran = tokio::time::timeout(TIME, ask(program, arguments, &question)).await;
                ran.map_err(|_| "the program took too long".to_owned())?
            }
        }
    }
}

async fn ask(program: &PathBuf, arguments: &[OsString], question: &Question) -> Result<Vec<Value>, String> {
    let failed = |error: std::io::Error| {
        tracing::error!(%error, "a jq program could not be run");
        "the server could not run the program".to_owned()
    };
    let mut child = Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("{LIMITS} && exec \"$0\" \"$@\""))
        .arg(program)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let told = serde_json::to_vec(question).map_err(|_| "the input is no JSON".to_owned())?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that ended already says why on its way out.
        let _ = stdin.write_all(&told).await;
    }
    let output = child.wait_with_output().await.map_err(failed)?;
    match serde_json::from_slice(&output.stdout) {
        Ok(Said::Outputs(outputs)) => Ok(outputs),
        Ok(Said::Error(error)) => Err(error),
        Err(_) => Err("the program took too much time or memory".to_owned()),
    }
}

/// The whole of such a process: reads a program and its input from standard input and writes what came of it to standard
/// output.
///
/// # Errors
/// Either cannot be read or written.
pub fn answer() -> std::io::Result<()> {
    let question: Question = serde_json::from_reader(std::io::stdin().lock())?;
    let said = match run(&question) {
        Ok(outputs) => Said::Outputs(outputs),
        Err(error) => Said::Error(error),
    };
    Ok(serde_json::to_writer(std::io::stdout().lock(), &said)?)
}

fn run(question: &Question) -> Result<Vec<Value>, String> {
    let text = question.input.to_string();
    let input = jaq_json::read::parse_single(text.as_bytes()).map_err(|error| error.to_string())?;
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let defs = defs.filter(|def| !OUTSIDE.contains(&def.name));
    let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    // What the program was started with is nobody's business.
    let functions = functions.filter(|(name, ..)| !OUTSIDE.contains(name));
    let arena = Arena::default();
    let file = File { code: question.program.as_str(), path: () };
    let modules = Loader::new(defs).load(&arena, file).map_err(|errors| {
        format!("the program is not understood: {:?}", errors.first().map(|(_, why)| why))
    })?;
    let filter = Compiler::default().with_funs(functions).compile(modules).map_err(|errors| {
        let names = errors.iter().flat_map(|(_, why)| why.iter().map(|(name, _)| (*name).to_owned()));
        format!("the program uses what there is not: {}", names.collect::<Vec<_>>().join(", "))
    })?;
    let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
    let mut outputs = Vec::new();
    for output in filter.id.run((context, input)).map(unwrap_valr) {
        let output = output.map_err(|error| error.to_string())?;
        if outputs.len() >= MOST_OUTPUTS {
            return Err(format!("the program has more than {MOST_OUTPUTS} outputs"));
        }
        let json = output.to_string();
        outputs.push(serde_json::from_str(&json).map_err(|_| "an output is no JSON".to_owned())?);
    }
    Ok(outputs)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_program_makes_an_answer_smaller() {
        let here = Selector::in_this_process();
        let input = json!([{"uri": "at://a", "value": {"n": 1}}, {"uri": "at://b", "value": {"n": 2}}]);
        let select = async |program: &str| here.select(program, input.clone()).await;
        assert_eq!(select(".[] | .value.n").await.unwrap(), [json!(1), json!(2)]);
        assert_eq!(select("map(.uri)").await.unwrap(), [json!(["at://a", "at://b"])]);
        assert_eq!(select(".[] | select(.value.n > 1) | {uri}").await.unwrap(), [json!({"uri": "at://b"})]);
        assert_eq!(select("length").await.unwrap(), [json!(2)]);
        for broken in [
            ".[",
            "nonsense(1)",
            ".[0] + 1",
            "range(1; 100000)",
            "env",
            "$ENV",
            "input",
            "halt",
            "halt_error",
            "debug",
        ] {
            assert!(select(broken).await.is_err(), "{broken}");
        }
        assert!(select(&"x".repeat(5000)).await.unwrap_err().contains("longer"));
    }
}
