//! What an export holds beside the profile, and that every shape is read back as it was written.

use super::{DAY, T0, ann, check, check_round_trip, kept, names, shown, week_of_ann};
use beckon_core::event::{Act, AddressWord, Device};
use beckon_core::profile::columns::row_size;
use beckon_core::profile::{HistoryPage, HotPage};
use beckon_core::time::Timestamp;
use beckon_wire::shape::{Export, Profile, stats};
use expect_test::expect;

#[test]
fn a_token_shows_its_fingerprint_in_a_profile_and_all_of_itself_in_an_export() {
    let of = |token| {
        let mut event = ann(T0, Act::Other { raw: "" });
        event.context.device =
            Some(Device { id: "phone-1", address: AddressWord::of("ios", token), ..Device::default() });
        let export = Export::of(&kept(&[event]), &names, Timestamp::from_secs(T0), 0);
        let device = &export.profile.attributes.devices[0];
        (device.token_fingerprint.clone(), device.has_token, export.held.devices[0].token.clone())
    };
    check(
        &[of("0123456789abcdef0123456789abcdef"), of("short-token"), of("")],
        expect![[r#"
            [
              [
                "bdda9f5921ab",
                true,
                "0123456789abcdef0123456789abcdef"
              ],
              [
                "11c59429113a",
                true,
                "short-token"
              ],
              [
                null,
                false,
                null
              ]
            ]"#]],
    );
}

#[test]
fn an_export_holds_every_date_trait_token_and_column() {
    let kept = kept(&week_of_ann());
    let mut export = Export::of(&kept, &names, Timestamp::from_secs(T0 + 5 * DAY), 480);
    check_round_trip(&export);
    assert_eq!(export.profile, Profile::of(&kept, &names, Timestamp::from_secs(T0 + 5 * DAY), 480));
    let digits: usize = export.held.columns.iter().map(|it| it.bytes.len()).sum();
    assert_eq!(digits, 2 * (row_size::<HotPage>() + row_size::<HistoryPage>()));
    export.held.columns.clear();
    check(
        &export.held,
        expect![[r#"
        {
          "attributes_set": [
            {
              "attribute": "birth_year",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "sex",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "region",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "city_tier",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "language",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "spending_power",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "consent.in_app.marketing",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "attribute": "consent.web_push.marketing",
              "at": "2023-11-13T01:00:00Z"
            }
          ],
          "traits": [
            {
              "name": "nickname",
              "json": "null",
              "at": "2023-11-13T01:00:00Z"
            },
            {
              "name": "plan",
              "json": "{\"tier\":\"gold\",\"since\":2021}",
              "at": "2023-11-13T01:00:00Z"
            }
          ],
          "devices": [
            {
              "id": "phone-1",
              "token": "0123456789abcdef0123456789abcdef"
            }
          ],
          "interests": [
            {
              "list": "categories",
              "term": 11,
              "name": "silk",
              "level": 1476622232
            },
            {
              "list": "categories",
              "term": 12,
              "name": "tea",
              "level": 1476232818
            },
            {
              "list": "brands",
              "term": 1,
              "name": "acme",
              "level": 1473623771
            },
            {
              "list": "hosts",
              "term": 4,
              "name": "lin",
              "level": 1477532823
            },
            {
              "list": "hosts",
              "term": 5,
              "name": "mei",
              "level": 1473623771
            },
            {
              "list": "hosting_styles",
              "term": 3,
              "name": "calm",
              "level": 1477532823
            },
            {
              "list": "tags",
              "term": 6,
              "name": "new",
              "level": 1473623771
            },
            {
              "list": "price_bands",
              "term": 4,
              "level": 1476622232
            },
            {
              "list": "price_bands",
              "term": 3,
              "level": 1476232818
            }
          ],
          "days": [
            {
              "term": 12,
              "category": "tea",
              "last_day": "2023-11-18",
              "touches": [
                1,
                0,
                0,
                0,
                1,
                1,
                0
              ]
            },
            {
              "term": 11,
              "category": "silk",
              "last_day": "2023-11-15",
              "touches": [
                1,
                1,
                0,
                0,
                0,
                0,
                0
              ]
            }
          ],
          "columns": []
        }"#]],
    );
}

#[test]
fn what_is_written_is_read_back_the_same() {
    check_round_trip(&shown(&week_of_ann(), T0 + 6 * DAY));
    let stats = stats::Stats { memory: stats::Memory::of([256, 640, 100, 4], 2), ..Default::default() };
    check_round_trip(&stats);
    check(
        &stats.memory,
        expect![[r#"
        {
          "hot_bytes": 256,
          "history_bytes": 640,
          "cold_bytes": 100,
          "index_bytes": 4,
          "bytes_per_shopper": 500
        }"#]],
    );
    assert_eq!(stats::Memory::of([4096, 0, 0, 0], 0).bytes_per_shopper, 0);
}

#[cfg(feature = "openapi")]
#[test]
fn no_two_shapes_share_the_name_of_their_schema() {
    use beckon_wire::shape::{Host, Page, Product, Room, Stats};
    use utoipa::ToSchema;
    let mut schemas = Vec::new();
    Export::schemas(&mut schemas);
    Stats::schemas(&mut schemas);
    Page::<Product>::schemas(&mut schemas);
    Page::<Host>::schemas(&mut schemas);
    Page::<Room>::schemas(&mut schemas);
    let mut by_name = std::collections::BTreeMap::new();
    for (name, schema) in schemas {
        let first = by_name.entry(name.clone()).or_insert_with(|| schema.clone());
        assert!(*first == schema, "two shapes are called {name}");
    }
    check(
        &by_name.into_keys().collect::<Vec<_>>(),
        expect![[r#"
            [
              "App",
              "AttributeSet",
              "Attributes",
              "Battery",
              "Behaviour",
              "CartHesitation",
              "Channel",
              "Connection",
              "ConnectionState",
              "Consent",
              "ConsentState",
              "DedupCounts",
              "Derived",
              "Device",
              "Engagement",
              "EventCounts",
              "Fact_bool",
              "Fact_u32",
              "Funnel",
              "Heard_InRoom",
              "Heard_String",
              "Heard_bool",
              "Heard_u32",
              "Heard_u8",
              "Held",
              "HeldColumn",
              "HeldDays",
              "HeldDevice",
              "HeldInterest",
              "HeldTrait",
              "HesitationEvidence",
              "HostInput",
              "InCart",
              "Interest",
              "Interests",
              "Lag",
              "LiveState",
              "Memory",
              "MoneySpent",
              "Orders",
              "Permission",
              "PriceBand",
              "PriceSensitivity",
              "ProductInput",
              "Profile",
              "ProfileKind",
              "Rates",
              "Recent",
              "Rhythm",
              "RoomInput",
              "Since",
              "SourceCounts",
              "TimeZone",
              "Touched"
            ]"#]],
    );
}
