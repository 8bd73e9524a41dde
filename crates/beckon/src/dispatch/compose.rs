//! Composing: a parcel's facts and a template's words become a message.

use super::spoken::{Spoken, Words};
use super::tap::TapLinks;
use crate::runtime::Node;
use beckon_channels::{Class, Message};
use beckon_copy::{Currency, Facts, Money, Template};
use beckon_core::event;
use beckon_core::id::Term;
use beckon_core::push::{Answer, Push, PushId};
use beckon_core::shard::calling::parcel::{Addressee, Parcel};
use beckon_core::show;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Parsed templates that are kept.
const PARSED_MAX: usize = 4096;

/// Money is in this currency where a product does not name one.
const CURRENCY_DEFAULT: &str = "CNY";

/// A template with the text it was parsed from.
type Parsed = (Arc<show::Template>, Arc<Template>);

/// Puts messages together.
pub struct Composer {
    links: TapLinks,
    /// Templates, parsed; by term, with the text they were parsed from.
    parsed: Mutex<BTreeMap<Term, Parsed>>,
    spoken: Spoken,
}

impl Composer {
    /// A composer whose messages lead to these links.
    pub fn new(links: TapLinks) -> Self {
        Composer { links, parsed: Mutex::new(BTreeMap::new()), spoken: Spoken::default() }
    }

    /// The messages of parcels; and an answer for each that could not be put together or is too late.
    pub fn compose(&self, node: &Node, parcels: &[Parcel]) -> (Vec<Message>, Vec<(PushId, Answer)>) {
        let now = node.clock().now();
        let (mut messages, mut answers) = (Vec::new(), Vec::new());
        for parcel in parcels {
            if now >= parcel.deadline {
                // It would be tried again at its deadline, which is when it expires.
                answers.push((parcel.id, Answer::Later(parcel.deadline)));
                continue;
            }
            match self.message(node, parcel) {
                Ok(message) => {
                    self.spoken.hold(parcel.id, words_of(&message));
                    messages.push(message);
                }
                Err(why) => {
                    tracing::warn!(push = %parcel.id, why, "a message could not be put together");
                    answers.push((parcel.id, Answer::NotComposed));
                }
            }
        }
        (messages, answers)
    }

    /// What a push said, and whether these are the words as they left: what is no longer held, or never left, is put
    /// together from what is true now. `None` if that cannot be done.
    pub fn said(&self, node: &Node, id: PushId, push: &Push) -> Option<(Arc<Words>, bool)> {
        if let Some(held) = self.spoken.of(id) {
            return Some((held, true));
        }
        let message = self.message(node, &again(node, id, push)).ok()?;
        Some((Arc::new(words_of(&message)), false))
    }

    fn message(&self, node: &Node, parcel: &Parcel) -> Result<Message, String> {
        let text = |term: Term| node.names().text(term).unwrap_or_default();
        let found = node.director(|it| {
            let stage = it.stage();
            let on = stage.show(parcel.show)?;
            let catalogue = it.catalogue();
            Some((
                on.show.clone(),
                on.started,
                stage.template(parcel.template)?.clone(),
                catalogue.product(parcel.product).cloned(),
                catalogue.room(on.show.room.term).cloned(),
                catalogue.host(on.show.host.term).cloned(),
            ))
        });
        let (show, started, template, product, room, host) =
            found.ok_or("its show or its template was taken out")?;
        let template = self.parsed(parcel.template, &template)?;
        let currency = product.as_ref().map_or("", |it| &*it.currency);
        let currency = Currency::of(currency).or_else(|| Currency::of(CURRENCY_DEFAULT));
        let money = |cents: u64| {
            (cents > 0).then_some(cents).zip(currency).map(|(cents, currency)| Money { cents, currency })
        };
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut facts = Facts { now: node.clock().now(), ..Facts::default() };
        facts.shopper.offset_min = Some(parcel.offset_min);
        facts.show.title = given(&show.title);
        facts.show.room = room.as_ref().and_then(|it| given(&it.title));
        facts.show.host = host.as_ref().and_then(|it| given(&it.name)).or_else(|| given(&show.host.text));
        facts.show.starts_at = started.is_none().then_some(show.starts);
        facts.show.live = started.is_some();
        facts.show.phase = Some(match parcel.phase {
            show::Phase::WarmUp => beckon_copy::Phase::WarmUp,
            show::Phase::Climax => beckon_copy::Phase::Climax,
            show::Phase::Closing => beckon_copy::Phase::Closing,
        });
        if let Some(product) = &product {
            facts.product.title = given(&product.title).or_else(|| given(&product.id.text));
            facts.product.brand = given(&product.brand.text);
            facts.product.price = money(product.price_cents);
            if parcel.in_cart > 0 {
                facts.cart.product.clone_from(&facts.product.title);
            }
        }
        if let Some(offer) = &parcel.offer {
            facts.offer.price = money(offer.price_cents);
            facts.offer.original_price = money(offer.original_cents);
            facts.offer.stock = offer.stock.map(u64::from);
            facts.offer.ends_at = Some(offer.ends);
        }
        let rendered = template.render(&facts).map_err(|error| error.to_string())?;
        let id = parcel.id.to_string();
        let shopper = parcel.shopper.to_string();
        let (user_id, anonymous_id) =
            if parcel.known { (shopper, String::new()) } else { (String::new(), shopper) };
        Ok(Message {
            id,
            app: parcel.app.to_string(),
            device: parcel.device.to_string(),
            token: parcel.token.to_string(),
            user_id,
            anonymous_id,
            show_id: show.id.text.to_string(),
            room_id: show.room.text.to_string(),
            product_id: product.as_ref().map(|it| it.id.text.to_string()).unwrap_or_default(),
            title: rendered.title,
            body: rendered.body,
            image: product.as_ref().map(|it| it.image.to_string()).unwrap_or_default(),
            link: self.links.link(parcel.id, show.ends),
            class: match parcel.class {
                event::Class::Service => Class::Service,
                event::Class::Marketing => Class::Marketing,
            },
            trigger: parcel.trigger.word().to_owned(),
            arm: text(parcel.template),
            language: template.language.tag().to_owned(),
            expires_at_ms: parcel.deadline.0,
        })
    }

    fn parsed(&self, term: Term, of: &Arc<show::Template>) -> Result<Arc<Template>, String> {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((source, template)) = parsed.get(&term)
            && Arc::ptr_eq(source, of)
        {
            return Ok(template.clone());
        }
        let template = Template::parse(&of.id.text, &of.language.text, &of.title, &of.body);
        let template = Arc::new(template.map_err(|error| error.to_string())?);
        if parsed.len() >= PARSED_MAX {
            parsed.clear();
        }
        parsed.insert(term, (of.clone(), template.clone()));
        Ok(template)
    }
}

fn words_of(message: &Message) -> Words {
    Words {
        title: message.title.as_str().into(),
        body: message.body.as_str().into(),
        link: message.link.as_str().into(),
    }
}

/// A push as it would leave now, as far as its row tells.
fn again(node: &Node, id: PushId, push: &Push) -> Parcel {
    let in_cart = u32::from(push.trigger == show::Trigger::CartHesitation);
    node.director(|it| {
        let offset_min = it.stage().policy().default_offset_min;
        let to = Addressee { offset_min, in_cart, ..Addressee::default() };
        Parcel::of(id, push, to, it.stage())
    })
}
