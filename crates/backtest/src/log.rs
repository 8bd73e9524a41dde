//! Reads a log of what shoppers did, whole, into one trail a shopper.
//!
//! Three formats: Taobao's `UserBehavior.csv` (`user,item,category,behaviour,unix_s`), KuaiRand's exposure logs
//! (columns by name, times in milliseconds), and a plain CSV of one's own (`user,time[,item,category]`
//! with a header, times in Unix seconds). Each may be packed with gzip.

use crate::Error;
use beckon_core::event::ProductAct;
use beckon_core::id::Term;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Acts that are read, at most: some gigabyte in memory.
pub const ACTS_MAX: usize = 32 << 20;

/// Longest line, in bytes.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `UserBehavior.csv[.gz]`: no header.
    Taobao,
    /// `kuairand*.csv[.gz]`: a header with `user_id`, `time_ms`, `video_id`, `tag`.
    KuaiRand,
    /// `*.csv[.gz]`: a header with `user`, `time` (Unix seconds) and, if known, `item`, `category`.
    Csv,
}

impl Format {
    /// From its name: `taobao`, `kuairand`, `csv`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "taobao" => Some(Format::Taobao),
            "kuairand" => Some(Format::KuaiRand),
            "csv" => Some(Format::Csv),
            _ => None,
        }
    }

    /// What its files are called.
    pub fn files(self) -> &'static str {
        match self {
            Format::Taobao => "UserBehavior.csv or UserBehavior.csv.gz",
            Format::KuaiRand => "kuairand*.csv or kuairand*.csv.gz",
            Format::Csv => "*.csv or *.csv.gz",
        }
    }

    fn is_file(self, name: &str) -> bool {
        let Some(stem) = name.strip_suffix(".gz").unwrap_or(name).strip_suffix(".csv") else { return false };
        match self {
            Format::Taobao => stem == "UserBehavior",
            Format::KuaiRand => stem.starts_with("kuairand"),
            Format::Csv => true,
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Something with a product.
    Product(ProductAct),
    /// Bought.
    Bought,
}

/// One act of a shopper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// When (Unix seconds).
    pub at: u32,
    /// Which item; [`Term::NONE`] when the log does not say.
    pub item: Term,
    /// Of which category; [`Term::NONE`] when the log does not say.
    pub category: Term,
    /// What.
    pub deed: Deed,
}

/// A log: the acts of each shopper in the order of time, shoppers in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Log {
    /// One trail a shopper.
    pub trails: Vec<Vec<Act>>,
}

impl Log {
    /// Reads all files of the format in a folder.
    pub fn read(folder: &Path, format: Format) -> Result<Self, Error> {
        let failed = |source| Error::Read { path: folder.to_owned(), source };
        let mut paths: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.file_name().and_then(|it| it.to_str()).is_some_and(|it| format.is_file(it)) {
                paths.push(path);
            }
        }
        paths.sort();
        if paths.is_empty() {
            return Err(Error::NoFile { path: folder.to_owned(), expected: format.files() });
        }
        let mut reading = Reading::default();
        for path in &paths {
            reading.file(path, format)?;
        }
        Ok(reading.finish())
    }

    /// Acts in all.
    pub fn acts(&self) -> usize {
        self.trails.iter().map(Vec::len).sum()
    }
}

#[derive(Default)]
struct Reading {
    trails: BTreeMap<String, Vec<Act>>,
    terms: BTreeMap<String, u32>,
    acts: usize,
}

impl Reading {
    fn file(&mut self, path: &Path, format: Format) -> Result<(), Error> {
        let failed = |source| Error::Read { path: path.to_owned(), source };
        let file = std::fs::File::open(path).map_err(failed)?;
        let packed = path.extension().is_some_and(|it| it == "gz");
        let source: Box<dyn Read> = match packed {
            true => Box::new(flate2::read::MultiGzDecoder::new(file)),
            false => Box::new(file),
        };
        let mut source = BufReader::new(source);
        let mut columns = Columns::of(format);
        let mut line = String::new();
        for number in 1.. {
            line.clear();
            if source.by_ref().take(LINE_BYTES_MAX).read_line(&mut line).map_err(failed)? == 0 {
                break;
            }
            let fields: Vec<&str> = line.trim_end_matches(['\r', '\n']).split(',').collect();
            let bad = |what| Error::Line { path: path.to_owned(), line: number, what };
            if number == 1 && format != Format::Taobao {
                columns =
                    Columns::named(&fields, format).ok_or_else(|| bad("lacks a column that it needs"))?;
            } else {
                self.line(&fields, &columns).map_err(bad)?;
            }
        }
        Ok(())
    }

    fn line(&mut self, fields: &[&str], columns: &Columns) -> Result<(), &'static str> {
        let field = |at: usize| fields.get(at).copied().ok_or("has too few columns");
        let time: u64 = field(columns.time)?.parse().map_err(|_| "has a time that is no whole number")?;
        let at = u32::try_from(time / columns.ticks).map_err(|_| "has a time beyond 2106")?;
        let deed = match columns.deed.map(field).transpose()? {
            None | Some("pv") => Deed::Product(ProductAct::Viewed),
            Some("cart") => Deed::Product(ProductAct::Added),
            Some("fav") => Deed::Product(ProductAct::Wished),
            Some("buy") => Deed::Bought,
            Some(_) => return Err("has a behaviour other than pv, cart, fav and buy"),
        };
        let item = columns.item.map(field).transpose()?.map_or(Term::NONE, |it| self.term('i', it));
        let category = columns.category.map(field).transpose()?.map_or(Term::NONE, |it| self.term('c', it));
        self.acts += 1;
        if self.acts > ACTS_MAX {
            return Err("is beyond the number of lines that are taken");
        }
        let user = field(columns.user)?;
        let act = Act { at, item, category, deed };
        match self.trails.get_mut(user) {
            Some(trail) => trail.push(act),
            None => _ = self.trails.insert(user.to_owned(), vec![act]),
        }
        Ok(())
    }

    /// Terms are numbered as they come: the log's own order makes them the same in every run.
    fn term(&mut self, kind: char, name: &str) -> Term {
        let next = self.terms.len() as u32 + 1;
        Term(*self.terms.entry(format!("{kind}{name}")).or_insert(next))
    }

    fn finish(self) -> Log {
        let mut trails: Vec<Vec<Act>> = self.trails.into_values().collect();
        trails.iter_mut().for_each(|trail| trail.sort_by_key(|it| it.at));
        Log { trails }
    }
}

/// Where the values stand in a line.
struct Columns {
    user: usize,
    time: usize,
    /// Units of time a second.
    ticks: u64,
    item: Option<usize>,
    category: Option<usize>,
    deed: Option<usize>,
}

impl Columns {
    fn of(format: Format) -> Self {
        let ticks = if format == Format::KuaiRand { 1000 } else { 1 };
        Columns { user: 0, item: Some(1), category: Some(2), deed: Some(3), time: 4, ticks }
    }

    fn named(header: &[&str], format: Format) -> Option<Self> {
        let at = |name: &str| header.iter().position(|it| *it == name);
        let (user, time, item, category) = match format {
            Format::KuaiRand => ("user_id", "time_ms", "video_id", "tag"),
            Format::Taobao | Format::Csv => ("user", "time", "item", "category"),
        };
        Some(Columns {
            user: at(user)?,
            time: at(time)?,
            item: at(item),
            category: at(category),
            deed: at("behaviour"),
            ..Columns::of(format)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Format, lines: &[&str]) -> Result<Log, &'static str> {
        let mut reading = Reading::default();
        let mut columns = Columns::of(format);
        for (at, line) in lines.iter().enumerate() {
            let fields: Vec<&str> = line.split(',').collect();
            if at == 0 && format != Format::Taobao {
                columns = Columns::named(&fields, format).ok_or("header")?;
            } else {
                reading.line(&fields, &columns)?;
            }
        }
        Ok(reading.finish())
    }

    #[test]
    fn a_trail_is_in_the_order_of_time_whatever_the_order_of_lines() {
        let log = read(Format::Taobao, &["b,1,7,pv,200", "a,1,7,buy,150", "b,2,8,cart,100"]).unwrap();
        let times: Vec<Vec<u32>> =
            log.trails.iter().map(|it| it.iter().map(|act| act.at).collect()).collect();
        assert_eq!(times, [vec![150], vec![100, 200]]);
        assert_eq!(log.trails[0][0].category, log.trails[1][1].category);
        assert_eq!(log.trails[1][0].deed, Deed::Product(ProductAct::Added));
    }

    #[test]
    fn columns_are_found_by_name() {
        let log = read(Format::KuaiRand, &["tag,user_id,time_ms,video_id", "39,7,1650812741436,5"]).unwrap();
        assert_eq!(log.trails[0][0].at, 1_650_812_741);
        let own = read(Format::Csv, &["time,user", "100,x"]).unwrap();
        assert_eq!(own.trails[0][0].category, Term::NONE);
        assert!(read(Format::Csv, &["time,name", "100,x"]).is_err());
    }

    #[test]
    fn a_line_of_another_format_is_an_error() {
        assert!(read(Format::Taobao, &["a,1,7,pv,yesterday"]).is_err());
        assert!(read(Format::Taobao, &["a,1,7,swipe,100"]).is_err());
        assert!(read(Format::Taobao, &["a,1"]).is_err());
    }
}
