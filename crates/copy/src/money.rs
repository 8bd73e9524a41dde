//! Money as a shopper reads it: `¥199`, `¥19.9`, `$19.90`.

/// An amount in hundredths of a currency's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// Hundredths.
    pub cents: u64,
    /// Of which currency.
    pub currency: Currency,
}

/// A currency by its ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency([u8; 3]);

/// How currencies are written before an amount. Those that share a sign carry their country.
const SIGNS: [(&str, &str); 12] = [
    ("CNY", "¥"),
    ("USD", "$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("JPY", "JP¥"),
    ("KRW", "₩"),
    ("HKD", "HK$"),
    ("TWD", "NT$"),
    ("SGD", "S$"),
    ("INR", "₹"),
    ("THB", "฿"),
    ("VND", "₫"),
];

impl Currency {
    /// Chinese yuan.
    pub const CNY: Currency = Currency(*b"CNY");
    /// US dollar.
    pub const USD: Currency = Currency(*b"USD");

    /// From an ISO 4217 code in capitals; `None` if it is not three of them.
    pub fn of(code: &str) -> Option<Self> {
        let code: [u8; 3] = code.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Currency(code))
    }

    /// Its code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("")
    }
}

impl Money {
    /// With its sign before it; `grouped` puts commas between thousands. Whole amounts have no
    /// decimals, yuan no trailing zero.
    pub fn written(self, grouped: bool) -> String {
        let (whole, cents) = (self.cents / 100, self.cents % 100);
        let whole = if grouped { group(whole) } else { whole.to_string() };
        let amount = match (cents, self.currency) {
            (0, _) => whole,
            (cents, Currency::CNY) if cents % 10 == 0 => format!("{whole}.{}", cents / 10),
            (cents, _) => format!("{whole}.{cents:02}"),
        };
        match SIGNS.iter().find(|it| it.0 == self.currency.code()) {
            Some((_, sign)) => format!("{sign}{amount}"),
            None => format!("{} {amount}", self.currency.code()),
        }
    }
}

/// A number with commas between thousands.
pub(crate) fn group(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_their_currency_does_it() {
        let written =
            |cents, code, grouped| Money { cents, currency: Currency::of(code).unwrap() }.written(grouped);
        assert_eq!(written(19_900, "CNY", false), "¥199");
        assert_eq!(written(1_990, "CNY", false), "¥19.9");
        assert_eq!(written(1_999, "CNY", false), "¥19.99");
        assert_eq!(written(1_990, "USD", true), "$19.90");
        assert_eq!(written(123_456_700, "USD", true), "$1,234,567");
        assert_eq!(written(500, "CHF", true), "CHF 5");
        assert_eq!((Currency::of("usd"), Currency::of("EURO")), (None, None));
    }
}
