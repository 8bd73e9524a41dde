//! The director: the catalogue, and how far bulk sources have come.

use crate::codec::change;
use crate::prng::Prng;
use beckon_core::director::catalogue::{Change, Host, Name, Product, Room};
use beckon_core::director::{Admission, Director, Input};
use beckon_core::event::Text;
use beckon_core::id::Term;
use beckon_core::limits::BULK_SOURCES_MAX;
use beckon_core::names::Kind;
use beckon_core::time::Timestamp;

fn name(number: u32, text: &str) -> Name {
    Name { term: Term(number), text: text.into() }
}

fn boot(title: &str) -> Product {
    Product { id: name(1, "boot"), category: name(2, "shoes"), title: title.into(), ..Product::default() }
}

fn apply(director: &mut Director, change: Change) -> bool {
    director.handle(Timestamp(0), Input::Change(change), &mut Vec::new()).unwrap()
}

fn title(director: &Director) -> Option<&str> {
    director.catalogue().product(Term(1)).map(|it| &*it.title)
}

#[test]
fn a_product_is_entered_replaced_and_taken_out() {
    let mut director = Director::default();
    assert!(apply(&mut director, Change::PutProduct(boot("Boot"))));
    assert!(!apply(&mut director, Change::PutProduct(boot("Boot"))), "the same again changes nothing");
    assert!(apply(&mut director, Change::PutProduct(boot("Better boot"))));
    assert_eq!(title(&director), Some("Better boot"));
    assert!(apply(&mut director, Change::DeleteProduct(Term(1))));
    assert!(!apply(&mut director, Change::DeleteProduct(Term(1))));
    assert_eq!(title(&director), None);
}

#[test]
fn a_product_seen_in_an_event_never_overwrites_one_that_is_known() {
    let seen = || Product { seen_only: true, ..boot("") };
    let mut director = Director::default();
    assert!(apply(&mut director, Change::SeenProduct(seen())));
    assert!(!apply(&mut director, Change::SeenProduct(boot("other"))), "not even one that was seen");
    assert!(director.catalogue().product(Term(1)).unwrap().seen_only);
    assert!(apply(&mut director, Change::PutProduct(boot("Boot"))));
    assert!(!apply(&mut director, Change::SeenProduct(seen())));
    assert_eq!(title(&director), Some("Boot"));
    apply(&mut director, Change::DeleteProduct(Term(1)));
    assert!(apply(&mut director, Change::SeenProduct(seen())), "once it is taken out it may be seen again");
}

#[test]
fn hosts_and_rooms_come_and_go_like_products() {
    let host = Host { id: name(3, "lin"), name: "Lin".into(), style: name(4, "calm") };
    let room = Room { id: name(5, "room-1"), title: "Tea".into(), host: name(3, "lin"), ..Room::default() };
    let mut director = Director::default();
    assert!(apply(&mut director, Change::PutHost(host.clone())));
    assert!(apply(&mut director, Change::PutRoom(room.clone())));
    assert!(!apply(&mut director, Change::PutHost(host.clone())));
    assert_eq!(director.catalogue().host(Term(3)).map(|it| &**it), Some(&host));
    assert_eq!(director.catalogue().room(Term(5)).map(|it| &**it), Some(&room));
    assert!(
        apply(&mut director, Change::DeleteHost(Term(3)))
            && apply(&mut director, Change::DeleteRoom(Term(5)))
    );
    assert_eq!((director.catalogue().hosts().len(), director.catalogue().rooms().len()), (0, 0));
}

#[test]
fn what_has_no_name_is_not_entered() {
    let mut director = Director::default();
    assert!(!apply(&mut director, Change::PutProduct(Product::default())));
    assert!(!apply(&mut director, Change::PutHost(Host::default())));
    assert!(!apply(&mut director, Change::PutRoom(Room::default())));
}

#[test]
fn a_reader_keeps_the_entry_he_took_while_it_is_replaced() {
    let mut director = Director::default();
    apply(&mut director, Change::PutProduct(boot("Boot")));
    let taken = director.catalogue().product(Term(1)).unwrap().clone();
    apply(&mut director, Change::PutProduct(boot("Better boot")));
    assert_eq!((&*taken.title, title(&director)), ("Boot", Some("Better boot")));
}

#[test]
fn a_change_names_all_its_names_with_their_kinds() {
    let product =
        Product { brand: name(6, "acme"), host: name(3, "lin"), tags: vec![name(7, "new")], ..boot("") };
    let mut seen = Vec::new();
    let mut each = |kind: Kind, text: Text<'_>| seen.push((kind, text.text.to_owned()));
    Change::PutProduct(product).for_each_name(&mut each);
    Change::PutHost(Host { id: name(3, "lin"), name: "Lin".into(), style: name(4, "calm") })
        .for_each_name(&mut each);
    Change::PutRoom(Room { id: name(5, "room-1"), ..Room::default() }).for_each_name(&mut each);
    Change::DeleteRoom(Term(5)).for_each_name(&mut each);
    let expected = [
        (Kind::Product, "boot"),
        (Kind::Category, "shoes"),
        (Kind::Brand, "acme"),
        (Kind::Host, "lin"),
        (Kind::Tag, "new"),
        (Kind::Host, "lin"),
        (Kind::Style, "calm"),
        (Kind::Room, "room-1"),
    ];
    assert_eq!(seen, expected.map(|(kind, text)| (kind, text.to_owned())));
}

fn advance(director: &mut Director, source: &str, next: u64) -> bool {
    director.handle(Timestamp(0), Input::Bulk { source, next }, &mut Vec::new()).unwrap()
}

#[test]
fn a_bulk_source_continues_where_it_was_and_what_was_sent_before_is_skipped() {
    let mut director = Director::default();
    assert_eq!(director.bulk().admit("file", 0, 100), Admission::Skip(0));
    assert_eq!(director.bulk().admit("file", 5, 100), Admission::Gap { expected: 0 });
    assert!(advance(&mut director, "file", 100));
    assert_eq!(director.bulk().next("file"), 100);
    assert_eq!(director.bulk().admit("file", 0, 100), Admission::Skip(100), "the whole of it again");
    assert_eq!(director.bulk().admit("file", 60, 100), Admission::Skip(40));
    assert_eq!(director.bulk().admit("file", 100, 1), Admission::Skip(0));
    assert_eq!(director.bulk().admit("file", 101, 1), Admission::Gap { expected: 100 });
    assert_eq!(director.bulk().admit("other", 0, 1), Admission::Skip(0));
    assert!(!advance(&mut director, "file", 100) && !advance(&mut director, "file", 7), "never back");
    assert_eq!(director.bulk().admit("file", u64::MAX, 1), Admission::Gap { expected: 100 });
}

#[test]
fn there_are_only_so_many_bulk_sources() {
    let mut director = Director::default();
    for source in 0..BULK_SOURCES_MAX {
        advance(&mut director, &source.to_string(), 1);
    }
    assert_eq!(director.bulk().admit("one more", 0, 1), Admission::TooManySources);
    assert_eq!(director.bulk().admit("7", 1, 1), Admission::Skip(0), "those that are known go on");
}

#[test]
fn time_changes_nothing_while_no_show_is_planned() {
    let (mut director, mut tells) = (Director::default(), Vec::new());
    assert_eq!(director.handle(Timestamp(9), Input::Tick, &mut tells), Ok(false));
    assert_eq!(tells, []);
    assert_eq!(director.next_deadline(), None);
}

fn blocks(director: &Director) -> Vec<Vec<u8>> {
    let mut blocks = Vec::new();
    director
        .write(|block| {
            blocks.push(block.to_vec());
            Ok::<(), ()>(())
        })
        .unwrap();
    blocks
}

#[test]
fn a_director_that_was_written_and_read_is_the_same_and_behaves_the_same() {
    for seed in 0..50 {
        let mut prng = Prng(seed);
        let mut one = Director::default();
        let mut step = |one: &mut Director| match prng.below(5) {
            0 => {
                let (source, next) = (prng.pick(&["a", "b", "c"]), prng.next() >> 40);
                (None, Some((source, next)), advance(one, source, next))
            }
            _ => {
                let change = change(&mut prng);
                (Some(change.clone()), None, apply(one, change))
            }
        };
        (0..300).for_each(|_| drop(step(&mut one)));
        let mut other = Director::default();
        for (at, block) in blocks(&one).iter().enumerate() {
            other.restore(block, at == 0).unwrap();
        }
        assert_eq!(blocks(&other), blocks(&one), "seed {seed}");
        for _ in 0..300 {
            let (change, bulk, changed) = step(&mut one);
            let changed_too = match (change, bulk) {
                (Some(change), _) => apply(&mut other, change),
                (_, Some((source, next))) => advance(&mut other, source, next),
                _ => unreachable!(),
            };
            assert_eq!(changed_too, changed, "seed {seed}");
        }
        assert_eq!((blocks(&other), other.bulk()), (blocks(&one), one.bulk()), "seed {seed}");
    }
}

#[test]
fn a_large_catalogue_is_written_in_several_blocks() {
    let mut director = Director::default();
    for number in 1..=3_000 {
        let long =
            Product { id: name(number, &number.to_string()), image: "x".repeat(1_000).into(), ..boot("") };
        apply(&mut director, Change::PutProduct(long));
    }
    let written = blocks(&director);
    assert!(written.len() >= 4 && written.iter().all(|it| it.len() < 2 << 20));
    let mut other = Director::default();
    for (at, block) in written.iter().enumerate() {
        other.restore(block, at == 0).unwrap();
    }
    assert_eq!(other.catalogue().products().len(), 3_000);
}

#[test]
fn an_empty_director_is_written_and_read() {
    let written = blocks(&Director::default());
    assert_eq!(written.len(), 1);
    assert_eq!(Director::default().restore(&written[0], true), Ok(()));
}
