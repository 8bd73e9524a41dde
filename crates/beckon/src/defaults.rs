//! What a server begins with: templates for every trigger, so that a first show has words.

use crate::gateway::needs_offer;
use crate::runtime::{Node, NotTaken};
use beckon_copy::{Template, defaults};
use beckon_core::director::catalogue::{Change, Name};
use beckon_core::event::Text;
use beckon_core::names::Kind;
use beckon_core::show::{self, Trigger};
use beckon_core::stage::Staged;

/// Enters the templates to begin with, as one journalled record, if there is no template at all.
pub async fn enter_defaults(node: &Node) -> Result<(), NotTaken> {
    if node.director(|it| it.stage().templates().len() > 0) {
        return Ok(());
    }
    let named = |kind: Kind, text: &str| Name::from(Text { term: node.names().intern(kind, text), text });
    let mut changes = Vec::new();
    for spec in defaults() {
        // Their texts and triggers are checked by tests; what could not be used is better left out.
        let Ok(parsed) = Template::parse(spec.id, spec.language, spec.title, spec.body) else { continue };
        let Some(trigger) = Trigger::ALL.into_iter().find(|it| it.word() == spec.trigger_word) else {
            continue;
        };
        changes.push(Change::Staged(Staged::PutTemplate(show::Template {
            id: named(Kind::Template, spec.id),
            language: named(Kind::Language, spec.language),
            triggers: trigger.bit(),
            product: Name::default(),
            price_led: spec.arm == "price",
            needs_offer: needs_offer(&parsed),
            title: spec.title.into(),
            body: spec.body.into(),
        })));
    }
    node.change(&changes).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trigger_has_templates_to_begin_with_and_every_template_a_trigger() {
        for spec in defaults() {
            assert!(Trigger::ALL.iter().any(|it| it.word() == spec.trigger_word), "{}", spec.id);
        }
        for trigger in Trigger::ALL {
            assert!(defaults().iter().any(|it| it.trigger_word == trigger.word()), "{}", trigger.word());
        }
    }
}
