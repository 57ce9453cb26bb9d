//! Who is asked, changed while the screen is up: adding, removing, saving, and
//! bringing all to the same settings. The list itself is in `picker.rs`.

use crossterm::event::{KeyCode, KeyModifiers};

use super::app::{App, Effect, Overlay};
use super::key::Key;
use super::picker::{Asked, Ready};
use crate::model::Endpoint;
use crate::model::Lineup;
use crate::model::clean_line;

impl App {
    /// Endpoints of the lineup that the round in view has not asked. A round that is
    /// not the last one is history: nobody waits there.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Endpoint> {
        let round = self.round();
        // Beside panes without names, those that wait would tell the names.
        let history = round.is_some() && self.shown + 1 < self.rounds.len() || self.is_veiled(self.shown);
        self.lineup.endpoints.iter().filter(move |e| {
            !history && round.is_none_or(|r| r.entries.iter().all(|entry| !entry.endpoint.is_pane_of(e)))
        })
    }

    /// What the pane with this number shows.
    pub(super) fn endpoint(&self, number: usize) -> Option<&Endpoint> {
        let asked = self.round().into_iter().flat_map(|r| &r.entries).map(|e| &e.endpoint);
        asked.chain(self.waiting()).nth(number)
    }

    /// The lineup as the next round asks it.
    pub(super) fn levelled(&self) -> Vec<Endpoint> {
        if self.common { (self.level)(&self.lineup.endpoints) } else { self.lineup.endpoints.clone() }
    }

    pub(super) fn toggle_common(&mut self) -> bool {
        self.common = !self.common;
        self.say(if self.common {
            "from the next prompt on: only settings that every model takes"
        } else {
            "from the next prompt on: each endpoint's own settings"
        });
        true
    }

    pub(super) fn open_picker(&mut self) -> bool {
        if self.must_vote("endpoints are chosen") {
            return true;
        }
        self.overlay = Some(Overlay::Picker);
        self.picker.open(&self.lineup.endpoints);
        if self.picker.wants_choices() {
            self.effects.push(Effect::Choices);
        }
        true
    }

    /// A key while the picker is open; it takes every one.
    pub(super) fn picker_key(&mut self, key: Key) {
        let control = key.modifiers == KeyModifiers::CONTROL;
        if matches!(key.code, KeyCode::F(2)) || (control && key.code == KeyCode::Char('s')) {
            // Flow control takes ctrl+s on some terminals, hence the other key.
            if !self.saves {
                self.say("there is no config to save a lineup in");
                return;
            }
            let name = self.lineup.name.clone();
            self.picker.ask_name(&name);
            return;
        }
        match self.picker.key(key) {
            Asked::Nothing => {}
            Asked::Close => self.overlay = None,
            Asked::Toggle => self.toggle_choice(),
            Asked::Save(name) if name.is_empty() => self.say("a lineup needs a name"),
            Asked::Save(name) => {
                let lineup = Lineup { name: name.clone(), ..self.lineup.clone() };
                self.effects.push(Effect::SaveLineup { name, lineup });
            }
        }
    }

    pub(super) fn saved(&mut self, name: String, said: Result<String, String>) {
        match said {
            Ok(said) => {
                self.lineup.name.clone_from(&name);
                self.title = name;
                self.tuning.saved(&self.lineup.endpoints);
                self.say(said);
            }
            Err(why) => self.say(format!("not saved: {why}")),
        }
    }

    /// Adds the endpoint under the cursor, or takes it out.
    fn toggle_choice(&mut self) {
        let Some((choice, member)) = self.picker.current() else { return };
        if let Some(name) = member.map(ToOwned::to_owned) {
            if self.remove(&name) {
                self.picker.set_member(None);
            }
        } else if let Ready::Never(why) = &choice.ready {
            let said = format!("{} cannot be added: {why}", clean_line(&choice.endpoint.name));
            self.say(said);
        } else {
            let endpoint = choice.endpoint.clone();
            let name = self.add(endpoint);
            self.picker.set_member(Some(name));
        }
        self.simulated = self.lineup.endpoints.iter().all(|e| e.simulated);
    }

    /// Takes the endpoint in; where the round in view is a fresh one, it is asked at once.
    fn add(&mut self, mut endpoint: Endpoint) -> String {
        endpoint.name = self.free_name(&endpoint);
        let name = endpoint.name.clone();
        let shown = clean_line(&name);
        let answered = self.round().map(|r| r.entries.iter().any(|e| e.endpoint.is_pane_of(&endpoint)));
        self.lineup.endpoints.push(endpoint.clone());
        if self.lineup.baseline.is_none()
            && self.left_baseline.as_ref().is_some_and(|left| left.asks_like(&endpoint))
        {
            self.lineup.baseline = Some(self.lineup.endpoints.len() - 1);
            self.left_baseline = None;
        }
        let again = self.keymap.first("rerun");
        match answered {
            None => self.say(format!("added {shown}")),
            Some(true) => self.say(format!("added {shown}: its answer is here, {again} asks it again")),
            Some(false) if self.round().is_some_and(|r| !r.is_follow_up()) => {
                let plan = self.plan_one(&endpoint);
                let asked = if self.order(plan) { "asked it" } else { "asks it, within the budget," };
                self.say(format!("added {shown} and {asked} this prompt"));
            }
            // A conversation that it was not part of cannot be continued.
            Some(false) => {
                self.say(format!("added {shown}: asked from the next prompt on ({again} asks it now)"));
            }
        }
        name
    }

    /// A name that no pane in view has, nor any other of the lineup.
    fn free_name(&self, endpoint: &Endpoint) -> String {
        let mut taken = Lineup { endpoints: self.lineup.endpoints.clone(), ..Lineup::default() };
        for entry in self.round().into_iter().flat_map(|r| &r.entries) {
            let known = taken.endpoints.iter().any(|e| e.name == entry.endpoint.name);
            // One that comes back gets its old name back.
            if !known && !entry.endpoint.is_route_of(endpoint) {
                taken.endpoints.push(entry.endpoint.clone());
            }
        }
        taken.endpoints.push(endpoint.clone());
        taken.tell_apart();
        taken.endpoints.pop().map(|e| e.name).unwrap_or_default()
    }

    /// Takes the endpoint with this name out and stops its streams; the answers stay in their rounds.
    fn remove(&mut self, name: &str) -> bool {
        if self.lineup.endpoints.len() < 2 {
            self.say("the last pane stays: a lineup needs an endpoint");
            return false;
        }
        let Some(at) = self.lineup.endpoints.iter().position(|e| e.name == name) else { return true };
        let gone = self.lineup.endpoints.remove(at);
        let baseline = self.lineup.baseline == Some(at);
        if baseline {
            // It is the baseline again should it come back.
            self.left_baseline = Some(gone.clone());
        }
        self.lineup.baseline = match self.lineup.baseline {
            Some(baseline) if baseline == at => None,
            Some(baseline) if baseline > at => Some(baseline - 1),
            other => other,
        };
        let has = |r: &super::app::Round| r.entries.iter().any(|e| e.endpoint.is_pane_of(&gone));
        let answered = self.round().is_some_and(has);
        let mut stopped = false;
        let mut left = Vec::new();
        for (r, round) in self.rounds.iter_mut().enumerate() {
            for (e, entry) in round.entries.iter_mut().enumerate() {
                if entry.endpoint.is_pane_of(&gone) {
                    let mut cancelled = entry.stop_all();
                    stopped |= !cancelled.is_empty();
                    self.effects.append(&mut cancelled);
                    left.push((r, e));
                }
            }
        }
        stopped |= self.drop_trials(|r, e| left.contains(&(r, e)));
        let tail = match (answered, stopped) {
            (_, true) => ": stopped, what came so far stays in this round",
            (true, false) => ": its answer stays in this round",
            (false, false) => "",
        };
        let what = if baseline { ", the baseline" } else { "" };
        self.say(format!("removed {}{what}{tail}", clean_line(name)));
        true
    }
}
