//! A report as a picture: one bar a row, with its interval. Plain SVG, readable on light and dark.

use crate::report::{Cell, Report};
use std::fmt::Write;

const LEFT: f64 = 330.0;
const WIDTH: f64 = 420.0;
const ROW: f64 = 26.0;
const TOP: f64 = 48.0;

/// A row's name, its value, and the interval around it.
type Bar<'r> = (&'r str, Option<f64>, Option<(f64, f64)>);

/// Text as it may stand in XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The first column that holds a rate, as bars.
pub fn bars(report: &Report) -> String {
    let column = (0..report.columns.len() - 1)
        .find(|at| report.rows.iter().any(|row| matches!(row.cells[*at], Cell::Rate(..) | Cell::Measure(_))));
    let values: Vec<Bar<'_>> = report
        .rows
        .iter()
        .map(|row| match column.map(|at| &row.cells[at]) {
            Some(Cell::Rate(rate, interval)) => (row.name.as_str(), Some(*rate), *interval),
            Some(Cell::Measure(measure)) => (row.name.as_str(), Some(*measure), None),
            _ => (row.name.as_str(), None, None),
        })
        .collect();
    let largest = values.iter().filter_map(|it| it.2.map(|it| it.1).or(it.1)).fold(1e-9, f64::max);
    let x = |value: f64| LEFT + WIDTH * value / largest;
    let height = TOP + ROW * values.len() as f64 + 12.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height}\" font-family=\"system-ui, sans-serif\" \
         font-size=\"13\" fill=\"#888\">\n",
        LEFT + WIDTH + 80.0
    );
    let head = column.map_or("", |at| report.columns[at + 1]);
    let title = escaped(&format!("{}: {head}", report.title));
    put(&mut out, format_args!("<text x=\"8\" y=\"24\" font-size=\"16\">{title}</text>"));
    for (at, (name, value, interval)) in values.iter().enumerate() {
        let y = TOP + ROW * at as f64;
        let middle = y + 9.0;
        let name = escaped(name);
        put(
            &mut out,
            format_args!("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text>", LEFT - 8.0, y + 13.0),
        );
        let Some(value) = value else { continue };
        let width = (x(*value) - LEFT).max(0.0);
        put(
            &mut out,
            format_args!(
                "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" fill=\"#e4572e\"/>"
            ),
        );
        let mut end = x(*value);
        if let Some((low, high)) = interval {
            end = x(*high);
            let low = x(*low);
            put(
                &mut out,
                format_args!("<path d=\"M{low:.1} {middle}H{end:.1}\" stroke=\"#444\" stroke-width=\"2\"/>"),
            );
        }
        put(&mut out, format_args!("<text x=\"{:.1}\" y=\"{}\">{value:.3}</text>", end + 6.0, y + 13.0));
    }
    out.push_str("</svg>\n");
    out
}

fn put(out: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(out, "{line}").expect("writing to a string");
}
