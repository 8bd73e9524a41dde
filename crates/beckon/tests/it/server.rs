//! The program as its users run it: a process of its own, spoken to over HTTP.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub const WRITE_KEY: &str = "ctestwritekey0000000000ab";
pub const SERVER_KEY: &str = "sk_test_0123456789abcdefghij0123456789ab";

/// A running `beckon serve`; killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub banner: String,
}

/// The program that was built with these tests.
pub fn beckon() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beckon"));
    command
        .env_remove("BECKON_CONFIG")
        .env("BECKON_WRITE_KEY", WRITE_KEY)
        .env("BECKON_SERVER_KEY", SERVER_KEY);
    command
}

impl Server {
    /// Starts over a directory, on a port that the system chooses.
    pub fn start(data: &Path, args: &[&str]) -> Server {
        Server::start_with(beckon(), data, args)
    }

    /// Starts a prepared command.
    pub fn start_with(command: Command, data: &Path, args: &[&str]) -> Server {
        Server::start_on("127.0.0.1:0", command, data, args)
    }

    /// Starts a prepared command that listens there.
    pub fn start_on(listen: &str, mut command: Command, data: &Path, args: &[&str]) -> Server {
        let command = command.args(["serve", "--listen", listen, "--data"]).arg(data).args(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("beckon starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut banner = String::new();
        while !banner.contains("listens on") {
            if out.read_line(&mut banner).unwrap_or(0) == 0 {
                let mut why = String::new();
                let _ = child.stderr.take().expect("piped").read_to_string(&mut why);
                panic!("beckon did not start: {banner}{why}");
            }
        }
        let address = banner.split("http://").nth(1).or_else(|| banner.split("https://").nth(1));
        let address = address.and_then(|it| it.split(',').next()).expect("it says where it listens");
        let address = address.trim().parse().expect("an address");
        // The rest of what it says must not fill the pipe.
        let (told, tell) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if told.send(line).is_err() {
                    break;
                }
            }
        });
        let mut errors = child.stderr.take().expect("piped");
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        while let Ok(line) = tell.recv_timeout(Duration::from_millis(50)) {
            banner += &line;
            banner.push('\n');
        }
        Server { child, address, banner }
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and waits for the orderly end.
    pub fn terminate(mut self) -> bool {
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        self.child.wait().is_ok_and(|it| it.success())
    }

    /// A call with the server key.
    pub fn control(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(|it| it.to_string().into_bytes());
        request(self.address, method, path, &[bearer(SERVER_KEY)], body.as_deref())
    }

    /// A tracking call with the write key.
    pub fn track(&self, path: &str, body: &Value) -> Answer {
        request(self.address, "POST", path, &[bearer(WRITE_KEY)], Some(body.to_string().as_bytes()))
    }

    pub fn profile(&self, id: &str) -> Answer {
        self.control("GET", &format!("/api/v1/profiles/{id}"), None)
    }

    pub fn stats(&self) -> Value {
        self.control("GET", "/api/v1/stats", None).json()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn bearer(key: &str) -> (String, String) {
    ("authorization".into(), format!("Bearer {key}"))
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let line = self.head.lines().find(|it| it.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    }
}

/// One request on a connection of its own; status 0 when the server went away.
pub fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(String, String)],
    body: Option<&[u8]>,
) -> Answer {
    let gone = || Answer { status: 0, head: String::new(), body: Vec::new() };
    let Ok(mut stream) = TcpStream::connect(address) else { return gone() };
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if let Some(body) = body {
        head += &format!("content-length: {}\r\n", body.len());
    }
    head += "\r\n";
    let mut all = head.into_bytes();
    all.extend_from_slice(body.unwrap_or_default());
    // A server that refuses early may close before it has read everything: what it said counts.
    let _ = stream.write_all(&all);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let Some(end) = answer.windows(4).position(|it| it == b"\r\n\r\n") else { return gone() };
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
    Answer { status, head, body: answer[end + 4..].to_vec() }
}

/// A variable that steers the tests themselves.
#[expect(clippy::disallowed_methods, reason = "tests are steered by the environment, the program is not")]
pub fn environment(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

/// Says that a test is skipped, and why, past the capture of a passing test's output.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Where the real data lies, if it is here; says so if not.
pub fn data_set(name: &str) -> Option<PathBuf> {
    let root = environment("BECKON_DATA").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let file = root.join(name);
    if file.exists() {
        return Some(file);
    }
    let root = root.display();
    skipped(&format!("{name} is not in {root} (set BECKON_DATA to the folder of the data sets)"));
    None
}
