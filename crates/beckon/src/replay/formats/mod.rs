//! The logs that can be replayed, and how a line of each becomes tracking calls.
//!
//! Every call has one number, from 0, in the order of the file; a line that cannot be read has none. So
//! the numbers follow from the file's bytes alone, and a replay can go on from any of them.

mod csv;
mod kuairand;
mod segment;
mod taobao;

use super::calls::Calls;
use super::counts::Counts;

/// The format of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Taobao's UserBehavior.csv: `user,item,category,behaviour,unix_s`, without a header.
    Taobao,
    /// KuaiRand's exposures of short videos: CSV with a header that names the columns.
    Kuairand,
    /// One Segment call (`{"type":"track",…}`) a line.
    SegmentJsonl,
}

impl Format {
    /// Its name on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Format::Taobao => "taobao",
            Format::Kuairand => "kuairand",
            Format::SegmentJsonl => "segment-jsonl",
        }
    }

    /// The `context` that all its events share, as JSON text; empty when each brings its own.
    pub(super) fn context(self) -> &'static str {
        match self {
            Format::Taobao | Format::Kuairand => r#"{"timezone":"Asia/Shanghai"}"#,
            Format::SegmentJsonl => "",
        }
    }
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bad {
    /// This line alone.
    Line(String),
    /// The whole file.
    File(String),
}

fn bad<T>(why: impl Into<String>) -> Result<T, Bad> {
    Err(Bad::Line(why.into()))
}

/// Reads the lines of one log, in order.
#[derive(Debug)]
pub(super) enum Reader {
    Taobao,
    /// The columns, once the header has named them.
    Kuairand(Option<kuairand::Columns>),
    Segment,
}

impl Reader {
    pub fn new(format: Format) -> Self {
        match format {
            Format::Taobao => Reader::Taobao,
            Format::Kuairand => Reader::Kuairand(None),
            Format::SegmentJsonl => Reader::Segment,
        }
    }

    /// Adds the calls that `line` stands for. A bad line adds none.
    pub fn line(&mut self, line: &[u8], calls: &mut Calls) -> Result<(), Bad> {
        match self {
            Reader::Taobao => taobao::line(line, calls),
            Reader::Kuairand(columns) => match columns {
                Some(columns) => kuairand::line(columns, line, calls),
                None => {
                    *columns = Some(kuairand::Columns::read(line)?);
                    Ok(())
                }
            },
            Reader::Segment => segment::line(line, calls),
        }
    }

    /// Counts the events that `line` stands for, from its columns alone and not by way of its calls.
    pub fn count(&mut self, line: &[u8], counts: &mut Counts) -> Result<(), Bad> {
        match self {
            Reader::Taobao => taobao::count(line, counts),
            Reader::Kuairand(columns) => match columns {
                Some(columns) => kuairand::count(columns, line, counts),
                None => {
                    *columns = Some(kuairand::Columns::read(line)?);
                    Ok(())
                }
            },
            Reader::Segment => segment::count(line, counts),
        }
    }
}
