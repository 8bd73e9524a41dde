//! Many devices on a network that loses connections, frames and acknowledgements, drawn from a seed. Held against
//! what each client has really seen.

use crate::stage::{Stage, closed, visitor, who};
use beckon_sessions::{Carried, Close, ConnId, Effect, Frame, Input, Out, SessionId, Who};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % bound
    }
}

/// A device as its SDK behaves: it resumes, shows an id once, and acknowledges it each time that it comes.
struct Client {
    who: Arc<Who>,
    session: Option<SessionId>,
    conn: Option<u64>,
    shown: BTreeSet<u32>,
    unacked: Vec<u32>,
}

#[derive(Default)]
struct Truth {
    answers: BTreeMap<u32, Carried>,
    acked: BTreeSet<u32>,
    given: BTreeSet<u32>,
}

impl Truth {
    fn note(&mut self, effects: &[Effect], clients: &mut [Client]) {
        for effect in effects {
            if let Effect::Answer(id, carried) = effect {
                let again = self.answers.insert(id.parse().unwrap(), *carried);
                assert_eq!(again, None, "message {id} was answered twice");
            }
        }
        for (conn, _) in closed(effects) {
            clients.iter_mut().filter(|it| it.conn == Some(conn)).for_each(|it| it.conn = None);
        }
    }
}

fn run(seed: u64) -> [usize; 3] {
    let (mut stage, mut dice, mut truth) = (Stage::new(), Dice(seed | 1), Truth::default());
    let mut clients: Vec<Client> = (0..12)
        .map(|number| {
            // Some devices are shared by two.
            let device = format!("d-{}", number % 9);
            let who = if number % 3 == 0 {
                who(&device, Some(&format!("u-{number}")), Some(&format!("a-{number}")))
            } else {
                visitor(&device, &format!("a-{number}"))
            };
            Client { who, session: None, conn: None, shown: BTreeSet::new(), unacked: Vec::new() }
        })
        .collect();
    let (mut conns, mut messages) = (0, 0);
    for _ in 0..4_000 {
        let at = dice.below(clients.len() as u64) as usize;
        let effects = match dice.below(10) {
            0 | 1 if clients[at].conn.is_none() => {
                conns += 1;
                let session = clients[at].session.filter(|_| dice.below(4) > 0);
                let effects = stage.open(conns, &clients[at].who, session);
                clients[at].conn = Some(conns);
                effects
            }
            0 | 1 => {
                // The network breaks; the server learns of it now, or only from the next connection.
                let conn = clients[at].conn.take().unwrap();
                if dice.below(2) == 0 { stage.say(Input::Closed(ConnId(conn))) } else { Vec::new() }
            }
            2..=4 => {
                messages += 1;
                stage.send(messages, &clients[at].who)
            }
            5 | 6 => {
                let Some(conn) = clients[at].conn else { continue };
                let mut out = Vec::new();
                stage.machine.poll(stage.now, ConnId(conn), &mut out);
                // What was given to the socket may be lost on its way, with all that follows it.
                let arrive = if dice.below(4) == 0 { dice.below(3) as usize } else { out.len() };
                let client = &mut clients[at];
                for (place, it) in out.into_iter().enumerate() {
                    match it {
                        Out::Message(id) => {
                            truth.given.insert(id);
                            if place < arrive {
                                client.shown.insert(id);
                                client.unacked.push(id);
                            }
                        }
                        Out::Welcome { session, .. } if place < arrive => client.session = Some(session),
                        _ => {}
                    }
                }
                Vec::new()
            }
            7 | 8 => {
                let Some(conn) = clients[at].conn else { continue };
                let ids = std::mem::take(&mut clients[at].unacked);
                let arrives = dice.below(5) > 0;
                if !arrives || ids.is_empty() {
                    continue;
                }
                truth.acked.extend(&ids);
                stage.ack(conn, &ids)
            }
            _ => {
                let ms = dice.below(4_000);
                let mut effects = stage.wait(ms);
                for client in &clients {
                    // The others answer pings.
                    if let Some(conn) = client.conn {
                        effects.extend(stage.say(Input::Frame(ConnId(conn), Frame::Heard)));
                    }
                }
                effects
            }
        };
        truth.note(&effects, &mut clients);
    }
    truth.note(&stage.wait(120_000), &mut clients);
    truth.note(&stage.say(Input::Stop), &mut clients);

    let mut count = [0; 3];
    for id in 1..=messages {
        let carried = truth.answers.get(&id).unwrap_or_else(|| panic!("message {id} was never answered"));
        count[*carried as usize] += 1;
        match carried {
            Carried::Delivered => assert!(truth.acked.contains(&id), "{id} was acknowledged by nobody"),
            Carried::Unreached => assert!(!truth.given.contains(&id), "{id} was given to a connection"),
            Carried::Ambiguous => assert!(truth.given.contains(&id), "{id} was given to no connection"),
        }
        let seen_by = clients.iter().filter(|it| it.shown.contains(&id)).count();
        assert!(seen_by <= 1, "{id} came to {seen_by} clients");
    }
    count
}

#[test]
fn every_message_is_answered_once_and_truly_on_any_network() {
    let mut total = [0; 3];
    for seed in 1..=200 {
        let seed = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed);
        let count = std::panic::catch_unwind(|| run(seed)).unwrap_or_else(|panic| {
            eprintln!("seed {seed:#x}");
            std::panic::resume_unwind(panic)
        });
        total = std::array::from_fn(|it| total[it] + count[it]);
    }
    assert!(total.iter().all(|it| *it > 1_000), "every ending must be met: {total:?}");
}

#[test]
fn a_client_that_comes_back_in_time_misses_nothing_and_shows_nothing_twice() {
    for seed in 1..=200_u64 {
        let (mut stage, mut dice) = (Stage::new(), Dice(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) | 1));
        let who = visitor("d", "a");
        let (mut shown, mut answered) = (BTreeSet::new(), BTreeMap::new());
        let (mut session, mut conn, mut open) = (None, 0, false);
        for id in 1..=100 {
            if !open {
                conn += 1;
                stage.open(conn, &who, session);
                open = true;
            }
            let mut effects = stage.send(id, &who);
            effects.extend(stage.wait(dice.below(500)));
            match dice.below(4) {
                // Lost before anything is read.
                0 => open = false,
                // Read, and lost before it is acknowledged.
                1 => {
                    read(&mut stage, conn, &mut session, &mut shown);
                    open = false;
                }
                _ => {
                    let ids = read(&mut stage, conn, &mut session, &mut shown);
                    effects.extend(stage.ack(conn, &ids));
                }
            }
            if !open && dice.below(2) == 0 {
                effects.extend(stage.say(Input::Closed(ConnId(conn))));
            }
            assert!(closed(&effects).iter().all(|it| it.1 == Close::Replaced), "seed {seed}");
            answered.extend(crate::stage::answers(&effects));
        }
        conn += 1;
        stage.open(conn, &who, session);
        let ids = read(&mut stage, conn, &mut session, &mut shown);
        answered.extend(crate::stage::answers(&stage.ack(conn, &ids)));
        let all: BTreeSet<u32> = (1..=100).collect();
        assert_eq!(shown, all, "seed {seed}: some were lost");
        assert!(
            answered.len() == 100 && answered.values().all(|it| *it == Carried::Delivered),
            "seed {seed}"
        );
    }
}

/// What a client reads, remembering what it has shown.
fn read(
    stage: &mut Stage,
    conn: u64,
    session: &mut Option<SessionId>,
    shown: &mut BTreeSet<u32>,
) -> Vec<u32> {
    let mut ids = Vec::new();
    for it in stage.poll(conn) {
        match it {
            Out::Welcome { session: named, .. } => *session = Some(named),
            Out::Message(id) => {
                shown.insert(id);
                ids.push(id);
            }
            _ => {}
        }
    }
    ids
}
