//! What the runs of every endpoint say together: each run as a dot on one axis, the middle half
//! as a box, and whether a difference from the baseline can be told.
//!
//! ```text
//!  ▸1 ✓ demo-swift   ├•━━●┃━•──•┤
//!     uncached n=6 · median 312ms · p95 400ms · 280ms–410ms · 95 % -220ms to -180ms faster
//! ```

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{all_figures, figure_keys, frame, hue, name, name_columns, nothing, order};
use crate::model::Better;
use crate::model::Cache;
use crate::model::Comparison;
use crate::model::Cost;
use crate::model::LEAST_RUNS;
use crate::model::Metric;
use crate::model::Pool;
use crate::model::Pools;
use crate::model::Summary;
use crate::model::Unit;
use crate::model::Verdict;
use crate::model::clean_line;
use crate::model::counts_in_words;
use crate::model::median_interval;
use crate::model::metric;
use crate::ui::app::App;
use crate::ui::ink::{cut, put};
use crate::ui::theme::Theme;

/// The figure before another is chosen.
pub(super) const USUAL: &str = "ttft_ms";

/// Beyond this ratio of largest to smallest an axis in equal steps shows one endpoint and a heap.
/// Dots tell by their place, so that the axis need not begin at zero.
const LOGARITHMIC: f64 = 10.0;

/// Columns before the facts.
const INDENT: u16 = 3;

/// Comparisons that are kept: the figures that somebody goes back and forth between.
const MOST_KEPT: usize = 256;

pub(super) fn figures() -> Vec<&'static Metric> {
    all_figures()
}

/// Comparisons that were made: two thousand samples each are too many for every frame.
#[derive(Default)]
pub(super) struct Memo(HashMap<[Vec<u64>; 2], Comparison>);

impl Memo {
    fn get(&mut self, own: &[f64], base: &[f64], make: impl FnOnce() -> Comparison) -> Comparison {
        if self.0.len() > MOST_KEPT {
            self.0.clear();
        }
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect();
        *self.0.entry([bits(own), bits(base)]).or_insert_with(make)
    }

    fn against(&mut self, own: &Pool, base: &Pool) -> Comparison {
        self.get(&own.samples, &base.samples, || own.against(base))
    }

    /// The interval of a median alone.
    fn alone(&mut self, own: &Pool) -> Comparison {
        let alone = || Comparison { interval: median_interval(&own.samples), verdict: Verdict::Unclear };
        self.get(&own.samples, &[], alone)
    }
}

/// Where a value lies, from 0 to 1.
#[derive(Debug, Clone, Copy)]
struct Axis {
    least: f64,
    most: f64,
    logarithmic: bool,
}

impl Axis {
    /// Over everything that is shown; `None` without a sample.
    fn over(samples: impl Iterator<Item = f64>) -> Option<Self> {
        let (least, most) =
            samples.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let logarithmic = least > 0.0 && most / least > LOGARITHMIC;
        (least <= most).then_some(Self { least, most, logarithmic })
    }

    fn place(self, value: f64) -> f64 {
        let scale = |v: f64| if self.logarithmic { v.ln() } else { v };
        let (value, least, most) = (scale(value), scale(self.least), scale(self.most));
        if most > least { ((value - least) / (most - least)).clamp(0.0, 1.0) } else { 0.5 }
    }

    /// The cell of a value among so many.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
    fn cell(self, value: f64, cells: usize) -> usize {
        let last = u32::try_from(cells.saturating_sub(1)).unwrap_or(u32::MAX);
        (self.place(value) * f64::from(last)).round() as usize
    }
}

/// One endpoint's lines.
struct Block {
    number: usize,
    pools: Pools,
    baseline: bool,
    /// Of an answer of its own: amounts have its marks.
    cost: Cost,
}

impl Block {
    fn shown(&self, row: &Metric, value: f64) -> String {
        let text = row.unit.fine(value);
        if row.unit == Unit::Usd { self.cost.marked(&text) } else { text }
    }
}

pub(super) fn draw(app: &mut App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let Some(row) = app.views.figure.or(metric(USUAL)) else { return };
    let running = app.trials.progress().map(|(over, all)| format!(" · {over}/{all}")).unwrap_or_default();
    let title = format!("{}{running} · {} another figure", row.heading, figure_keys(app));
    let formula = format!("{} = {}", row.heading, row.formula);
    let inner = frame(app, theme, buffer, area, &title, &formula);
    let Some(round) = app.round() else { return nothing(theme, buffer, inner) };
    let compared = app.baseline().map(|e| e.id);
    let blocks: Vec<Block> = (0..)
        .zip(&round.entries)
        .map(|(number, e)| Block {
            number,
            pools: e.pools(row),
            baseline: compared == Some(e.id),
            cost: e.settled_cost().clone(),
        })
        .collect();
    if blocks.iter().all(|b| b.pools.runs < 2) {
        return once(app, theme, buffer, inner);
    }
    let axis = Axis::over(blocks.iter().flat_map(|b| &b.pools.pools).flat_map(|p| p.samples.iter().copied()));
    let names = name_columns(app, usize::from(inner.width) / 3);
    let heading = Rect { height: inner.height.min(1), ..inner };
    head(app, theme, buffer, heading, names, row, axis);
    let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let shown = order(app);
    let kinds = |number: &usize| {
        let block = blocks.iter().find(|b| b.number == *number);
        block.map_or(1, |b| b.pools.pools.len().max(1))
    };
    let kinds: Vec<usize> = shown.iter().map(kinds).collect();
    let (each, air) = lines(&kinds, body.height);
    let heights: Vec<u16> =
        kinds.iter().map(|kinds| u16::try_from(*kinds).unwrap_or(1) * each + air).collect();
    let mut y = body.y;
    for at in window(app, &shown, &heights, body.height) {
        let (Some(number), Some(height)) = (shown.get(at), heights.get(at)) else { break };
        if y >= body.bottom() {
            break;
        }
        let place = Rect { y, height: (height - air).min(body.bottom() - y), ..body };
        y = y.saturating_add(*height);
        name(app, theme, buffer, place, *number, names);
        if let Some(block) = blocks.iter().find(|b| b.number == *number) {
            endpoint(app, theme, buffer, place, &Drawn { row, axis, block, blocks: &blocks, names, each });
        }
    }
}

/// Lines of one kind of runs, and of air behind an endpoint: as many as fit for all, given how
/// many kinds each endpoint has.
fn lines(kinds: &[usize], height: u16) -> (u16, u16) {
    let (all, endpoints) = (kinds.iter().sum::<usize>(), kinds.len());
    let fits = |each: u16, air: u16| all * usize::from(each) + endpoints * usize::from(air);
    // Behind the last one no air is needed.
    [(4, 1), (4, 0), (2, 1)]
        .into_iter()
        .find(|(each, air)| fits(*each, *air) <= usize::from(height + air))
        .unwrap_or((2, 0))
}

/// The endpoints that fit, with the focused one among them.
fn window(app: &mut App, order: &[usize], heights: &[u16], height: u16) -> std::ops::Range<usize> {
    let focused = order.iter().position(|n| *n == app.pane).unwrap_or(0);
    let high =
        |from: usize, to: usize| -> u32 { heights.iter().take(to).skip(from).map(|h| u32::from(*h)).sum() };
    let (count, room) = (heights.len(), u32::from(height));
    // No further down than what fills the screen with the last ones.
    let last = (0..count).find(|from| high(*from, count) <= room).unwrap_or(count.saturating_sub(1));
    let mut top = app.views.top.min(last).min(focused);
    while top < focused && high(top, focused + 1) > room {
        top += 1;
    }
    app.views.top = top;
    app.views.rows.clear();
    top..count
}

/// Where there is nothing to compare yet.
fn once(app: &App, theme: &Theme, buffer: &mut Buffer, inner: Rect) {
    let key = app.keymap.first("trials");
    let lines = [
        ("every endpoint was asked once".to_owned(), theme.text),
        (format!("{key} repeats the round, in rotated order and in the background"), theme.faint),
        (format!("{LEAST_RUNS} runs a side are the fewest that can tell a difference"), theme.faint),
    ];
    for ((text, style), y) in lines.into_iter().zip(inner.y..inner.bottom()) {
        put(buffer, Rect { y, height: 1, ..inner }, Line::styled(text, style));
    }
}

fn head(
    app: &App,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    names: usize,
    row: &Metric,
    axis: Option<Axis>,
) {
    let hint = match app.baseline() {
        Some(_) => String::new(),
        None => format!("{} baseline", app.keymap.first("baseline")),
    };
    put(buffer, area, Line::styled(cut(&hint, names), theme.faint));
    let Some(axis) = axis else { return };
    let strip = strip_of(area, names);
    let (least, most) = (row.unit.fine(axis.least), row.unit.fine(axis.most));
    let middle = if axis.logarithmic { "logarithmic" } else { "" };
    let air = usize::from(strip.width).saturating_sub(least.width() + most.width() + middle.width());
    let text = format!("{least}{}{middle}{}{most}", " ".repeat(air / 2), " ".repeat(air - air / 2));
    put(buffer, strip, Line::styled(text, theme.faint));
}

/// What stands right of the names, on one line.
fn strip_of(line: Rect, names: usize) -> Rect {
    let names = u16::try_from(names).unwrap_or(u16::MAX).saturating_add(1).min(line.width);
    Rect { x: line.x + names, width: line.width - names, height: line.height.min(1), ..line }
}

/// What one endpoint's lines are drawn from.
struct Drawn<'d> {
    row: &'d Metric,
    axis: Option<Axis>,
    block: &'d Block,
    blocks: &'d [Block],
    names: usize,
    /// Lines of one kind of runs.
    each: u16,
}

fn endpoint(app: &mut App, theme: &Theme, buffer: &mut Buffer, place: Rect, drawn: &Drawn) {
    let Drawn { axis, block, names, each, .. } = *drawn;
    let left_out = counts_in_words(block.pools.left_out.iter());
    if block.pools.pools.is_empty() {
        let text = if left_out.is_empty() { "no runs yet".to_owned() } else { left_out };
        put(buffer, strip_of(place, names), Line::styled(text, theme.faint));
        return;
    }
    let several = block.pools.pools.len() > 1;
    for (at, pool) in block.pools.pools.iter().enumerate() {
        let top = place.y + each * u16::try_from(at).unwrap_or(u16::MAX);
        let line = |offset: u16| {
            let y = top + offset;
            Rect { y, height: u16::from(y < place.bottom()), ..place }
        };
        let style = hue(theme, block.number);
        if let (Some(axis), Some(summary)) = (axis, pool.summary()) {
            let roomy = each > 2;
            if roomy {
                dots(buffer, strip_of(line(0), names), axis, &pool.samples, style);
            }
            let below = strip_of(line(u16::from(roomy)), names);
            strip(theme, buffer, below, axis, &summary, if roomy { &[] } else { &pool.samples }, style);
        }
        let left_out = if at == 0 { left_out.as_str() } else { "" };
        let facts = facts(app, theme, drawn, pool, several, left_out);
        let under = line(each.saturating_sub(if each > 2 { 2 } else { 1 }));
        let under = Rect { x: under.x + INDENT, width: under.width.saturating_sub(INDENT), ..under };
        if each > 2 {
            let (told, compared): (Vec<_>, Vec<_>) = facts.into_iter().partition(|f| !f.compares);
            let next = Rect { y: under.y + 1, height: line(each - 1).height, ..under };
            put(buffer, under, fitting(theme, told, under.width));
            put(buffer, next, fitting(theme, compared, next.width));
        } else {
            put(buffer, under, fitting(theme, facts, under.width));
        }
    }
}

/// A piece of the facts; what matters least goes first where there is no room.
struct Fact {
    text: String,
    style: Style,
    rank: u8,
    /// Part of the comparison.
    compares: bool,
    /// Belongs to the words before it.
    joined: bool,
}

fn facts(
    app: &mut App,
    theme: &Theme,
    drawn: &Drawn,
    pool: &Pool,
    several: bool,
    left_out: &str,
) -> Vec<Fact> {
    let (row, block) = (drawn.row, drawn.block);
    let fact = |rank, text: String, style| Fact { text, style, rank, compares: false, joined: false };
    let mut out = Vec::new();
    if several || pool.cache != Cache::Untold {
        let (rank, style) = if pool.cache == Cache::Read { (0, theme.accent) } else { (4, theme.faint) };
        out.push(fact(rank, pool.cache.word().to_owned(), style));
    }
    out.push(fact(0, format!("n={}", pool.samples.len()), theme.text));
    let without = counts_in_words(pool.without.iter());
    for (rank, words) in [(2, left_out), (1, &without)].into_iter().filter(|(_, w)| !w.is_empty()) {
        out.push(fact(rank, words.to_owned(), theme.warn));
    }
    let Some(summary) = pool.summary() else { return out };
    let show = |value: f64| block.shown(row, value);
    out.push(fact(1, format!("median {}", show(summary.median)), theme.text));
    if summary.n > 1 {
        out.push(fact(5, format!("p95 {}", show(summary.p95)), theme.text));
        out.push(fact(6, row.unit.range(summary.least, summary.most), theme.faint));
    }
    out.extend(compared(app, theme, drawn, pool, block.baseline));
    out
}

/// The difference from the baseline in numbers and in words.
fn compared(app: &mut App, theme: &Theme, drawn: &Drawn, pool: &Pool, own: bool) -> Vec<Fact> {
    let row = drawn.row;
    let fact = |rank, text: String, style| Fact { text, style, rank, compares: true, joined: false };
    let base = drawn.blocks.iter().find(|b| b.baseline);
    let Some(base) = base.filter(|_| !own) else {
        let interval = app.views.memo.alone(pool).interval;
        let mut out: Vec<Fact> =
            own.then(|| fact(2, "baseline".to_owned(), theme.accent)).into_iter().collect();
        if let Some(i) = interval {
            let text = format!("95 % of the median {}", row.unit.range(i.low, i.high));
            out.push(fact(7, text, theme.faint));
        }
        return out;
    };
    let Some(other) = base.pools.alike(pool.cache) else {
        let word = match pool.cache {
            Cache::Read => "the baseline has no cached run",
            _ => "the baseline has no such run",
        };
        return vec![fact(1, word.to_owned(), theme.faint)];
    };
    let comparison = app.views.memo.against(pool, other);
    let words = comparison.verdict.words(row);
    let style = match (comparison.verdict, row.better) {
        (Verdict::Lower, Better::Lower) | (Verdict::Higher, Better::Higher) => theme.good,
        (Verdict::Lower, Better::Higher) | (Verdict::Higher, Better::Lower) => theme.bad,
        _ => theme.faint,
    };
    let mut out = Vec::new();
    if let Some(i) = comparison.interval {
        let text = format!("95 % {}", row.unit.differences(i.low, i.high));
        out.push(fact(3, text, theme.faint));
    }
    out.push(fact(0, words.to_owned(), style.add_modifier(Modifier::BOLD)));
    if matches!(comparison.verdict, Verdict::Lower | Verdict::Higher) {
        let name = app.baseline().map(|e| clean_line(&e.endpoint.name)).unwrap_or_default();
        out.push(Fact { joined: true, ..fact(8, format!("than {name}"), theme.faint) });
    }
    out
}

/// The pieces that fit, in their order.
fn fitting(theme: &Theme, mut facts: Vec<Fact>, width: u16) -> Line<'static> {
    let wide = |facts: &[Fact]| facts.iter().map(|f| f.text.width() + 3).sum::<usize>().saturating_sub(3);
    while wide(&facts) > usize::from(width) {
        let least = facts.iter().enumerate().max_by_key(|(_, f)| f.rank).map(|(at, _)| at);
        let Some(least) = least.filter(|_| facts.len() > 1) else { break };
        facts.remove(least);
    }
    let mut line = Line::default();
    for (at, fact) in facts.into_iter().enumerate() {
        if at > 0 {
            line.push_span(Span::styled(if fact.joined { " " } else { " · " }, theme.faint));
        }
        line.push_span(Span::styled(fact.text, fact.style));
    }
    line
}

/// From the least to the most, the middle half heavier, the median across; runs as dots.
fn strip(
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    axis: Axis,
    summary: &Summary,
    samples: &[f64],
    style: Style,
) {
    let cells = usize::from(area.width);
    if cells == 0 || area.height == 0 {
        return;
    }
    let at = |value: f64| axis.cell(value, cells);
    let mut drawn = vec![(" ", theme.faint); cells];
    let mut paint = |from: usize, to: usize, glyph: &'static str, style: Style| {
        for cell in drawn.iter_mut().take(to + 1).skip(from) {
            *cell = (glyph, style);
        }
    };
    let (least, most) = (at(summary.least), at(summary.most));
    if most > least {
        paint(least, most, "─", theme.faint);
        paint(least, least, "├", theme.faint);
        paint(most, most, "┤", theme.faint);
        paint(at(summary.p25), at(summary.p75), "━", style);
    }
    for sample in samples {
        let place = at(*sample);
        let many = samples.iter().filter(|s| at(**s) == place).count() > 1;
        paint(place, place, if many { "●" } else { "•" }, style);
    }
    let median = at(summary.median);
    // One run alone is a dot and no distribution.
    let glyph = if summary.n > 1 { "┃" } else { "•" };
    paint(median, median, glyph, style.add_modifier(Modifier::BOLD));
    let line: Line = drawn.into_iter().map(|(glyph, style)| Span::styled(glyph, style)).collect();
    put(buffer, area, line);
}

/// Every run as a dot; runs on one spot stand on each other. Two spots a column, four dots high.
fn dots(buffer: &mut Buffer, area: Rect, axis: Axis, samples: &[f64], style: Style) {
    /// From below.
    const LEFT: [u32; 4] = [0x40, 0x04, 0x02, 0x01];
    const RIGHT: [u32; 4] = [0x80, 0x20, 0x10, 0x08];
    let cells = usize::from(area.width);
    if cells == 0 || area.height == 0 {
        return;
    }
    let mut counts = vec![0_usize; cells * 2];
    for sample in samples {
        if let Some(count) = counts.get_mut(axis.cell(*sample, cells * 2)) {
            *count += 1;
        }
    }
    let highest = counts.iter().copied().max().unwrap_or(0).max(4);
    let mut text = String::with_capacity(cells * 3);
    for pair in counts.chunks(2) {
        let mut glyph = 0x2800;
        for (count, column) in pair.iter().zip([LEFT, RIGHT]) {
            let high = (count * 4).div_ceil(highest);
            glyph += column.iter().take(high).sum::<u32>();
        }
        text.push(if glyph == 0x2800 { ' ' } else { char::from_u32(glyph).unwrap_or(' ') });
    }
    put(buffer, area, Line::styled(text, style));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_in_equal_steps_until_the_runs_are_too_far_apart() {
        assert!(Axis::over(std::iter::empty()).is_none());
        let near = Axis::over([100.0, 300.0, 200.0].into_iter()).unwrap();
        assert_eq!([100.0, 200.0, 300.0].map(|v| near.cell(v, 11)), [0, 5, 10]);
        let far = Axis::over([1.0, 100.0].into_iter()).unwrap();
        assert_eq!((far.logarithmic, far.cell(10.0, 11)), (true, 5));
        let one = Axis::over([7.0].into_iter()).unwrap();
        assert_eq!(one.cell(7.0, 11), 5, "one value stands in the middle");
        assert!(!Axis::over([0.0, 9.0].into_iter()).unwrap().logarithmic);
    }

    #[test]
    fn as_many_lines_as_fit_for_all() {
        assert_eq!(lines(&[1; 3], 40), (4, 1));
        assert_eq!(lines(&[1; 6], 16), (2, 0));
        assert_eq!(lines(&[1; 6], 17), (2, 1));
        assert_eq!(lines(&[1, 1, 2], 18), (4, 1));
        assert_eq!(lines(&[1, 1, 2], 17), (4, 0));
        assert_eq!(lines(&[1; 30], 10), (2, 0));
    }

    #[test]
    fn a_unit_shows_its_differences() {
        assert_eq!(Unit::Milliseconds.difference(-220.0), "-220ms");
    }
}
