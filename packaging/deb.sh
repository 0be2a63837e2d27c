#!/bin/sh
# Makes the Debian package of a built program: packaging/deb.sh PROGRAM FOLDER. Prints the path of the package.
set -eu

program=$1
folder=$2
here=$(dirname "$0")
version=$("$program" --version | cut -d ' ' -f 2)
architecture=$(dpkg --print-architecture)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
put() { install -D -m "$1" "$2" "$tree/$3"; }

put 0755 "$program" usr/bin/gatewright
put 0644 "$here/gatewright.service" usr/lib/systemd/system/gatewright.service
put 0644 "$here/gatewright.toml" etc/gatewright/gatewright.toml
put 0644 "$here/nginx.conf" usr/share/doc/gatewright/examples/nginx.conf
put 0644 "$here/Caddyfile" usr/share/doc/gatewright/examples/Caddyfile
put 0644 "$here/../docs/guides/operate.md" usr/share/doc/gatewright/operate.md
put 0644 "$here/../LICENSE-MIT" usr/share/doc/gatewright/copyright
mkdir -p "$tree/usr/share/bash-completion/completions" "$tree/usr/share/zsh/vendor-completions" \
    "$tree/usr/share/fish/vendor_completions.d"
"$program" completions bash >"$tree/usr/share/bash-completion/completions/gatewright"
"$program" completions zsh >"$tree/usr/share/zsh/vendor-completions/_gatewright"
"$program" completions fish >"$tree/usr/share/fish/vendor_completions.d/gatewright.fish"

for script in postinst prerm postrm; do put 0755 "$here/debian/$script" "DEBIAN/$script"; done
echo /etc/gatewright/gatewright.toml >"$tree/DEBIAN/conffiles"
size=$(du -sk --exclude DEBIAN "$tree" | cut -f 1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" \
    "$here/debian/control" >"$tree/DEBIAN/control"

mkdir -p "$folder"
package=$folder/gatewright_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$tree" "$package" >&2
echo "$package"
