//! A line: one channel, set up and ready to send over.

use super::refusals::Refusals;
use super::sender::{Options, Sender};
use super::verdict::verdict;
use crate::runtime::Node;
use beckon_channels::guard::Policy;
use beckon_channels::signature::Secret;
use beckon_channels::webhook::{self, Webhook};
use beckon_channels::webpush::{self, WebPush, vapid};
use beckon_channels::{Answer, Channel, Message};
use beckon_core::dispatch::Verdict;
use beckon_core::event;
use beckon_core::show::ChannelPlan;
use beckon_core::time::Timestamp;
use ring::rand::SystemRandom;

/// Why a channel cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its address is none.
    #[error("its URL cannot be read: {0}")]
    Url(#[from] hyper::http::uri::InvalidUri),
    /// There is no secret.
    #[error("it has no secret: put the channel again with one")]
    NoSecret,
    /// The secret is none.
    #[error("its secret cannot be used: put the channel again with another")]
    BadSecret,
    /// The key is none.
    #[error("its key cannot be used: {0}")]
    BadKey(#[from] vapid::KeyError),
    /// The channel does not take these settings.
    #[error("its settings cannot be used: {0}")]
    Webhook(String),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] super::Error),
    /// Nobody has written this channel yet.
    #[error("messages cannot be sent over it yet")]
    NotYet,
}

/// A channel with its connections.
pub struct Line {
    channel: Box<dyn Channel + Send + Sync>,
    sender: Sender,
    secret: Option<String>,
    word: &'static str,
    refusals: Refusals,
}

impl Line {
    /// Sets a channel up as planned.
    pub fn open(plan: &ChannelPlan, secret: Option<&str>) -> Result<Self, Error> {
        let private = plan.private_network;
        let policy = Policy { allow_http: private, allow_private: private };
        let channel: Box<dyn Channel + Send + Sync> = match plan.channel {
            event::Channel::Webhook => {
                let secret = secret.ok_or(Error::NoSecret)?;
                let secret = Secret::parse(secret).map_err(|_| Error::BadSecret)?;
                let mut options = webhook::Options::new(plan.url.parse()?, vec![secret]);
                options.batch_max = plan.batch_max.into();
                options.rate_per_s = plan.rate_per_s;
                Box::new(Webhook::new(options).map_err(|error| Error::Webhook(error.to_string()))?)
            }
            event::Channel::WebPush => {
                let key = vapid::Key::parse(&SystemRandom::new(), secret.ok_or(Error::NoSecret)?)?;
                // Its messages go where each subscription says; what stands for a URL is whom to write to.
                let contact = (!plan.url.is_empty()).then(|| plan.url.to_string());
                Box::new(WebPush::new(webpush::Options { key, contact, policy, rate_per_s: plan.rate_per_s }))
            }
            _ => return Err(Error::NotYet),
        };
        let sender = Sender::new(&Options { policy, ..Options::default() })?;
        let (secret, word) = (secret.map(str::to_owned), plan.channel.word());
        Ok(Line { channel, sender, secret, word, refusals: Refusals::default() })
    }

    /// Whether it was set up with this secret.
    pub fn has_secret(&self, secret: Option<&str>) -> bool {
        self.secret.as_deref() == secret
    }

    /// Sends messages and gives one answer for each.
    pub async fn send(&self, node: &Node, messages: &[Message]) -> Vec<(String, Answer)> {
        let answers = self.sender.send(&*self.channel, node.clock(), messages).await;
        self.refusals.note(self.word, node.clock().now(), &answers);
        answers
    }

    /// What answers say of the channel as a whole, see [`verdict()`]. Where it has many vendors and spares those that
    /// fail, the failure of one is none of the channel.
    pub fn verdict(&self, now: Timestamp, answers: &[Answer], failures: u32) -> Verdict {
        match verdict(now, answers, failures) {
            Verdict::Retry { .. } if self.channel.spares_vendors_itself() => Verdict::Done,
            verdict => verdict,
        }
    }
}
