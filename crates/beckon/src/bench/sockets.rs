//! In-app connections: what an idle one takes of the server's memory, and how many frames a core writes to them.
//!
//! The clients are real and in another process. Memory is the growth of this process's resident memory from just
//! before the connections, when the server has just started, to some time after all were welcomed: with the visitors
//! behind them, who become known by it, and without what the kernel keeps of a socket. Frames go round by round, one to each connection, the next round when all have come: so each
//! is a write of its own. A core's frames are those of all server's threads by their processor time, system calls
//! included.

use super::crowd::{Crowd, Task, visitor};
use super::error::Error;
use super::figure::{Figure, Limit, Unit, count, line};
use super::limits::{CROWD_PATIENCE, FAN_OUT_ROUNDS, SETTLE_MEMORY};
use super::scratch::Scratch;
use super::target::{ANY_PORT, Target};
use super::{Args, goals, machine};
use crate::clock::{Clock, Stopwatch};
use crate::in_app::frame;
use beckon_channels::{Class, Message};
use std::io::Write as _;
use std::time::Duration;

/// Measures memory and fan-out.
pub fn measure(args: &Args, scratch: &Scratch) -> Result<Vec<Figure>, Error> {
    crate::open_files::raise();
    let (mut memory, mut fan_out) = (Figure::of(goals::SOCKET), Figure::of(goals::FAN_OUT));
    let connections = args.sockets as usize;
    for run in 1..=args.runs {
        let dir = scratch.part(&format!("sockets-{run}"));
        let target = Target::start(&dir)?;
        let before = machine::resident();
        let task = Task { address: target.address(), key: Ok(target.key.clone()), connections };
        let mut crowd = Crowd::start(&task)?;
        std::thread::sleep(SETTLE_MEMORY);
        let grown = machine::resident().saturating_sub(before) as f64 / connections as f64;
        line("connections open, all welcomed", count(target.hub().counts().connections as u64));
        memory.add(grown, Vec::new());
        let (a_core, a_second) = fan(&target, &mut crowd, connections)?;
        line("frames a second on all cores, with the clients beside", count(a_second as u64));
        drop(crowd);
        target.stop();
        scratch.clear(&dir)?;
        let raw = written_raw(connections)?;
        let limits =
            vec![Limit::at_best("the same bytes written to plain sockets, a core", Unit::PerSecond, raw)];
        fan_out.add(a_core, limits);
    }
    Ok(vec![memory, fan_out])
}

/// A message as long as most are.
fn message(number: usize, round: usize) -> Message {
    let (device, visitor) = visitor(number);
    let text = str::to_owned;
    Message {
        id: format!("m-{round}-{number}"),
        app: text("bench"),
        device,
        token: String::new(),
        user_id: String::new(),
        anonymous_id: visitor,
        show_id: text("show-1"),
        room_id: text("bench-room"),
        product_id: text("bench-serum"),
        title: text("Repair serum is 100 off until 21:15"),
        body: text("Mei shows how she uses it right now, and answers what you ask. 40 pieces are left."),
        image: text("https://cdn.shop.example/serum/repair-640.webp"),
        link: text("https://tap.shop.example/t/AQAAAAAAAAFqSxqAq0vVb9f6tq3YtA0F"),
        class: Class::Marketing,
        trigger: text("price_drop"),
        arm: text("closing-en-1"),
        language: text("en"),
        expires_at_ms: Clock::System.now().0 + 600_000,
    }
}

/// Frames a core, and frames a second.
fn fan(target: &Target, crowd: &mut Crowd, connections: usize) -> Result<(f64, f64), Error> {
    let rounds: Vec<Vec<Message>> = (0..FAN_OUT_ROUNDS)
        .map(|round| (0..connections).map(|number| message(number, round)).collect())
        .collect();
    let (mut spent, mut passed) = (Duration::ZERO, 0.0);
    let begun = crowd.frames()?;
    for (round, messages) in rounds.into_iter().enumerate() {
        let (before, watch) = (server_time(), Stopwatch::start());
        target.send_all(messages);
        let wanted = begun + ((round + 1) * connections) as u64;
        while crowd.frames()? < wanted {
            if watch.elapsed() > CROWD_PATIENCE {
                return Err(Error::Crowd("not every frame came".into()));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        spent += server_time().saturating_sub(before);
        passed += watch.elapsed_secs();
    }
    let frames = (FAN_OUT_ROUNDS * connections) as f64;
    Ok((frames / spent.as_secs_f64(), frames / passed))
}

/// Processor time of the server's threads: all but the one that measures.
fn server_time() -> Duration {
    machine::times().into_iter().filter(|it| it.0 == "http").map(|it| it.1).sum()
}

/// Frames of the same length written to as many plain sockets by one thread: a second of its processor time.
fn written_raw(connections: usize) -> Result<f64, Error> {
    let bytes = frame::message(&message(0, 0)).len() + 4;
    let listener = std::net::TcpListener::bind(ANY_PORT).map_err(Error::io("listen"))?;
    let address = listener.local_addr().map_err(Error::io("listen"))?;
    let accepting = std::thread::spawn(move || -> std::io::Result<Vec<std::net::TcpStream>> {
        (0..connections)
            .map(|_| {
                let (stream, _) = listener.accept()?;
                stream.set_nodelay(true)?;
                Ok(stream)
            })
            .collect()
    });
    let mut crowd = Crowd::start(&Task { address, key: Err(bytes), connections })?;
    let accepted = accepting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let mut streams = accepted.map_err(Error::io("accept"))?;
    let frame = vec![b'x'; bytes];
    let mut spent = Duration::ZERO;
    for round in 1..=FAN_OUT_ROUNDS {
        let before = machine::own_time();
        for stream in &mut streams {
            stream.write_all(&frame).map_err(Error::io("write"))?;
        }
        spent += machine::own_time().saturating_sub(before);
        let watch = Stopwatch::start();
        while crowd.frames()? < (round * connections) as u64 && watch.elapsed() < CROWD_PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    Ok((FAN_OUT_ROUNDS * connections) as f64 / spent.as_secs_f64())
}
