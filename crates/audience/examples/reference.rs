//! Prints the tables that `docs/audiences.md` ends with: `cargo run -p beckon-audience --example reference`.

fn main() {
    print!("{}", beckon_audience::reference());
}
