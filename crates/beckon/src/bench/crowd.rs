//! Many phones in a process of their own: then the server's memory is the server's alone, and both have files enough.
//! The bench writes a line and reads one: how many connections are open, or how many frames have come so far.

use super::error::Error;
use super::phone::Phone;
use serde::{Deserialize, Serialize};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Connections that are being opened at once.
const OPENING_MAX: usize = 64;

/// What a crowd is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// Where to connect.
    pub address: SocketAddr,
    /// The write key; without one the connections are plain, and what comes is counted in frames of this many bytes.
    pub key: Result<String, usize>,
    /// How many.
    pub connections: usize,
}

/// A crowd in its process.
pub struct Crowd {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Crowd {
    /// Starts one, and waits until all its connections are open.
    pub fn start(task: &Task) -> Result<Crowd, Error> {
        let program = std::env::current_exe().map_err(Error::io("find the program"))?;
        let mut command = Command::new(program);
        command.args(["bench", "sockets", "--crowd"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(Error::io("start the clients"))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (to, from) = pipes.ok_or(Error::Crowd("it has no pipes".into()))?;
        let mut crowd = Crowd { child, to, from: BufReader::new(from) };
        let opened = crowd.ask(&serde_json::to_string(task).unwrap_or_default())?;
        if opened == task.connections as u64 {
            Ok(crowd)
        } else {
            Err(Error::Crowd(format!("{opened} opened")))
        }
    }

    /// How many frames have come so far.
    pub fn frames(&mut self) -> Result<u64, Error> {
        self.ask("frames")
    }

    fn ask(&mut self, line: &str) -> Result<u64, Error> {
        writeln!(self.to, "{line}").map_err(Error::io("ask the clients"))?;
        let mut answer = String::new();
        self.from.read_line(&mut answer).map_err(Error::io("hear the clients"))?;
        answer.trim().parse().map_err(|_| Error::Crowd(answer.trim().to_owned()))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The device and the visitor of a number.
pub fn visitor(number: usize) -> (String, String) {
    (format!("bench-device-{number:06}"), format!("bench-visitor-{number:06}"))
}

/// The crowd's own process: until its input ends.
pub fn run() -> Result<(), Error> {
    crate::open_files::raise();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::io("start the clients"))?;
    let mut lines = std::io::stdin().lines().map_while(Result::ok);
    let task: Task = lines
        .next()
        .and_then(|it| serde_json::from_str(&it).ok())
        .ok_or(Error::Crowd("it was given no task".into()))?;
    let frames = Arc::new(AtomicU64::new(0));
    let opened = runtime.block_on(open_all(&task, &frames))?;
    let thread = std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    println!("{opened}");
    for _ in lines {
        println!("{}", frames.load(Ordering::Relaxed));
    }
    drop(thread);
    Ok(())
}

async fn open_all(task: &Task, frames: &Arc<AtomicU64>) -> Result<usize, Error> {
    let (room, mut opening) = (Arc::new(Semaphore::new(OPENING_MAX)), tokio::task::JoinSet::new());
    for number in 0..task.connections {
        let (task, frames, room) = (task.clone(), frames.clone(), room.clone());
        opening.spawn(async move {
            let _room = room.acquire().await;
            match &task.key {
                Ok(key) => {
                    let (device, visitor) = visitor(number);
                    let who = ("anonymous_id", visitor.as_str());
                    let mut phone = Phone::open(task.address, key, &device, who).await?;
                    tokio::spawn(async move {
                        while phone.frame().await.is_ok() {
                            frames.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
                Err(bytes) => {
                    let stream = TcpStream::connect(task.address).await.map_err(Error::io("connect"))?;
                    tokio::spawn(count_plain(stream, *bytes, frames));
                }
            }
            Ok::<_, Error>(())
        });
    }
    let mut opened = 0;
    while let Some(done) = opening.join_next().await {
        done.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))?;
        opened += 1;
    }
    Ok(opened)
}

async fn count_plain(mut stream: TcpStream, bytes: usize, frames: Arc<AtomicU64>) {
    let (mut buffer, mut rest) = (vec![0; 4096], 0);
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        rest += read;
        frames.fetch_add((rest / bytes) as u64, Ordering::Relaxed);
        rest %= bytes;
    }
}
