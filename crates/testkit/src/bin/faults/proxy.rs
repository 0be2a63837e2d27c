//! nginx in front of the nodes, as the guide for operators has it, but for TLS.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use gatewright_testkit::cluster::free_address;

/// The proxy. It ends with this value.
#[derive(Debug)]
pub(crate) struct Proxy {
    child: Child,
    /// Where clients reach it.
    pub(crate) address: SocketAddr,
}

impl Proxy {
    /// Starts one on a free port, in front of these.
    pub(crate) fn start(folder: &Path, host: &str, nodes: &[SocketAddr]) -> Result<Self> {
        let address = free_address()?;
        let folder = folder.join("nginx");
        std::fs::create_dir_all(&folder)?;
        let mut servers = String::new();
        for node in nodes {
            write!(servers, "server {node} max_fails=1 fail_timeout=1s; ")?;
        }
        let at = folder.display();
        let config = format!(
            "daemon off; user root; worker_processes 2; pid {at}/pid; error_log {at}/error.log error;\n\
             events {{ worker_connections 1024; }}\n\
             http {{\n  access_log off; client_body_temp_path {at}/body; proxy_temp_path {at}/proxy;\n  \
             fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;\n  \
             upstream nodes {{ {servers} keepalive 16; }}\n  \
             server {{\n    listen {address};\n    location / {{\n      proxy_pass http://nodes;\n      \
             proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host {host};\n      \
             proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n      \
             proxy_connect_timeout 2s; proxy_read_timeout 12s;\n    }}\n  }}\n}}\n"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, config)?;
        let mut nginx = Command::new("nginx");
        nginx.arg("-c").arg(&file).arg("-p").arg(&folder).arg("-e").arg(folder.join("error.log"));
        let child = nginx.stderr(Stdio::null()).spawn().context("nginx is not installed")?;
        Ok(Self { child, address })
    }

    /// Kills one of the processes that carry the connections, and all its connections with it, to clients and to nodes.
    pub(crate) fn cut(&self, which: u64) -> Result<()> {
        let master = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{master}/task/{master}/children"))?;
        let workers: Vec<&str> = children.split_whitespace().collect();
        ensure!(!workers.is_empty(), "nginx has no workers");
        let worker = workers[which as usize % workers.len()];
        let killed = Command::new("kill").args(["-KILL", worker]).status()?;
        ensure!(killed.success(), "the worker {worker} cannot be killed");
        Ok(())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}
