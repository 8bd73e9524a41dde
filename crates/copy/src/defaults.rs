//! Templates to begin with: for every trigger two ways to say it, in Chinese and English. The value comes
//! first, all numbers are facts, and nothing is said that the trigger does not make true.

use beckon_core::event::Class;

/// A template as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateSpec {
    /// Its id: trigger, arm and language.
    pub id: &'static str,
    /// What distinguishes it from the other ways to say the same.
    pub arm: &'static str,
    /// BCP 47 tag.
    pub language: &'static str,
    /// For which trigger.
    pub trigger_word: &'static str,
    /// Title, in Liquid.
    pub title: &'static str,
    /// Body, in Liquid.
    pub body: &'static str,
    /// Service where the shopper asked for it; else marketing.
    pub class: Class,
}

/// Writes the specs of one trigger from its arms.
macro_rules! specs {
    ($($trigger:literal, $class:ident { $($arm:literal: $language:literal, $title:literal, $body:literal;)+ })+) => {
        &[$($(TemplateSpec {
            id: concat!($trigger, ".", $arm, ".", $language),
            arm: $arm,
            language: $language,
            trigger_word: $trigger,
            title: $title,
            body: $body,
            class: Class::$class,
        },)+)+]
    };
}

const DEFAULTS: &[TemplateSpec] = specs! {
    "moment", Marketing {
        "price": "zh", "{{ offer.price }} {{ product.short_title }}",
            "原价 {{ offer.original_price }}，现在省 {{ offer.saves }}。{{ show.host }} 的直播间{% if show.starts_in %}{{ show.starts_in }}后开播{% else %}正在直播{% endif %}。";
        "product": "zh", "{% if offer.price %}{{ offer.price }}{% else %}{{ product.price }}{% endif %} {{ product.short_title }}",
            "平时 {{ product.price }}。{{ show.title }}{% if show.starts_in %} {{ show.starts_in }}后开播{% else %} 正在直播{% endif %}，{{ show.host }} 会讲细节。";
        "price": "en", "{{ offer.price }}: {{ product.short_title }}",
            "Was {{ offer.original_price }}: you save {{ offer.saves }}. {{ show.host }} {% if show.starts_in %}goes live in {{ show.starts_in }}{% else %}is live{% endif %}.";
        "product": "en", "{% if offer.price %}{{ offer.price }}{% else %}{{ product.price }}{% endif %}: {{ product.short_title }}",
            "Usually {{ product.price }}. {{ show.host }} {% if show.starts_in %}goes live in {{ show.starts_in }}{% else %}is live{% endif %} and shows it in detail.";
    }
    "phase_begins", Marketing {
        "price": "zh", "{{ offer.price }} {{ product.short_title }} 正在直播",
            "{{ show.host }} 正在直播，原价 {{ offer.original_price }}，现在省 {{ offer.saves }}。点开就看。";
        "stock": "zh", "仅 {{ offer.stock }} 件 {{ product.short_title }} {{ offer.price }}",
            "{{ show.title }} 现在开抢，卖完即止。";
        "price": "en", "{{ offer.price }} {{ product.short_title }}, live now",
            "{{ show.host }} is live. Was {{ offer.original_price }}: you save {{ offer.saves }}.";
        "stock": "en", "{{ offer.stock }} left at {{ offer.price }}",
            "{{ product.short_title }} is on now in {{ show.title }}, while stock lasts.";
    }
    "cart_hesitation", Marketing {
        "saves": "zh", "省 {{ offer.saves }} 购物车里的 {{ cart.product }}",
            "直播价 {{ offer.price }}，原价 {{ offer.original_price }}。{{ show.host }} 正在直播间为你讲细节。";
        "price": "zh", "{{ offer.price }} {{ cart.product }} 还在等你",
            "你加购的它，直播间现在 {{ offer.price }}，还剩 {{ offer.stock }} 件。有疑问可以直接问 {{ show.host }}。";
        "saves": "en", "Save {{ offer.saves }} on what you carted",
            "{{ cart.product }} is {{ offer.price }} in the live show, down from {{ offer.original_price }}.";
        "price": "en", "{{ offer.price }} live: {{ cart.product }}",
            "It is still in your cart. {{ offer.stock }} left; ask {{ show.host }} anything before you decide.";
    }
    "offer_ending", Marketing {
        "time": "zh", "还剩 {{ offer.ends_in }} {{ product.short_title }}",
            "直播价 {{ offer.price }}，原价 {{ offer.original_price }}，现在省 {{ offer.saves }}。";
        "price": "zh", "{{ offer.price }} 即将结束 {{ product.short_title }}",
            "还剩 {{ offer.ends_in }}、{{ offer.stock }} 件。{{ show.host }} 的直播间等你来。";
        "time": "en", "{{ offer.ends_in }} left: {{ product.short_title }}",
            "{{ offer.price }} in the live show instead of {{ offer.original_price }}.";
        "price": "en", "{{ offer.price }} ends soon",
            "{{ product.short_title }}: {{ offer.ends_in }} and {{ offer.stock }} left with {{ show.host }}.";
    }
    "price_drop", Marketing {
        "price": "zh", "{{ offer.price }} 你看过的 {{ product.short_title }} 降价了",
            "原价 {{ offer.original_price }}，直播间现在省 {{ offer.saves }}。";
        "discount": "zh", "{{ offer.discount }} {{ product.short_title }}",
            "你看过的它降到 {{ offer.price }}（原价 {{ offer.original_price }}），就在 {{ show.host }} 的直播间。";
        "price": "en", "Now {{ offer.price }}: {{ product.short_title }}",
            "You looked at it before. It was {{ offer.original_price }}; in the live show you save {{ offer.saves }}.";
        "discount": "en", "{{ offer.discount }} {{ product.short_title }}",
            "Something you looked at is down to {{ offer.price }} with {{ show.host }}, live now.";
    }
    "product_pinned", Marketing {
        "price": "zh", "{{ offer.price }} {{ product.short_title }} 正在讲解",
            "{{ show.host }} 刚刚上架，还有 {{ offer.stock }} 件。想看细节，现在进来正好。";
        "discount": "zh", "{{ offer.discount }} {{ product.short_title }}",
            "{{ offer.price }}，原价 {{ offer.original_price }}。{{ show.host }} 正在直播间展示。";
        "price": "en", "{{ offer.price }}: {{ product.short_title }}",
            "{{ show.host }} is showing it right now. {{ offer.stock }} in stock.";
        "discount": "en", "{{ offer.discount }}: {{ product.short_title }}",
            "{{ offer.price }} instead of {{ offer.original_price }}. {{ show.host }} is showing it live.";
    }
    "back_in_stock", Marketing {
        "stock": "zh", "补货 {{ offer.stock }} 件 {{ product.short_title }}",
            "{{ offer.price }}，就在 {{ show.host }} 的直播间，现在可以下单。";
        "price": "zh", "{{ offer.price }} {{ product.short_title }} 补货了",
            "新到 {{ offer.stock }} 件，{{ show.host }} 直播间现在可以下单。";
        "stock": "en", "{{ offer.stock }} back in stock",
            "{{ product.short_title }} at {{ offer.price }}, live with {{ show.host }}.";
        "price": "en", "{{ offer.price }} and back in stock",
            "{{ product.short_title }} has returned: {{ offer.stock }} pieces in the live show.";
    }
    "host_live", Marketing {
        "price": "zh", "{{ offer.price }} {{ show.host }} 开播啦",
            "{{ show.title }}：{{ product.short_title }}，原价 {{ offer.original_price }}。";
        "discount": "zh", "{{ offer.discount }} {{ show.host }} 直播中",
            "你关注的主播开播了：{{ product.short_title }}，直播价 {{ offer.price }}。";
        "price": "en", "{{ offer.price }} with {{ show.host }}, live",
            "{{ show.title }} is on, with {{ product.short_title }} (was {{ offer.original_price }}).";
        "discount": "en", "{{ offer.discount }}: {{ show.host }} is live",
            "The host you follow has {{ product.short_title }} at {{ offer.price }}.";
    }
    "came_online", Marketing {
        "price": "zh", "{{ offer.price }} {{ product.short_title }}",
            "{{ show.host }} 正在直播，还剩 {{ offer.ends_in }}。现在进来还赶得上。";
        "time": "zh", "还有 {{ offer.ends_in }} {{ product.short_title }}",
            "直播价 {{ offer.price }}，原价 {{ offer.original_price }}。{{ show.title }} 正在进行。";
        "price": "en", "{{ offer.price }} {{ product.short_title }}",
            "{{ show.host }} is live, and the offer runs for another {{ offer.ends_in }}.";
        "time": "en", "{{ offer.ends_in }} to get {{ product.short_title }}",
            "{{ offer.price }} instead of {{ offer.original_price }} in {{ show.title }}, live now.";
    }
    "campaign_ending", Marketing {
        "price": "zh", "{{ offer.price }} {{ product.short_title }} 大促将结束",
            "原价 {{ offer.original_price }}，{{ show.host }} 的直播间现在省 {{ offer.saves }}。";
        "saves": "zh", "省 {{ offer.saves }} {{ product.short_title }}",
            "大促快结束了，{{ show.host }} 的直播间还是 {{ offer.price }}，原价 {{ offer.original_price }}。";
        "price": "en", "{{ offer.price }} before the sale ends",
            "{{ product.short_title }} was {{ offer.original_price }}; with {{ show.host }} you save {{ offer.saves }}.";
        "saves": "en", "Save {{ offer.saves }}: the sale ends soon",
            "{{ product.short_title }} is {{ offer.price }} in the live show, down from {{ offer.original_price }}.";
    }
    "reminder", Service {
        // A show may begin before its time: then there is no start to speak of any more.
        "soon": "zh", "{% if show.live %}{{ show.live }}{% else %}{{ show.starts_in }}后开播{% endif %} {{ show.host }}",
            "你预约的 {{ show.title }}，点开即可进入直播间。";
        "clock": "zh", "{% if show.live %}{{ show.live }}{% else %}{{ show.starts_at }} 开播{% endif %} {{ show.host }}",
            "你预约了 {{ show.title }}，直播间见。";
        "soon": "en", "{% if show.live %}{{ show.live }}{% else %}In {{ show.starts_in }}{% endif %}: {{ show.host }}",
            "{{ show.title }}, which you asked us to remind you of.";
        "clock": "en", "{% if show.live %}{{ show.live }}{% else %}Live at {{ show.starts_at }}{% endif %}: {{ show.host }}",
            "Your reminder for {{ show.title }}.";
    }
};

/// Templates to begin with.
pub fn defaults() -> Vec<TemplateSpec> {
    DEFAULTS.to_vec()
}
