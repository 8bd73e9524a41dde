//! The guard, network by network: each first and last address, and the neighbours outside.

use beckon_channels::guard::{Policy, Refusal};
use std::net::IpAddr;

const STRICT: Policy = Policy { allow_http: false, allow_private: false };
const INSIDE: Policy = Policy { allow_http: true, allow_private: true };

fn judge(policy: Policy, address: &str) -> &'static str {
    match policy.judge(address.parse().unwrap()) {
        Ok(()) => "public",
        Err(Refusal::Private { .. }) => "private",
        Err(Refusal::Never { .. }) => "never",
        Err(other) => panic!("{other}"),
    }
}

fn check(expected: &str, addresses: &[&str]) {
    for address in addresses {
        assert_eq!(judge(STRICT, address), expected, "{address}");
        let inside = if expected == "private" { "public" } else { expected };
        assert_eq!(judge(INSIDE, address), inside, "{address}, private networks allowed");
    }
}

#[test]
fn the_open_internet_may_be_called() {
    check(
        "public",
        &["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"],
    );
    check("public", &["128.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"]);
    check("public", &["198.17.255.255", "198.20.0.0", "223.255.255.255", "169.253.255.255", "192.0.1.0"]);
    check("public", &["2606:4700::1111", "2400:3200::1", "2001:4860:4860::8888", "2001:200::1", "3ffe::1"]);
}

#[test]
fn networks_of_our_own_side_need_leave() {
    check("private", &["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0"]);
    check("private", &["192.168.255.255", "127.0.0.1", "127.255.255.255", "100.64.0.0", "100.127.255.255"]);
    check("private", &["::1", "fc00::1", "fdff:ffff::1"]);
}

#[test]
fn what_no_server_lives_at_is_never_called() {
    check("never", &["0.0.0.0", "0.1.2.3", "169.254.0.1", "192.0.0.8", "192.0.2.1", "198.51.100.7"]);
    check("never", &["203.0.113.255", "192.88.99.1", "198.18.0.0", "198.19.255.255", "224.0.0.1"]);
    check("never", &["239.255.255.255", "240.0.0.1", "255.255.255.255"]);
    check(
        "never",
        &["::", "fe80::1", "febf::1", "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "2001:1ff::1"],
    );
    check(
        "never",
        &["3fff::1", "2002:7f00:1::", "100::1", "5f00::1", "64:ff9b:1::1", "::127.0.0.1", "4000::1"],
    );
}

#[test]
fn what_hands_out_a_machines_credentials_is_never_called_even_inside() {
    check("never", &["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192"]);
    check("never", &["fd00:ec2::254", "fd20:ce::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"]);
}

#[test]
fn an_address_within_an_address_is_judged_as_what_it_is() {
    check("private", &["::ffff:127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::7f00:1", "64:ff9b::c0a8:1"]);
    check("public", &["::ffff:1.1.1.1", "64:ff9b::101:101"]);
}

#[test]
fn only_admitted_addresses_come_back() {
    let all = |texts: &[&str]| -> Vec<IpAddr> { texts.iter().map(|it| it.parse().unwrap()).collect() };
    let mixed = all(&["10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111"]);
    assert_eq!(STRICT.admit("example.com", &mixed), Ok(all(&["1.1.1.1", "2606:4700::1111"])));
    let refused = STRICT.admit("example.com", &all(&["127.0.0.1"])).unwrap_err();
    assert!(matches!(refused, Refusal::Private { kind: "this machine itself", .. }), "{refused}");
    assert_eq!(STRICT.admit("nowhere.example", &[]), Err(Refusal::NoAddress("nowhere.example".to_owned())));
}

#[test]
fn a_url_is_judged_before_it_is_resolved() {
    let target = |policy: Policy, url: &str| policy.target(&url.parse().unwrap());
    let found = target(STRICT, "https://shop.example/hooks?x=1").unwrap();
    assert_eq!((found.host.as_str(), found.port, found.is_https), ("shop.example", 443, true));
    let found = target(INSIDE, "http://[::1]:8080/").unwrap();
    assert_eq!((found.host.as_str(), found.port, found.is_https), ("::1", 8080, false));
    assert_eq!(target(INSIDE, "http://localhost/").unwrap().port, 80);
    assert_eq!(target(STRICT, "http://shop.example/"), Err(Refusal::NotHttps));
    assert_eq!(target(INSIDE, "ftp://shop.example/"), Err(Refusal::NotHttps));
    assert_eq!(target(INSIDE, "/hooks"), Err(Refusal::NotHttps));
    assert_eq!(target(STRICT, "https://shop.example@10.0.0.1/"), Err(Refusal::UserInfo));
    assert_eq!(target(STRICT, "https://user:word@shop.example/"), Err(Refusal::UserInfo));
}
