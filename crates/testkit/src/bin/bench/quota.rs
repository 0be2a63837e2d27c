//! A share of a processor for a process, by a control group of the kernel: for asking what several nodes do on a machine that
//! has no processor for each.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// How often the share is dealt out, in microseconds: often, so that no request waits for long.
const PERIOD: u32 = 20_000;

/// A group of processes with a share. The group goes with this value, once its processes have ended.
#[derive(Debug)]
pub(crate) struct Quota(PathBuf);

impl Quota {
    /// Holds a process to this share of one processor.
    pub(crate) fn hold(process: u32, share: f64) -> Result<Self> {
        let allowed = (f64::from(PERIOD) * share) as u32;
        let second = Path::new("/sys/fs/cgroup");
        let is_second = fs::read_to_string(second.join("cgroup.subtree_control"))
            .is_ok_and(|controllers| controllers.split_whitespace().any(|name| name == "cpu"));
        let root = if is_second { second.to_owned() } else { second.join("cpu") };
        let group = root.join(format!("gatewright-bench-{process}"));
        fs::create_dir(&group).with_context(|| {
            format!("{} cannot be made: run as root, on a kernel with CPU quotas", group.display())
        })?;
        let quota = Self(group);
        if is_second {
            fs::write(quota.0.join("cpu.max"), format!("{allowed} {PERIOD}"))?;
        } else {
            fs::write(quota.0.join("cpu.cfs_period_us"), PERIOD.to_string())?;
            fs::write(quota.0.join("cpu.cfs_quota_us"), allowed.to_string())?;
        }
        fs::write(quota.0.join("cgroup.procs"), process.to_string())?;
        Ok(quota)
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}
