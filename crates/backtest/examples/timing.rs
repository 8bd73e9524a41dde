//! Runs a back-test from the command line: `timing DIR`.

fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    let log = beckon_backtest::Log::read(folder.as_ref(), beckon_backtest::Format::Taobao).expect("a log");
    println!("{}", beckon_backtest::timing::timing(&log, &Default::default()).expect("a test"));
}
