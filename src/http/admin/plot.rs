//! PURE: a plot as SVG, drawn by the server: lines over time, no script, no style inside. Colours and dashes are the style
//! sheet's, by class, in light and dark. Beside each stands a table of its values.

use std::fmt::Write;

/// The drawing's own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 22.0;
/// Lines across, besides the ground.
const GRID: u32 = 4;
/// Rows of the table.
const ROWS_MAX: usize = 24;

/// What is plotted.
pub(super) struct Plot {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// What the numbers are.
    pub(super) unit: &'static str,
    pub(super) lines: Vec<PlotLine>,
    /// Where points stand: seconds since 1970, rising.
    pub(super) times: Vec<i64>,
    /// The first and the last moment.
    pub(super) from: i64,
    pub(super) to: i64,
    /// Marks below: where, and what is written there.
    pub(super) marks: Vec<(i64, String)>,
    /// As times are written in the table.
    pub(super) written: Vec<String>,
    /// How values of a table's row come out of those of its points.
    pub(super) gathers: Gathers,
    /// Is there less than one of it?
    pub(super) fractions: bool,
}

/// How several points become one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gathers {
    Sum,
    Last,
    Max,
}

/// One line.
pub(super) struct PlotLine {
    pub(super) name: String,
    /// One for each time; `None`: nothing is known.
    pub(super) values: Vec<Option<f64>>,
}

/// A row of the table.
pub(super) struct Row {
    pub(super) at: String,
    pub(super) values: Vec<String>,
}

impl Plot {
    /// Is there nothing to be seen?
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() || self.lines.iter().all(|line| line.values.iter().all(Option::is_none))
    }

    fn top(&self) -> f64 {
        let highest = self.lines.iter().flat_map(|line| line.values.iter().flatten().copied()).fold(0.0, f64::max);
        nice(highest, self.fractions)
    }

    fn x(&self, at: i64) -> f64 {
        let whole = (self.to - self.from).max(1) as f64;
        LEFT + (at - self.from) as f64 / whole * (WIDTH - LEFT - RIGHT)
    }

    /// The drawing. Its table says the same to whoever does not see it.
    pub(super) fn svg(&self) -> String {
        let mut svg =
            format!("<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\" focusable=\"false\">");
        let top = self.top();
        let ground = HEIGHT - BOTTOM;
        let y = |value: f64| ground - value / top * (ground - TOP);
        for step in 0..=GRID {
            let value = top * f64::from(step) / f64::from(GRID);
            let at = y(value);
            let end = WIDTH - RIGHT;
            let _ = write!(svg, "<path class=\"plot-grid\" d=\"M{LEFT} {at:.1}H{end}\"/>");
            let _ = write!(
                svg,
                "<text class=\"plot-text\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                at + 4.0,
                number(value)
            );
        }
        for (at, text) in &self.marks {
            let x = self.x(*at);
            let _ = write!(svg, "<path class=\"plot-grid\" d=\"M{x:.1} {ground:.1}v4\"/>");
            let _ = write!(
                svg,
                "<text class=\"plot-text\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
                HEIGHT - 5.0
            );
        }
        for (index, line) in self.lines.iter().enumerate() {
            let mut path = String::new();
            let mut pen_is_down = false;
            for (at, value) in self.times.iter().zip(&line.values) {
                let Some(value) = value else {
                    pen_is_down = false;
                    continue;
                };
                let letter = if pen_is_down { 'L' } else { 'M' };
                let _ = write!(path, "{letter}{:.1} {:.1}", self.x(*at), y(*value));
                pen_is_down = true;
            }
            // A point alone is a line of no length, which round ends make visible.
            let _ = write!(
                svg,
                "<path class=\"plot-line plot-{index}\" d=\"{path}{}\"/>",
                if path.contains('L') || path.is_empty() { "" } else { "h0" }
            );
        }
        svg.push_str("</svg>");
        svg
    }

    /// The table, in rows of several points each.
    pub(super) fn rows(&self) -> Vec<Row> {
        let points = self.times.len().div_ceil(ROWS_MAX).max(1);
        let of_row = |values: &[Option<f64>]| {
            let known = values.iter().flatten().copied();
            match self.gathers {
                Gathers::Sum => known.reduce(|sum, value| sum + value),
                Gathers::Max => known.reduce(f64::max),
                Gathers::Last => known.last(),
            }
        };
        let starts = (0..self.times.len()).step_by(points);
        let row = |start: usize| {
            let end = (start + points).min(self.times.len());
            let value = |line: &PlotLine| {
                let value = line.values.get(start..end).and_then(of_row);
                value.map_or_else(|| "–".to_owned(), number)
            };
            let at = self.written.get(end - 1).cloned().unwrap_or_default();
            Row { at, values: self.lines.iter().map(value).collect() }
        };
        starts.map(row).collect()
    }
}

/// The smallest 1, 2, 4 or 8 with zeros that is not below: its quarters are short.
fn nice(highest: f64, fractions: bool) -> f64 {
    let least = if fractions { 0.01 } else { 4.0 };
    let mut step = if fractions { 0.01 } else { 1.0 };
    loop {
        for times in [1.0, 2.0, 4.0, 8.0] {
            if step * times >= highest.max(least) {
                return step * times;
            }
        }
        step *= 10.0;
        if step > 1e18 {
            return step;
        }
    }
}

/// Short, with as many places as it needs.
fn number(value: f64) -> String {
    if value >= 10_000.0 || value.fract().abs() < 1e-9 {
        return format!("{value:.0}");
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(values: Vec<Option<f64>>) -> Plot {
        let times: Vec<i64> = (1..).take(values.len()).collect();
        Plot {
            id: "x",
            title: "X",
            unit: "",
            written: times.iter().map(ToString::to_string).collect(),
            from: 0,
            to: times.last().copied().unwrap_or(1),
            times,
            lines: vec![PlotLine { name: "a".to_owned(), values }],
            marks: vec![(0, "0 h".to_owned())],
            gathers: Gathers::Sum,
            fractions: false,
        }
    }

    #[test]
    fn a_line_has_gaps_where_nothing_is_known() {
        let svg = plot(vec![Some(1.0), Some(2.0), None, Some(4.0)]).svg();
        let path = svg.split("plot-0\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1), "{path}");
        assert!(!svg.contains("style=") && !svg.contains("NaN"), "{svg}");
        assert!(plot(vec![None, None]).is_empty() && plot(Vec::new()).is_empty());
        assert!(!plot(Vec::new()).svg().contains("NaN"));
    }

    #[test]
    fn a_table_gathers_points() {
        let rows = plot((0..100).map(|_| Some(1.0)).collect()).rows();
        assert_eq!((rows.len(), rows[0].values[0].as_str(), rows[0].at.as_str()), (20, "5", "5"));
        let sum: f64 = rows.iter().map(|row| row.values[0].parse::<f64>().unwrap()).sum();
        assert!((sum - 100.0).abs() < 1e-9);
    }

    #[test]
    fn ends_of_axes_are_round() {
        for (highest, top) in [(0.0, 4.0), (3.0, 4.0), (4.1, 8.0), (17.0, 20.0), (21.0, 40.0), (1234.0, 2000.0)] {
            assert!((nice(highest, false) - top).abs() < 1e-9, "{highest}");
        }
        assert!((nice(0.03, true) - 0.04).abs() < 1e-9);
        assert_eq!(
            (number(0.25), number(3.0), number(12_345.6)),
            ("0.25".to_owned(), "3".to_owned(), "12346".to_owned())
        );
    }
}
