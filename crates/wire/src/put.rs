//! Reads the body of a control call: strictly, and so that what is wrong with it is named by its place.
//!
//! Derived readers take an array for an object, its items for the fields in their order. Nobody means that,
//! and the API's description does not allow it: `Strict` refuses it wherever it stands.

use crate::collect::is_object;
use crate::problem::{Code, Problem};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};
use std::fmt;

/// Reads a JSON object. A misspelt field, or one of another kind, is an error with the field's JSON pointer.
pub fn read<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Problem> {
    let bad = |code, detail: String| Err(Problem::new(code).with_detail(detail));
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => return bad(Code::BadJson, format!("not UTF-8 at byte {}", error.valid_up_to())),
    };
    if !is_object(text) {
        return match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => bad(Code::BadBody, "the body must be a JSON object".into()),
            Err(error) => bad(Code::BadJson, error.to_string()),
        };
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(Strict::<_>(&mut json)).map_err(|error| {
        let path = error.path().clone();
        problem(&path, &error.into_inner())
    })?;
    json.end().map_err(|error| problem_without_place(&error))?;
    Ok(read)
}

fn problem_without_place(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let code = match error.classify() {
        Category::Data if text.starts_with(UNKNOWN) => Code::FieldUnknown,
        Category::Data => Code::FieldInvalid,
        _ => Code::BadJson,
    };
    Problem::new(code).with_detail(text)
}

const UNKNOWN: &str = "unknown field `";
const MISSING: &str = "missing field `";

fn problem(path: &Path, error: &serde_json::Error) -> Problem {
    let mut problem = problem_without_place(error);
    if problem.code != Code::BadJson {
        problem.field = pointer(path, problem.detail.as_deref().unwrap_or_default());
    }
    problem
}

/// The JSON pointer (RFC 6901) of what an error is about. A field that is missing is named by the error alone, one
/// that is not known sometimes so.
fn pointer(path: &Path, error: &str) -> Option<String> {
    let mut names: Vec<String> = path
        .iter()
        .filter_map(|it| match it {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    let missing = error.strip_prefix(MISSING).and_then(|it| it.split("` at ").next());
    let unknown = error.strip_prefix(UNKNOWN).and_then(|it| it.split("`, ").next()?.split("` at ").next());
    let named = missing.or(unknown).map(|it| it.trim_end_matches('`'));
    names.extend(named.filter(|it| names.last().is_none_or(|last| last != it)).map(str::to_owned));
    let escaped = names.iter().map(|it| format!("/{}", it.replace('~', "~0").replace('/', "~1")));
    (!names.is_empty()).then(|| escaped.collect())
}

/// Hands everything through, and asks for an object where a struct is wanted. Where a whole number is `WANTED`, one
/// written as `5.0` will do: JSON Schema calls it an integer, and some writers know no other way.
struct Strict<T, const WANTED: bool = false>(T);

macro_rules! hand_through {
    ($wanted:literal: $($name:ident)+) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.0.$name(Strict::<V, $wanted>(visitor))
        }
    )+};
}

/// Up to here every whole number is one of 64 bits.
const WHOLE_MAX: f64 = (1u64 << 53) as f64;

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    hand_through! { false:
        deserialize_any deserialize_bool deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option deserialize_unit
        deserialize_seq deserialize_map deserialize_identifier deserialize_ignored_any
    }
    hand_through! { true:
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_map(Strict::<V>(visitor))
    }
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_unit_struct(name, Strict::<V>(visitor))
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_newtype_struct(name, Strict::<V>(visitor))
    }
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.deserialize_tuple(len, Strict::<V>(visitor))
    }
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_tuple_struct(name, len, Strict::<V>(visitor))
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_enum(name, variants, Strict::<V>(visitor))
    }
    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! visit_through {
    ($($name:ident($kind:ty))+) => {$(
        fn $name<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            self.0.$name(value)
        }
    )+};
}

impl<'de, V: Visitor<'de>, const WANTED: bool> Visitor<'de> for Strict<V, WANTED> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    visit_through! {
        visit_bool(bool) visit_i64(i64) visit_i128(i128) visit_u64(u64) visit_u128(u128)
        visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
        visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        if WANTED && value.fract() == 0.0 && value.abs() <= WHOLE_MAX {
            return if value < 0.0 { self.0.visit_i64(value as i64) } else { self.0.visit_u64(value as u64) };
        }
        self.0.visit_f64(value)
    }
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict::<D>(deserializer))
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict::<D>(deserializer))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict::<A>(seq))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict::<A>(map))
    }
    // The enums that are put are words: their variants hold nothing to look into.
    fn visit_enum<A: EnumAccess<'de>>(self, word: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(word)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Strict::<S>(seed))
    }
    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict::<S>(seed))
    }
    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict::<D>(deserializer))
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::shape::template::PreviewInput;
    use crate::shape::{Advance, Cue, PolicyInput, ProductImport, ProductInput, ShowInput};
    use serde::Deserialize;

    /// Code and field of the refusal.
    fn refused<'b, T: Deserialize<'b> + std::fmt::Debug>(body: &'b str) -> (&'static str, Option<String>) {
        let problem = read::<T>(body.as_bytes()).unwrap_err();
        (problem.code.word(), problem.field)
    }

    #[test]
    fn an_array_never_stands_for_an_object() {
        assert_eq!(refused::<ProductInput>(r#" ["Serum"]"#), ("bad-body", None));
        assert_eq!(refused::<Cue>(r#"["start"]"#), ("bad-body", None));
        assert_eq!(refused::<Advance>("7"), ("bad-body", None));
        let facts = |facts: &str| {
            let body = format!(r#"{{"language":"en","title":"t","body":"b","facts":{facts}}}"#);
            let refused = read::<PreviewInput>(body.as_bytes()).err().map(|it| (it.code.word(), it.field));
            refused.map(|(code, field)| (code, field.unwrap_or_default()))
        };
        assert_eq!(facts(r#"{"show":{"host":"Mei"},"cart":{"items":null}}"#), None);
        assert_eq!(facts("[null,null]"), Some(("field-invalid", "/facts".into())));
        assert_eq!(facts(r#"{"show":["Mei"]}"#), Some(("field-invalid", "/facts/show".into())));
        assert_eq!(facts(r#"{"show":{"hosst":"Mei"}}"#), Some(("field-unknown", "/facts/show/hosst".into())));
        let at = |body| refused::<PolicyInput>(body).1.unwrap();
        assert_eq!(at(r#"{"quiet_hours":["22:30","08:00"]}"#), "/quiet_hours");
        assert_eq!(at(r#"{"holdouts":[1,2,3]}"#), "/holdouts");
        assert_eq!(refused::<ProductImport>(r#"{"items":[["p-1"]]}"#).1.unwrap(), "/items/0");
    }

    #[test]
    fn an_item_of_an_import_is_read_as_strictly_as_what_is_put_alone() {
        let read = read::<ProductImport>(br#"{"items":[{"id":"p-1","title":"Tea","price":12.5}]}"#).unwrap();
        assert_eq!((&*read.items[0].product.title, read.items[0].product.price), ("Tea", 1250));
        let refused =
            |item: &str| refused::<ProductImport>(&format!(r#"{{"items":[{{"id":"p-1"}},{item}]}}"#));
        let at = |code, place: &str| (code, Some(place.to_owned()));
        assert_eq!(refused(r#"{"id":"p-2","titel":"Tea"}"#), at("field-unknown", "/items/1/titel"));
        assert_eq!(refused(r#"{"title":"Tea"}"#), at("field-invalid", "/items/1/id"));
        assert_eq!(refused(r#"{"id":"p-2","price":null}"#).0, "field-invalid");
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        let show = |body| refused::<ShowInput>(body);
        let at = |code, place: &str| (code, Some(place.to_owned()));
        assert_eq!(show(r#"{"colour":"red"}"#), at("field-unknown", "/colour"));
        assert_eq!(show(r#"{"a/b~c":1}"#), at("field-unknown", "/a~1b~0c"));
        assert_eq!(show(r#"{"room_id":"r"}"#), at("field-invalid", "/title"));
        assert_eq!(show(r#"{"room_id":7}"#), at("field-invalid", "/room_id"));
        assert_eq!(
            show(r#"{"slots":[{"product_id":"p","starts_at":"noon"}]}"#).1.unwrap(),
            "/slots/0/starts_at"
        );
        assert_eq!(show(r#"{"slots":[{"product_id":"p"}]}"#).1.unwrap(), "/slots/0/starts_at");
        assert_eq!(refused::<Cue>(r#"{"cue":"start","price":1}"#), at("field-unknown", "/price"));
        assert_eq!(refused::<Cue>(r#"{"cue":"stock","offer_id":"o"}"#), at("field-invalid", "/stock"));
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        assert_eq!(read::<Advance>(br#"{"by_ms":6e4}"#).unwrap(), Advance::ByMs(60_000));
        assert_eq!(read::<Advance>(br#"{"to":-5.0}"#).unwrap(), Advance::To(-5));
        assert_eq!(read::<PolicyInput>(br#"{"day_cap":3.0}"#).unwrap().day_cap, 3);
        for body in
            [r#"{"day_cap":3.5}"#, r#"{"day_cap":-1.0}"#, r#"{"day_cap":256.0}"#, r#"{"day_cap":1e300}"#]
        {
            assert_eq!(refused::<PolicyInput>(body), ("field-invalid", Some("/day_cap".into())), "{body}");
        }
    }

    #[test]
    fn what_is_not_json_is_not_called_a_wrong_field() {
        for body in ["", "nope", "{", r#"{"to":5"#, r#"{"to":5} x"#, "{\"to\":\u{1}}"] {
            assert_eq!(refused::<Advance>(body), ("bad-json", None), "{body}");
        }
        assert_eq!(read::<Advance>(b"\xff{}").unwrap_err().code.word(), "bad-json");
    }

    #[test]
    fn a_clock_is_moved_to_an_instant_or_by_a_span() {
        assert_eq!(read::<Advance>(br#"{"by_ms":60000}"#).unwrap(), Advance::ByMs(60_000));
        for body in ["{}", r#"{"to":1,"by_ms":2}"#, r#"{"to":1,"by_ms":null}"#, r#"{"to":null}"#] {
            assert_eq!(refused::<Advance>(body).0, "field-invalid", "{body}");
        }
        assert_eq!(refused::<Advance>(r#"{"until":1}"#).0, "field-unknown");
    }
}
