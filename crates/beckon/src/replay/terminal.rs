//! A replay on the terminal: a bar, or plain lines where standard error is not a terminal.

use super::progress::{Event, Summary};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::time::Duration;
use tokio::time::Instant;

const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows a replay on standard error. A terminal gets a bar, all else a line every few seconds.
#[derive(Debug)]
pub struct Terminal {
    bar: Option<ProgressBar>,
    bytes: u64,
    begun: Instant,
    told: Instant,
    recent: (Instant, u64),
    rate: f64,
}

impl Default for Terminal {
    fn default() -> Self {
        let now = Instant::now();
        Terminal { bar: None, bytes: 0, begun: now, told: now, recent: (now, 0), rate: 0.0 }
    }
}

impl Terminal {
    /// Shows what a replay tells.
    pub fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Begins { source, bytes, known } => self.begin(source, bytes, known),
            Event::Sent { summary, bytes_read } => self.sent(summary, bytes_read),
            Event::Waits { pause, why } => {
                self.say(&format!("waiting {:.1} s: {why}", pause.as_secs_f64()));
            }
            // The summary is the command's result, and the command's to print.
            Event::Done(_) => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
            }
        }
    }

    fn begin(&mut self, source: &str, bytes: u64, known: u64) {
        *self = Terminal { bytes, ..Terminal::default() };
        let from = if known == 0 { String::new() } else { format!(", from event {known} on") };
        self.say(&format!("replaying {source}{from}"));
        if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}  {msg}  ETA {eta}");
            let bar = ProgressBar::new(bytes);
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar = Some(bar);
        }
    }

    fn sent(&mut self, summary: &Summary, bytes_read: u64) {
        let now = Instant::now();
        let (since, before) = self.recent;
        let seconds = (now - since).as_secs_f64();
        if seconds >= 0.5 {
            self.rate = (summary.sent - before) as f64 / seconds;
            self.recent = (now, summary.sent);
        }
        let text = format!("{} events, {:.0}/s", summary.known + summary.sent, self.rate);
        if let Some(bar) = &self.bar {
            bar.set_message(text);
            bar.set_position(bytes_read);
        } else if now - self.told >= LINE_EVERY {
            self.told = now;
            let part = bytes_read as f64 / self.bytes.max(1) as f64;
            let left = (now - self.begun).as_secs_f64() * (1.0 - part) / part.max(1e-9);
            self.say(&format!("{:3.0} % of the file, {text}, {left:.0} s to go", part * 100.0));
        }
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }
}
