//! What the screen starts with.

use std::sync::Arc;

use super::app::App;
use super::command::Keymap;
use super::desk::Pen;
use super::picker::Choice;
use super::templates::Given;
use super::theme::{Theme, Themes};
use super::{Accepter, Estimator, Files, Keys, Leveller};
use crate::model::Connections;
use crate::model::Judge;
use crate::model::Lineup;
use crate::model::Spending;
use crate::store::KeptSession;

/// What the screen starts with.
#[expect(clippy::struct_excessive_bools, reason = "switches of the user's, each on its own")]
pub struct Setup {
    pub title: String,
    pub lineup: Lineup,
    pub theme: Theme,
    pub themes: Themes,
    /// Whether the window is named after the lineup.
    pub names_window: bool,
    pub keymap: Keymap,
    /// Sent at once.
    pub initial_prompt: Option<String>,
    /// Stands in the prompt at the start.
    pub draft: String,
    pub system: Option<String>,
    /// Day of the price list, and its age in days.
    pub prices: (String, Option<i32>),
    /// What can be added to the lineup; asked once, when the picker is first opened.
    pub choices: Arc<dyn Fn() -> Vec<Choice> + Send + Sync>,
    /// Brings endpoints to the settings that all of them take; names and order stay.
    pub level: Leveller,
    /// Says what an endpoint takes, for the panel of parameters.
    pub accepts: Accepter,
    /// Whether that is switched on from the start.
    pub common: bool,
    /// What a round may cost; shown while it is written, and held against the budget.
    pub estimate: Estimator,
    pub spending: Spending,
    /// How endpoints are reached.
    pub connections: Connections,
    /// The lineup is one open model on several clouds.
    pub same_weights: bool,
    /// Whether there is a config in which a lineup can be saved.
    pub saves: bool,
    /// Repeats are sent with a nonce unless the user says otherwise.
    pub nonce: bool,
    /// Tags of the session's votes.
    pub tags: Vec<String>,
    pub judge: Option<Judge>,
    /// The reader of a screen that came before.
    pub keys: Option<Keys>,
    /// Values, cases and a prompt to start with.
    pub given: Given,
    pub files: Files,
    /// How prompts are written, and where that is kept.
    pub pen: Pen,
    /// Things to try are named, one after the other.
    pub tour: bool,
    /// This program, which is run once more to read code.
    pub program: Option<std::path::PathBuf>,
    /// A session to go on with; whether it is this one's own, or copied by what is sent.
    pub reopened: Option<(KeptSession, bool)>,
    /// Said once, when the screen appears.
    pub notice: Option<String>,
}

/// The state that the screen starts with, and what it is written with.
pub(super) fn furnished(setup: Setup) -> (App, Pen) {
    let mut app = App::new(setup.title, setup.lineup, setup.keymap);
    app.system = setup.system;
    (app.theme, app.themes) = (Arc::new(setup.theme), setup.themes);
    (app.prices_as_of, app.prices_age) = setup.prices;
    app.level = setup.level;
    app.accepts = setup.accepts;
    app.common = setup.common;
    app.connections = setup.connections;
    app.saves = setup.saves;
    app.trials.nonce = setup.nonce;
    app.trials.rng = fastrand::Rng::new();
    app.votes.rng = fastrand::Rng::new();
    app.votes.tags = setup.tags;
    app.judging.judge = setup.judge;
    app.judging.rng = fastrand::Rng::new();
    app.same_weights = setup.same_weights;
    app.give(setup.given);
    if setup.tour {
        app.take_tour();
    }
    if let Some(notice) = setup.notice {
        app.say(notice);
    }
    app.weigh_by(setup.spending);
    app.editor.set_vi(setup.pen.vi);
    (app, setup.pen)
}
