//! Which addresses are on the public internet.
//!
//! A name that a stranger chose may lead anywhere: to this machine, to the cloud's metadata service, to a printer.
//! Only global unicast addresses are dialled (ID-24, RFC 6890 and the IANA special-purpose registries).

use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::{IpNet, Ipv6Net};

/// Is `address` one that a stranger may name: global unicast, and not a wrapping of another address?
///
/// An IPv4 address written as IPv6 (`::ffff:a.b.c.d`) is judged as the IPv4 address that will be dialled. The forms
/// that a gateway unwraps somewhere else (NAT64, 6to4, Teredo) are refused whatever they carry.
pub fn is_public(address: IpAddr) -> bool {
    let address = address.to_canonical();
    if let IpAddr::V6(v6) = address
        && !is_global_unicast(v6)
    {
        return false;
    }
    !SPECIAL.iter().any(|prefix| prefix.contains(&address))
}

/// `2000::/3` is all that has been handed out for global unicast; the rest of the space is special or unassigned.
fn is_global_unicast(address: Ipv6Addr) -> bool {
    static GLOBAL: LazyLock<Ipv6Net> =
        LazyLock::new(|| Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3));
    GLOBAL.contains(&address)
}

static SPECIAL: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
    NOT_PUBLIC
        .iter()
        .map(|(prefix, ..)| prefix.parse().expect("every prefix of the table parses; a test reads each"))
        .collect()
});

/// Every prefix that is not public: the prefix, what it is, and where that is written.
const NOT_PUBLIC: &[(&str, &str, &str)] = &[
    ("0.0.0.0/8", "this network", "RFC 791"),
    ("10.0.0.0/8", "private use", "RFC 1918"),
    ("100.64.0.0/10", "carrier-grade NAT", "RFC 6598"),
    ("127.0.0.0/8", "loopback", "RFC 1122"),
    ("169.254.0.0/16", "link-local, and the metadata service of clouds", "RFC 3927"),
    ("172.16.0.0/12", "private use", "RFC 1918"),
    ("192.0.0.0/24", "protocol assignments", "RFC 6890"),
    ("192.0.2.0/24", "documentation", "RFC 5737"),
    ("192.31.196.0/24", "AS112", "RFC 7535"),
    ("192.52.193.0/24", "automatic multicast tunnelling", "RFC 7450"),
    ("192.88.99.0/24", "6to4 relays", "RFC 7526"),
    ("192.168.0.0/16", "private use", "RFC 1918"),
    ("192.175.48.0/24", "AS112", "RFC 7534"),
    ("198.18.0.0/15", "benchmarking", "RFC 2544"),
    ("198.51.100.0/24", "documentation", "RFC 5737"),
    ("203.0.113.0/24", "documentation", "RFC 5737"),
    ("224.0.0.0/4", "multicast", "RFC 5771"),
    ("240.0.0.0/4", "reserved, and the broadcast address", "RFC 1112"),
    ("::/96", "unspecified, loopback and IPv4-compatible", "RFC 4291"),
    ("64:ff9b::/96", "NAT64, the well-known prefix", "RFC 6052"),
    ("64:ff9b:1::/48", "NAT64, the local prefix", "RFC 8215"),
    ("100::/64", "discard-only", "RFC 6666"),
    ("100:0:0:1::/64", "dummy prefix", "RFC 9780"),
    ("2001::/32", "Teredo", "RFC 4380"),
    ("2001::/23", "protocol assignments", "RFC 2928"),
    ("2001:2::/48", "benchmarking", "RFC 5180"),
    ("2001:10::/28", "ORCHID", "RFC 4843"),
    ("2001:20::/28", "ORCHID version 2", "RFC 7343"),
    ("2001:db8::/32", "documentation", "RFC 3849"),
    ("2002::/16", "6to4", "RFC 3056"),
    ("2620:4f:8000::/48", "AS112", "RFC 7534"),
    ("3fff::/20", "documentation", "RFC 9637"),
    ("5f00::/16", "segment routing", "RFC 9602"),
    ("fc00::/7", "unique local", "RFC 4193"),
    ("fe80::/10", "link-local", "RFC 4291"),
    ("fec0::/10", "site-local", "RFC 3879"),
    ("ff00::/8", "multicast", "RFC 4291"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn public(address: &str) -> bool {
        is_public(address.parse().unwrap())
    }

    /// Each prefix is refused at both ends.
    #[test]
    fn sec_47_every_special_prefix_is_refused() {
        for (prefix, what, source) in NOT_PUBLIC {
            let net: IpNet = prefix.parse().unwrap();
            assert_eq!(net.addr(), net.network(), "{prefix} is not written as a network");
            assert!(!is_public(net.network()), "first of {prefix} ({what}, {source})");
            assert!(!is_public(net.broadcast()), "last of {prefix} ({what}, {source})");
        }
    }

    /// The table alone decides for IPv4: the neighbours of each prefix are public unless another prefix holds them.
    #[test]
    fn the_neighbours_of_a_special_prefix_are_public() {
        for (address, expected) in [
            ("1.0.0.0", true),
            ("9.255.255.255", true),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.128.0.0", true),
            ("126.255.255.255", true),
            ("128.0.0.0", true),
            ("169.253.255.255", true),
            ("169.255.0.0", true),
            ("172.15.255.255", true),
            ("172.32.0.0", true),
            ("191.255.255.255", true),
            ("192.0.1.0", true),
            ("192.0.3.0", true),
            ("192.167.255.255", true),
            ("192.169.0.0", true),
            ("198.17.255.255", true),
            ("198.20.0.0", true),
            ("203.0.112.255", true),
            ("203.0.114.0", true),
            ("223.255.255.255", true),
            ("2001:200::", true),
            ("2003::1", true),
            ("2606:4700::1111", true),
            ("2a00:1450:4001:800::200e", true),
            ("3ffe:ffff::1", true),
            ("4000::1", false),
            ("1fff::1", false),
        ] {
            assert_eq!(public(address), expected, "{address}");
        }
    }

    #[test]
    fn sec_47_wrapped_addresses_are_unwrapped_or_refused() {
        for refused in [
            "127.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::10.0.0.1",
            "2002:a00:1::",
            "2002:7f00:1::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "fe80::1",
            "fd00:ec2::254",
            "ff02::1",
        ] {
            assert!(!public(refused), "{refused}");
        }
        assert!(public("::ffff:8.8.8.8"));
        assert!(public("8.8.8.8"));
    }
}
