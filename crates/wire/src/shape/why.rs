//! Why a shopper was, or was not, called into a show: readable by an operator.

use super::message::{Figure, Message, Reason, figures, missed};
use super::value::units;
use super::{At, Channel, Trigger};
use beckon_core::id::{ShardId, Term};
use beckon_core::push::{self as core, Life, PushId};
use beckon_core::shard::calling;
use beckon_core::stage::Learned;
use beckon_core::time::Timestamp;
use serde::Serialize;

/// Terms of the model that are shown.
const LARGEST: usize = 6;

/// A term of the model smaller than this changes nothing that anyone could see.
const MEAN_MIN: f32 = 0.005;

/// An answer to "why", or "why not".
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Why {
    /// The show.
    pub show_id: String,
    /// The shopper, by the id he is kept under.
    pub shopper_id: String,
    /// The instant of which this tells.
    pub as_of: At,
    /// The answer in a few sentences.
    pub summary: String,
    /// Whether the rule would push him now.
    pub would_push: bool,
    /// Why not, if not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Why he would be called in, if it came to that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
    /// About which product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// The numbers of the decision now; empty if a rule stood in the way before any number was needed.
    pub terms: Vec<Figure>,
    /// What speaks most for or against his entering, by the model.
    pub model: Vec<ModelTerm>,
    /// Every rule and whether it stands in the way now.
    pub rules: Vec<Rule>,
    /// Every channel that is set up and what keeps a push off it.
    pub channels: Vec<ChannelVerdict>,
    /// The pushes and ghosts for this show, latest first.
    pub pushes: Vec<Message>,
}

/// A term of the model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelTerm {
    /// The feature.
    pub feature: &'static str,
    /// The bin of the feature that he is in.
    pub bin: u8,
    /// What it adds to the log odds of entering when pushed; below zero it speaks against.
    pub log_odds: f64,
}

/// A rule of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rule {
    /// The reason it gives, or would give; its `meaning` says what is so now, whether it stops anything or not.
    pub reason: Reason,
    /// It stands in the way now.
    pub stops: bool,
}

impl Rule {
    fn of(reason: core::Reason, stops: bool) -> Self {
        let meaning = if stops { None } else { passes(reason) };
        let mut reason = Reason::from(reason);
        if let Some(meaning) = meaning {
            reason.meaning = meaning.into();
        }
        Rule { reason, stops }
    }
}

/// What is so where a rule does not stand in the way.
fn passes(rule: core::Reason) -> Option<&'static str> {
    Some(match rule {
        core::Reason::NotOpen => "the show's window is open",
        core::Reason::ShowLate => "the show is not late",
        core::Reason::InRoom => "the shopper is not known to be in the room",
        core::Reason::NotInAudience => "the show's audience rule takes the shopper in",
        core::Reason::ShowCap => "policy allows one more call into this show",
        core::Reason::QuietHours => "it is not quiet hours on the shopper's clock",
        core::Reason::Gap => "the shopper's last push is long enough ago",
        core::Reason::DayCap => "the shopper's pushes of the day are not spent",
        core::Reason::SaidAlready => "there is something to tell that the shopper was not told for the show",
        core::Reason::RoomFull => "the room has places that are not spoken for",
        core::Reason::HeldOut => "the shopper is not one of those who are never pushed",
        core::Reason::Ghost => "the shopper is not withheld from this show",
        _ => return None,
    })
}

/// Whether a push could go over a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChannelVerdict {
    /// Which.
    pub channel: Channel,
    /// What keeps a push off it; absent when nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// What the answer is made of.
pub struct Asked<'a> {
    /// The show's id.
    pub show_id: &'a str,
    /// The id that the shopper is kept under.
    pub shopper_id: &'a str,
    /// His shard.
    pub shard: ShardId,
    /// What it says.
    pub why: &'a calling::Why,
    /// The models that it was decided with.
    pub learned: &'a Learned,
    /// The dictionary.
    pub names: &'a dyn Fn(Term) -> Option<String>,
    /// Now.
    pub now: Timestamp,
}

impl Why {
    /// The readable form of an answer.
    pub fn of(asked: &Asked<'_>) -> Self {
        let &Asked { show_id, shopper_id, shard, why, learned, names, now } = asked;
        let about = why.terms.as_ref();
        let model = about.map(|(_, bins, ..)| learned.entry.explain(bins)).unwrap_or_default();
        let model = model.iter().filter(|it| it.mean.abs() >= MEAN_MIN).take(LARGEST);
        let message =
            |(number, push): &(u64, core::Push)| Message::of(PushId { shard, number: *number }, push, names);
        Why {
            show_id: show_id.into(),
            shopper_id: shopper_id.into(),
            as_of: At(now),
            summary: summary(asked),
            would_push: why.now.is_none(),
            reason: why.now.map(Reason::from),
            trigger: about.map(|it| it.2.into()),
            product_id: about.filter(|it| it.3 != Term::NONE).and_then(|it| names(it.3)),
            terms: about.map(|it| figures(&it.0)).unwrap_or_default(),
            model: model
                .map(|it| ModelTerm {
                    feature: it.feature,
                    bin: it.bin,
                    log_odds: (f64::from(it.mean) * 1000.0).round() / 1000.0,
                })
                .collect(),
            rules: why.rules.iter().map(|(it, stops)| Rule::of(*it, *stops)).collect(),
            channels: why
                .channels
                .iter()
                .map(|(it, reason)| ChannelVerdict {
                    channel: (*it).into(),
                    reason: reason.map(Reason::from),
                })
                .collect(),
            pushes: why.pushes.iter().map(message).collect(),
        }
    }
}

/// The answer in a few sentences.
fn summary(asked: &Asked<'_>) -> String {
    let Asked { show_id, shopper_id, why, names, .. } = asked;
    let mut said = Vec::new();
    for (_, push) in why.pushes.iter().take(1) {
        said.push(told(shopper_id, push, *names));
    }
    let again = if why.pushes.is_empty() { "" } else { " again" };
    match (why.now, &why.terms) {
        (None, Some((terms, _, trigger, product))) => {
            let about = named(*product, *names);
            said.push(format!(
                "{shopper_id} would be called into {show_id}{again} now, because {}{about}: the push is \
                 expected to add {} and costs {}, and waiting is worth {}.",
                because(*trigger),
                money(terms.gain),
                money(terms.price),
                money(terms.wait)
            ));
        }
        (None, None) => said.push(format!("{shopper_id} would be called into {show_id}{again} now.")),
        (Some(reason), numbers) => {
            let numbers = numbers.as_ref().map(|(terms, ..)| {
                format!(
                    " (the push would add {} and cost {}; waiting is worth {})",
                    money(terms.gain),
                    money(terms.price),
                    money(terms.wait)
                )
            });
            said.push(format!(
                "{shopper_id} is not called into {show_id}{again} now: {}{}.",
                reason.words().1,
                numbers.unwrap_or_default()
            ));
        }
    }
    said.join(" ")
}

/// An amount in whole units. What one push adds is often less than a hundredth: then more of it is said.
fn money(cents: f64) -> String {
    let decimals = if cents.abs() < 10.0 { 4 } else { 2 };
    format!("{:.decimals$}", units(cents))
}

/// What happened to the latest push.
fn told(shopper_id: &str, push: &core::Push, names: &dyn Fn(Term) -> Option<String>) -> String {
    let at = At(push.decided);
    let why = because(push.trigger);
    let about = named(push.product, names);
    let fate = match push.life {
        Life::Shadow(reason) => {
            return format!("At {at} {shopper_id} became a ghost: {}.", reason.words().1);
        }
        Life::Decided => "it waits for its channel's turn".to_owned(),
        Life::Dispatched => "it is on its way".to_owned(),
        Life::Ended(core::End::Withheld(reason)) => {
            format!("it was withheld at the last look: {}", reason.words().1)
        }
        Life::Ended(end) if end.may_have_arrived() => format!("it ended {}{}", end.word(), outcome(push)),
        Life::Ended(end) => format!("it ended {}", end.word()),
    };
    let way = push.tried.iter().map(|it| {
        let (channel, to) = (Channel::from(it.channel).word(), missed(it.why));
        format!("over {channel} it did not go: {to}; ")
    });
    let way: String = way.collect();
    format!("At {at} a push was decided, because {why}{about}; {way}{fate}.")
}

fn outcome(push: &core::Push) -> String {
    let it = &push.outcome;
    let bought = match it.purchases {
        0 => None,
        1 => Some("bought once".to_owned()),
        more => Some(format!("bought {more} times")),
    };
    let steps = [
        it.delivered.then(|| "was shown".to_owned()),
        it.tapped.then(|| "was tapped".to_owned()),
        it.dismissed.then(|| "was put away".to_owned()),
        it.entered.then(|| "he entered".to_owned()),
        bought.map(|it| format!("he {it}")),
    ];
    let steps: Vec<String> = steps.into_iter().flatten().collect();
    if steps.is_empty() { String::new() } else { format!(" ({})", steps.join(", ")) }
}

fn named(product: Term, names: &dyn Fn(Term) -> Option<String>) -> String {
    let name = (product != Term::NONE).then(|| names(product)).flatten();
    name.map(|it| format!(" (product {it})")).unwrap_or_default()
}

/// Why he is a candidate, in words.
fn because(trigger: beckon_core::show::Trigger) -> &'static str {
    use beckon_core::show::Trigger;
    match trigger {
        Trigger::Moment => "this is a good moment for him",
        Trigger::PhaseBegins => "a phase of the show began",
        Trigger::Pinned => "a product he cares for is being shown",
        Trigger::CartHesitation => "something in his cart waits, and the show has it",
        Trigger::OfferEnding => "an offer he cares for ends soon",
        Trigger::PriceDrop => "a product he looked at costs less now",
        Trigger::BackInStock => "a product he looked at can be had again",
        Trigger::HostLive => "a host he follows went live",
        Trigger::Reminder => "he booked a reminder",
        Trigger::CameOnline => "he just came online",
        Trigger::CampaignEnding => "a campaign ends soon",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_below_a_tenth_is_said_with_more_decimals() {
        let said = [0.0, 0.31, -2.0, 9.99, 10.0, 123_456.0].map(money);
        assert_eq!(said, ["0.0000", "0.0031", "-0.0200", "0.0999", "0.10", "1234.56"]);
    }
}
