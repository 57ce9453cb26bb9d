//! Cost against a time: near the corner is cheap and quick.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{all_figures, figure_keys, frame, hue, nothing, order};
use crate::model::Metric;
use crate::model::Unit;
use crate::model::clean_line;
use crate::model::metric;
use crate::ui::app::App;
use crate::ui::command::Focus;
use crate::ui::ink::{cut, put};
use crate::ui::theme::Theme;

/// Beyond this ratio of largest to smallest an axis in equal steps shows one point and a heap.
const LOGARITHMIC: f64 = 50.0;

/// Columns of the labels at the left axis.
const LEFT: u16 = 11;

/// The time before another is chosen.
pub(super) const USUAL: &str = "ttft_ms";

/// The times there are to choose from.
pub(super) fn figures() -> Vec<&'static Metric> {
    all_figures().into_iter().filter(|row| row.unit == Unit::Milliseconds).collect()
}

/// An axis: where a value lies on it, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Axis {
    least: f64,
    most: f64,
    logarithmic: bool,
}

impl Axis {
    fn over(values: &[f64]) -> Self {
        let most = values.iter().copied().fold(0.0, f64::max);
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let logarithmic = least > 0.0 && least.is_finite() && most / least > LOGARITHMIC;
        Self { least: if logarithmic { least } else { 0.0 }, most, logarithmic }
    }

    fn place(self, value: f64) -> f64 {
        let (value, least, most) = if self.logarithmic {
            (value.ln(), self.least.ln(), self.most.ln())
        } else {
            (value, self.least, self.most)
        };
        if most > least { ((value - least) / (most - least)).clamp(0.0, 1.0) } else { 0.0 }
    }
}

pub(super) fn draw(app: &mut App, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let chosen = app.views.figure.filter(|f| f.unit == Unit::Milliseconds);
    let (Some(time), Some(cost)) = (chosen.or(metric(USUAL)), metric("cost_usd")) else { return };
    let title = format!("cost against {} · {} another time", time.heading, figure_keys(app));
    let formula = format!("{} = {}", time.heading, time.formula);
    let inner = frame(app, theme, buffer, area, &title, &formula);
    let Some(round) = app.round() else { return nothing(theme, buffer, inner) };
    let points: Vec<(usize, Option<f64>, Option<f64>)> =
        round.entries.iter().enumerate().map(|(n, e)| (n, e.typical(time), e.typical(cost))).collect();
    let known: Vec<(usize, f64, f64)> =
        points.iter().filter_map(|(n, x, y)| Some((*n, (*x)?, (*y)?))).collect();
    // The list needs a line for each; on a low screen the plot gives way last.
    // In the order in which up and down go through them.
    let points: Vec<_> = order(app).into_iter().filter_map(|n| points.get(n).copied()).collect();
    let wanted = u16::try_from(points.len()).unwrap_or(u16::MAX);
    let listed = wanted.min(inner.height.saturating_sub(8));
    let plot = Rect { height: inner.height - listed, ..inner };
    plot_points(app, theme, buffer, plot, &known, time);
    for (line, (number, x, y)) in points.iter().enumerate().take(usize::from(listed)) {
        let rect = Rect { y: plot.bottom() + u16::try_from(line).unwrap_or(0), height: 1, ..inner };
        let Some(entry) = app.round().and_then(|r| r.entries.get(*number)) else { continue };
        let missing = if x.is_some() && y.is_some() { "" } else { " · not in the plot" };
        let name = cut(&clean_line(&entry.endpoint.name), usize::from(inner.width / 2));
        put(
            buffer,
            rect,
            Line::from(vec![
                Span::styled(format!("{} ", number + 1), theme.focus),
                Span::styled(name, hue(theme, *number)),
                Span::styled(
                    format!("  {} · {}{missing}", time.show(&entry.answer), cost.show(&entry.answer)),
                    theme.faint,
                ),
            ]),
        );
    }
}

fn plot_points(
    app: &App,
    theme: &Theme,
    buffer: &mut Buffer,
    area: Rect,
    known: &[(usize, f64, f64)],
    time: &Metric,
) {
    if known.is_empty() || area.height < 4 || area.width < LEFT + 12 {
        let text = if known.is_empty() { "no answer has both figures yet" } else { "no room to draw" };
        put(buffer, area, Line::styled(text, theme.faint));
        return;
    }
    let (xs, ys): (Vec<f64>, Vec<f64>) = known.iter().map(|(_, x, y)| (*x, *y)).unzip();
    let (x, y) = (Axis::over(&xs), Axis::over(&ys));
    let field = Rect { x: area.x + LEFT, width: area.width - LEFT - 4, height: area.height - 2, ..area };
    let shown = |unit: Unit, value: f64| if value == 0.0 { "0".to_owned() } else { unit.show(value) };
    let label = |value: f64| format!("{:>1$} ", shown(Unit::Usd, value), usize::from(LEFT) - 2);
    let style = theme.faint;
    for row in 0..field.height {
        let line = Rect { x: area.x, y: field.y + row, width: LEFT, height: 1 };
        let text = match row {
            0 => label(y.most),
            r if r + 1 == field.height => label(y.least),
            _ => " ".repeat(usize::from(LEFT) - 1),
        };
        put(buffer, line, Line::styled(format!("{text}│"), style));
    }
    let bottom = Rect { x: area.x + LEFT - 1, y: field.bottom(), width: field.width + 1, height: 1 };
    put(buffer, bottom, Line::styled(format!("└{}", "─".repeat(usize::from(field.width))), style));
    let (least, most) = (shown(time.unit, x.least), shown(time.unit, x.most));
    let scale = match (x.logarithmic, y.logarithmic) {
        (false, false) => "",
        (true, true) => "both logarithmic",
        (true, false) => "time logarithmic",
        (false, true) => "cost logarithmic",
    };
    let air = usize::from(field.width).saturating_sub(least.width() + most.width() + scale.width());
    let under = format!("{least}{0}{scale}{1}{most}", " ".repeat(air / 2), " ".repeat(air - air / 2));
    put(
        buffer,
        Rect { y: bottom.y + 1, x: field.x, width: field.width + 4, height: 1 },
        Line::styled(under, style),
    );
    let mut taken: Vec<(u16, u16)> = Vec::new();
    for (number, at_x, at_y) in known {
        let column = field.x + across(x.place(*at_x), field.width);
        let row = field.bottom() - 1 - across(y.place(*at_y), field.height);
        let text = (number + 1).to_string();
        let wide = u16::try_from(text.width()).unwrap_or(1);
        // Points on one spot stand side by side.
        let mut column = column;
        while taken.iter().any(|(r, c)| *r == row && c.abs_diff(column) < wide) {
            column += wide;
        }
        if column + wide > area.right() {
            continue;
        }
        taken.push((row, column));
        let mut style = hue(theme, *number);
        if app.focus == Focus::Panes && app.pane == *number {
            style = style.add_modifier(ratatui::style::Modifier::REVERSED);
        }
        put(buffer, Rect { x: column, y: row, width: wide, height: 1 }, Line::styled(text, style));
    }
}

/// The cell of a share of so many cells.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
fn across(share: f64, cells: u16) -> u16 {
    (share * f64::from(cells.saturating_sub(1))).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_begins_at_zero_until_the_values_are_too_far_apart() {
        let near = Axis::over(&[100.0, 400.0]);
        for (value, want) in [(0.0, 0.0), (100.0, 0.25), (400.0, 1.0)] {
            assert!((near.place(value) - want).abs() < 1e-9, "{value}");
        }
        let far = Axis::over(&[1.0, 100.0]);
        assert!(far.logarithmic);
        assert!((far.place(10.0) - 0.5).abs() < 1e-9);
        let free = Axis::over(&[0.0, 0.0]);
        assert!(free.place(0.0).abs() < 1e-9);
        assert!(!Axis::over(&[0.0, 100.0]).logarithmic, "nothing has a logarithm of zero");
    }
}
