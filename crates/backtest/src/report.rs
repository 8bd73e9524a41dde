//! What a back-test found: a table with its protocol, for a terminal, as JSON, or as a picture.

use crate::svg;
use serde_json::{Value, json};
use std::fmt;

/// A value of the table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A share or rate, with its 95 % interval if there is one.
    Rate(f64, Option<(f64, f64)>),
    /// A difference, with its 95 % interval.
    Difference(f64, (f64, f64)),
    /// A measure with four digits.
    Measure(f64),
    /// A number of things.
    Count(usize),
    /// Words.
    Text(String),
    /// Nothing to say here.
    None,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Rate(rate, None) => write!(f, "{rate:.3}"),
            Cell::Rate(rate, Some((low, high))) => write!(f, "{rate:.3} [{low:.3}, {high:.3}]"),
            Cell::Difference(by, (low, high)) => write!(f, "{by:+.3} [{low:+.3}, {high:+.3}]"),
            Cell::Measure(measure) => write!(f, "{measure:.4}"),
            Cell::Count(count) => write!(f, "{count}"),
            Cell::Text(text) => f.write_str(text),
            Cell::None => f.write_str("–"),
        }
    }
}

impl Cell {
    fn json(&self) -> Value {
        match self {
            Cell::Rate(rate, None) | Cell::Measure(rate) => json!(rate),
            Cell::Rate(rate, Some((low, high))) => json!({"value": rate, "low": low, "high": high}),
            Cell::Difference(by, (low, high)) => json!({"value": by, "low": low, "high": high}),
            Cell::Count(count) => json!(count),
            Cell::Text(text) => json!(text),
            Cell::None => Value::Null,
        }
    }
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What was tried.
    pub name: String,
    /// One cell a column.
    pub cells: Vec<Cell>,
}

/// What a back-test found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Which back-test.
    pub title: String,
    /// How it was made, and what it does not show: one sentence each.
    pub protocol: Vec<String>,
    /// Column heads, the first one that of the rows' names.
    pub columns: Vec<&'static str>,
    /// The lines.
    pub rows: Vec<Row>,
}

impl Report {
    /// The row of that name.
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|it| it.name == name)
    }

    /// A value of the table, if it is a number.
    pub fn value(&self, row: &str, column: &str) -> Option<f64> {
        let at = self.columns.iter().skip(1).position(|it| *it == column)?;
        match self.row(row)?.cells.get(at)? {
            Cell::Rate(value, _) | Cell::Difference(value, _) | Cell::Measure(value) => Some(*value),
            Cell::Count(count) => Some(*count as f64),
            Cell::Text(_) | Cell::None => None,
        }
    }

    /// The report as JSON: title, protocol, and an object a row.
    pub fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let mut object = serde_json::Map::new();
            object.insert(self.columns[0].to_owned(), json!(row.name));
            for (column, cell) in self.columns[1..].iter().zip(&row.cells) {
                object.insert((*column).to_owned(), cell.json());
            }
            Value::Object(object)
        });
        json!({"title": self.title, "protocol": self.protocol, "rows": rows.collect::<Vec<_>>()})
    }

    /// The first column of rates as bars with their intervals.
    pub fn svg(&self) -> String {
        svg::bars(self)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.title)?;
        let lines: Vec<Vec<String>> =
            std::iter::once(self.columns.iter().map(|it| (*it).to_owned()).collect())
                .chain(self.rows.iter().map(|row| {
                    std::iter::once(row.name.clone()).chain(row.cells.iter().map(Cell::to_string)).collect()
                }))
                .collect();
        let width = |at: usize| {
            let all = lines.iter().filter_map(|line| line.get(at));
            all.map(|it| it.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        for (at, line) in lines.iter().enumerate() {
            for (cell, width) in line.iter().zip(&widths) {
                write!(f, "{cell:<width$}  ", width = *width)?;
            }
            writeln!(f)?;
            if at == 0 {
                let rule: usize = widths.iter().map(|it| it + 2).sum();
                writeln!(f, "{}", "─".repeat(rule))?;
            }
        }
        writeln!(f)?;
        self.protocol.iter().try_for_each(|sentence| writeln!(f, "· {sentence}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn report() -> Report {
        Report {
            title: "Timing".to_owned(),
            protocol: vec!["Reaching an active shopper is a proxy.".to_owned()],
            columns: vec!["policy", "hits a push", "pushes"],
            rows: vec![
                Row {
                    name: "now".to_owned(),
                    cells: vec![Cell::Rate(0.25, Some((0.2, 0.3))), Cell::Count(8)],
                },
                Row { name: "never & then".to_owned(), cells: vec![Cell::None, Cell::Count(0)] },
            ],
        }
    }

    #[test]
    fn a_report_is_a_table_a_json_and_a_picture() {
        expect![[r#"
            Timing

            policy        hits a push           pushes  
            ────────────────────────────────────────────
            now           0.250 [0.200, 0.300]  8       
            never & then  –                     0       

            · Reaching an active shopper is a proxy.
        "#]]
        .assert_eq(&report().to_string());
        assert_eq!(report().json()["rows"][0]["hits a push"]["low"], 0.2);
        assert_eq!(report().value("now", "pushes"), Some(8.0));
        let svg = report().svg();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>") && !svg.contains("r & t"));
    }
}
