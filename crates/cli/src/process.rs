//! What the kernel says of this process (`/proc/self`).

use metrics::gauge;

/// What the process uses; what the kernel does not tell is absent.
pub(crate) struct Usage {
    cpu_seconds: Option<f64>,
    open_files: Option<u32>,
    resident_bytes: Option<f64>,
}

/// The clock ticks of `/proc/self/stat`: a hundred a second on every Linux.
const TICKS: f64 = 100.0;

/// Asks the kernel.
pub(crate) fn usage() -> Usage {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    Usage {
        cpu_seconds: ticks(&stat).map(|ticks| ticks / TICKS),
        open_files: std::fs::read_dir("/proc/self/fd")
            .ok()
            .and_then(|files| u32::try_from(files.count()).ok()),
        resident_bytes: kilobytes(&status).map(|kilobytes| kilobytes * 1024.0),
    }
}

impl Usage {
    /// Shows it at `/metrics`.
    pub(crate) fn record(&self) {
        if let Some(seconds) = self.cpu_seconds {
            gauge!("process_cpu_seconds").set(seconds);
        }
        if let Some(files) = self.open_files {
            gauge!("process_open_fds").set(files);
        }
        if let Some(bytes) = self.resident_bytes {
            gauge!("process_resident_memory_bytes").set(bytes);
        }
    }
}

/// User and system time. The name of the program, in parentheses, may hold anything.
fn ticks(stat: &str) -> Option<f64> {
    let mut times = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(times.next()?.parse::<f64>().ok()? + times.next()?.parse::<f64>().ok()?)
}

fn kilobytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_lines_are_read() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 1 0 0 0 120 30 0 0 20 0 1 0 5 1 2";
        assert_eq!(ticks(stat), Some(150.0));
        assert_eq!(ticks("7 (a"), None);
        assert_eq!(kilobytes("Name:\ta\nVmRSS:\t  2048 kB\n"), Some(2048.0));
        let usage = usage();
        assert!(usage.resident_bytes.is_some_and(|bytes| bytes > 1e6));
        assert!(usage.open_files.is_some_and(|files| files >= 3) && usage.cpu_seconds.is_some());
    }
}
