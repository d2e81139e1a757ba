//! The status of this gateway in plots, over the last hour, day or week: no other software is needed. It renews itself.

use axum::extract::{Query, State};
use axum::http::header::REFRESH;
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::Shared;
use super::guard::Admin;
use super::plot::{Gathers, Plot, PlotLine};
use super::words::Words;
use crate::http::html::{self, Frame};
use crate::metrics::{ClientKind, Interval, Label, Measured, Reason, Span, SubmissionOutcome, Waits};

/// Seconds between two looks.
const RENEWED_AFTER: &str = "60";
/// Lines of one plot; what is rarer is added up.
const LINES_MAX: usize = 6;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    over: String,
    still: String,
}

/// A tile: one number of now.
struct Now {
    title: &'static str,
    value: String,
    is_bad: bool,
}

struct Choice {
    path: String,
    text: &'static str,
    here: bool,
}

#[derive(askama::Template)]
#[template(path = "admin/status.html")]
struct Status {
    frame: Frame,
    words: &'static Words,
    spans: Vec<Choice>,
    renews: bool,
    /// The same page that renews itself, or not.
    other: String,
    now: Vec<Now>,
    plots: Vec<Plot>,
}

pub(super) async fn show(State(site): State<Shared>, admin: Admin, Query(wanted): Query<Wanted>) -> Response {
    let (words, gateway) = (site.words, &site.gateway);
    let span = span_of(&wanted.over);
    let renews = wanted.still.is_empty();
    let zone = TimeZone::get(&gateway.config.keeping.time_zone).unwrap_or(TimeZone::UTC);
    let now = gateway.clock.now().seconds();
    let draw = Draw { words, zone, span, now, intervals: gateway.history(span) };
    let path =
        |span: Span, renews: bool| format!("/status?over={}{}", word(span), if renews { "" } else { "&still=1" });
    let texts = [words.last_hour, words.last_day, words.last_week];
    let choice = |(other, text): (Span, &'static str)| Choice { path: path(other, renews), text, here: other == span };
    let status = Status {
        frame: site.frame(words.status, Some(&admin), "/status"),
        words,
        spans: Span::ALL.into_iter().zip(texts).map(choice).collect(),
        renews,
        other: path(span, !renews),
        now: site.now(now),
        plots: draw.plots(),
    };
    match renews {
        true => ([(REFRESH, RENEWED_AFTER)], html::page(&status)).into_response(),
        false => html::page(&status),
    }
}

const fn word(span: Span) -> &'static str {
    match span {
        Span::Hour => "hour",
        Span::Day => "day",
        Span::Week => "week",
    }
}

fn span_of(text: &str) -> Span {
    Span::ALL.into_iter().find(|span| word(*span) == text).unwrap_or_default()
}

impl super::Site {
    /// What is so now.
    fn now(&self, now: i64) -> Vec<Now> {
        let (metrics, words) = (&self.gateway.metrics, self.words);
        let seen = |title, value: Option<u64>| Now {
            title,
            value: value.map_or_else(|| "–".to_owned(), |value| value.to_string()),
            is_bad: false,
        };
        let up = metrics.store_up.get();
        let store = match up {
            Some(1) => words.answers,
            Some(_) => words.answers_not,
            None => "–",
        };
        let days = metrics.certificate_ends.get().map(|ends| (i64::try_from(ends).unwrap_or(i64::MAX) - now) / 86_400);
        let free = match (metrics.disk_free.get(), metrics.disk_size.get()) {
            (Some(free), Some(size)) if size > 0 => Some(free.saturating_mul(100) / size),
            _ => None,
        };
        vec![
            Now { title: words.store, value: store.to_owned(), is_bad: up == Some(0) },
            seen(words.people, metrics.people.get()),
            seen(words.placements, metrics.placements.get()),
            seen(words.quiet_letters, metrics.quiet_letters.get()),
            Now {
                is_bad: metrics.trail_age.get().is_some_and(|age| age > 60),
                ..seen(words.trail_waiting, metrics.trail_waiting.get())
            },
            Now {
                title: words.certificate_days,
                value: days.map_or_else(|| "–".to_owned(), |days| days.to_string()),
                is_bad: days.is_some_and(|days| days < 14),
            },
            Now {
                title: words.disk_free,
                value: free.map_or_else(|| "–".to_owned(), |free| format!("{free} %")),
                is_bad: free.is_some_and(|free| free < 10),
            },
        ]
    }
}

/// What the plots are drawn of.
struct Draw {
    words: &'static Words,
    zone: TimeZone,
    span: Span,
    now: i64,
    intervals: Vec<Interval>,
}

impl Draw {
    fn plots(&self) -> Vec<Plot> {
        let words = self.words;
        let outcome = |outcome: SubmissionOutcome| {
            self.line(words.outcome(outcome), |interval| Some(float(*interval.submissions.get(outcome.index())?)))
        };
        let outcomes = SubmissionOutcome::ALL.iter().map(|one| outcome(*one)).collect();
        let clients = self.frequent(ClientKind::ALL, |kind| words.client_kind(kind), |interval| &interval.sessions);
        let refusals = self.frequent(Reason::ALL, |reason| reason.word().to_owned(), |interval| &interval.refusals);
        let size = self.line(words.store_size.to_owned(), |interval| Some(float(interval.store_size?) / 1_048_576.0));
        vec![
            self.plot("clients", (words.plot_clients, words.sessions_unit), clients, (Gathers::Last, false)),
            self.plot("submissions", (words.plot_submissions, self.per(words)), outcomes, (Gathers::Sum, false)),
            self.plot("refusals", (words.plot_refusals, self.per(words)), refusals, (Gathers::Sum, false)),
            self.plot(
                "delivery",
                (words.plot_delivery, words.seconds),
                self.times(|at| &at.delivery),
                (Gathers::Max, true),
            ),
            self.plot("push", (words.plot_push, words.seconds), self.times(|at| &at.push), (Gathers::Max, true)),
            self.plot("store", (words.plot_store, "MiB"), vec![size], (Gathers::Last, true)),
        ]
    }

    const fn per(&self, words: &Words) -> &'static str {
        match self.span {
            Span::Hour => words.per_10_seconds,
            Span::Day => words.per_5_minutes,
            Span::Week => words.per_30_minutes,
        }
    }

    fn line(&self, name: String, value: impl Fn(&Interval) -> Option<f64>) -> PlotLine {
        PlotLine { name, values: self.intervals.iter().map(value).collect() }
    }

    /// Half of all, and all but one of twenty.
    fn times(&self, of: impl Fn(&Interval) -> &Measured) -> Vec<PlotLine> {
        let line = |name: &str, part: f64| {
            self.line(name.to_owned(), |interval| Some(float(of(interval).within::<Waits>(part)?) / 1_000_000.0))
        };
        vec![line(self.words.half, 0.5), line(self.words.most, 0.95)]
    }

    /// The lines of which there is most, and one of all others.
    fn frequent<L: Label>(
        &self,
        labels: &[L],
        name: impl Fn(L) -> String,
        of: impl Fn(&Interval) -> &Vec<u64>,
    ) -> Vec<PlotLine> {
        let count = |interval: &Interval, label: L| of(interval).get(label.index()).copied().unwrap_or(0);
        let total = |label: L| self.intervals.iter().map(|interval| count(interval, label)).sum::<u64>();
        let mut ranked: Vec<(u64, L)> = labels.iter().map(|label| (total(*label), *label)).collect();
        ranked.retain(|(total, _)| *total > 0);
        ranked.sort_by_key(|(total, label)| (std::cmp::Reverse(*total), label.index()));
        let split = if ranked.len() > LINES_MAX { LINES_MAX - 1 } else { ranked.len() };
        let (first, rest) = ranked.split_at(split);
        let mut lines: Vec<PlotLine> = first
            .iter()
            .map(|(_, label)| self.line(name(*label), |interval| Some(float(count(interval, *label)))))
            .collect();
        if !rest.is_empty() {
            let others = |interval: &Interval| float(rest.iter().map(|(_, label)| count(interval, *label)).sum());
            lines.push(self.line(self.words.others.to_owned(), |interval| Some(others(interval))));
        }
        lines
    }

    fn plot(
        &self,
        id: &'static str,
        (title, unit): (&'static str, &'static str),
        lines: Vec<PlotLine>,
        (gathers, fractions): (Gathers, bool),
    ) -> Plot {
        let form = if self.span == Span::Week { "%d/%m %H:%M" } else { "%H:%M" };
        let long = if self.span == Span::Hour { "%H:%M:%S" } else { form };
        let from = self.now - self.span.seconds();
        // Four marks, away from the edges.
        let marks = [1, 3, 5, 7].map(|eighth| from + self.span.seconds() * eighth / 8);
        Plot {
            id,
            title,
            unit,
            lines,
            times: self.intervals.iter().map(|interval| interval.at).collect(),
            from,
            to: self.now,
            marks: marks.into_iter().map(|at| (at, self.written(at, form))).collect(),
            written: self.intervals.iter().map(|interval| self.written(interval.at, long)).collect(),
            gathers,
            fractions,
        }
    }

    /// On the school's clock.
    fn written(&self, at: i64, form: &str) -> String {
        let time = jiff::Timestamp::from_second(at).unwrap_or_default();
        time.to_zoned(self.zone.clone()).strftime(form).to_string()
    }
}

/// Counts and sizes are far below what a float holds exactly.
fn float(count: u64) -> f64 {
    count as f64
}
