//! Prints the table that `docs/templates.md` ends with: `cargo run -p beckon-copy --example facts`.

fn main() {
    print!("{}", beckon_copy::reference());
}
