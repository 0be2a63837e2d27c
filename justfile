# Short names for the commands of `cargo xtask` and the binary.
dev *args:
    cargo run --release -- dev {{args}}
test *args:
    cargo xtask test {{args}}
ci:
    cargo xtask ci
bench *args:
    cargo xtask bench {{args}}
