//! What the tests share: a machine, a present that moves, and short ways to say things to it.

use beckon_core::event::DeviceState;
use beckon_core::id::SourceId;
use beckon_core::time::Timestamp;
use beckon_sessions::{
    Carried, Close, ConnId, Effect, Frame, Hello, Input, Message, Now, Options, Out, SessionId, Sessions, Who,
};
use std::sync::Arc;

pub const OPTIONS: Options = Options { ack_wait_ms: 20_000, grace_ms: 10_000, ping_ms: 25_000 };

pub struct Stage {
    pub machine: Sessions<u32>,
    pub now: Now,
    drawn: u128,
}

impl Stage {
    pub fn new() -> Self {
        let now = Now { at: Timestamp(1_000_000), elapsed_ms: 0 };
        Stage { machine: Sessions::new(OPTIONS), now, drawn: 0 }
    }

    pub fn say(&mut self, input: Input<u32>) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.machine.handle(self.now, input, &mut effects);
        effects
    }

    /// Both times move.
    pub fn wait(&mut self, ms: u64) -> Vec<Effect> {
        self.now.at.0 += ms as i64;
        self.now.elapsed_ms += ms;
        self.say(Input::Tick)
    }

    pub fn open(&mut self, conn: u64, who: &Arc<Who>, session: Option<SessionId>) -> Vec<Effect> {
        self.drawn += 1;
        let (fresh, state) = (SessionId(self.drawn), foreground());
        self.say(Input::Open(ConnId(conn), Hello { who: who.clone(), session, fresh, state }))
    }

    pub fn send(&mut self, id: u32, who: &Who) -> Vec<Effect> {
        let expires = Timestamp(self.now.at.0 + 60_000);
        self.say(Input::Send(message(id, who, expires)))
    }

    pub fn ack(&mut self, conn: u64, ids: &[u32]) -> Vec<Effect> {
        let ids = ids.iter().map(|it| it.to_string().into()).collect();
        self.say(Input::Frame(ConnId(conn), Frame::Ack(ids)))
    }

    pub fn poll(&mut self, conn: u64) -> Vec<Out<u32>> {
        let mut out = Vec::new();
        loop {
            let before = out.len();
            self.machine.poll(self.now, ConnId(conn), &mut out);
            if out.len() == before {
                return out;
            }
        }
    }

    /// The messages that a poll gives.
    pub fn read(&mut self, conn: u64) -> Vec<u32> {
        let out = self.poll(conn);
        out.into_iter().filter_map(|it| if let Out::Message(id) = it { Some(id) } else { None }).collect()
    }

    /// The session that the welcome names, and whether it goes on.
    pub fn welcome(&mut self, conn: u64) -> (SessionId, bool) {
        match self.poll(conn).first() {
            Some(Out::Welcome { session, resumed }) => (*session, *resumed),
            other => panic!("no welcome but {other:?}"),
        }
    }
}

pub fn foreground() -> DeviceState {
    DeviceState { foreground: Some(true), ..DeviceState::default() }
}

pub fn visitor(device: &str, anonymous: &str) -> Arc<Who> {
    who(device, None, Some(anonymous))
}

pub fn who(device: &str, user: Option<&str>, anonymous: Option<&str>) -> Arc<Who> {
    Arc::new(Who {
        source: SourceId(1),
        app: "shop".into(),
        device: device.into(),
        platform: "web".into(),
        user: user.map(Into::into),
        anonymous: anonymous.map(Into::into),
    })
}

pub fn message(id: u32, who: &Who, expires: Timestamp) -> Message<u32> {
    Message {
        id: id.to_string().into(),
        app: who.app.clone(),
        device: who.device.clone(),
        user: who.user.clone(),
        anonymous: who.anonymous.clone().filter(|_| who.user.is_none()),
        expires,
        payload: id,
    }
}

pub fn answers(effects: &[Effect]) -> Vec<(u32, Carried)> {
    let of = |it: &Effect| match it {
        Effect::Answer(id, carried) => Some((id.parse().unwrap(), *carried)),
        _ => None,
    };
    effects.iter().filter_map(of).collect()
}

pub fn closed(effects: &[Effect]) -> Vec<(u64, Close)> {
    let of = |it: &Effect| if let Effect::Close(conn, why) = it { Some((conn.0, *why)) } else { None };
    effects.iter().filter_map(of).collect()
}
