//! What this machine has in files: profiles and sign-ins of the clouds' own tools.
//! Looked at, never read for their secrets.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::provider::Machine;
use crate::provider::Vars;
use crate::provider::google_file;

/// The fields of Google's file that are no secret.
#[derive(Deserialize, Default)]
struct Adc {
    quota_project_id: Option<String>,
    project_id: Option<String>,
}

/// Looks at the usual places below the home directory. `aws_region` is the profile's own,
/// which only the SDK knows how to find.
#[must_use]
pub fn machine(vars: &Vars, aws_region: Option<String>) -> Machine {
    let home = vars.get("HOME").map(PathBuf::from);
    let below = |path: &str| home.as_ref().map(|h| h.join(path)).filter(|p| p.is_file());
    let named = |var: &str| vars.get(var).map(PathBuf::from).filter(|p| p.is_file());
    let config = named("AWS_CONFIG_FILE").or_else(|| below(".aws/config"));
    let credentials = named("AWS_SHARED_CREDENTIALS_FILE").or_else(|| below(".aws/credentials"));
    // A config that only names a region is no credential.
    let holds = |p: &PathBuf| {
        let text = std::fs::read_to_string(p).map(Zeroizing::new).unwrap_or_default();
        PROFILE_WAYS.iter().any(|way| text.contains(way))
    };
    let aws = config.filter(holds).or_else(|| credentials.filter(holds));
    let google = google_file(vars).map(|(path, _)| path).filter(|p| p.is_file());
    let entra = below(".azure/azureProfile.json").or_else(|| below(".azd/auth.json"));
    let adc: Adc = google
        .as_ref()
        .and_then(|p| serde_json::from_str(&std::fs::read_to_string(p).ok()?).ok())
        .unwrap_or_default();
    let shown = |p: &Path| shorten_home(p, home.as_deref());
    Machine {
        aws: aws.map(|p| format!("AWS profile in {}", shown(&p))).or_else(|| instance(vars)),
        aws_region,
        google: google.map(|p| shown(&p)),
        google_project: adc.quota_project_id.or(adc.project_id),
        entra: entra.map(|_| "Entra ID: az or azd sign-in".to_owned()),
    }
}

/// A path for people: one below the home directory begins with `~`.
#[must_use]
pub fn shorten_home(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}

/// Settings of which a profile that gives credentials has one.
const PROFILE_WAYS: [&str; 6] =
    ["aws_access_key_id", "sso_", "role_arn", "credential_process", "credential_source", "login_session"];

/// A machine of Amazon's may have a role; only asking tells, and asking elsewhere is a wait for nothing.
fn instance(vars: &Vars) -> Option<String> {
    let off = vars.get("AWS_EC2_METADATA_DISABLED").is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let vendor = || std::fs::read_to_string("/sys/class/dmi/id/sys_vendor").unwrap_or_default();
    (!off && vars.is_process() && vendor().contains("Amazon EC2")).then(|| "this instance's role".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_below_the_home_and_shown_from_there() {
        let home = tempfile::tempdir().unwrap();
        let at = |path: &str| home.path().join(path);
        std::fs::create_dir_all(at(".aws")).unwrap();
        std::fs::create_dir_all(at(".config/gcloud")).unwrap();
        std::fs::write(
            at(".aws/config"),
            "[default]\nregion = eu-west-1\n[profile dev]\nrole_arn = arn:aws:iam::1:role/x\n",
        )
        .unwrap();
        std::fs::write(
            at(".config/gcloud/application_default_credentials.json"),
            r#"{"type": "authorized_user", "refresh_token": "canary", "quota_project_id": "my-project"}"#,
        )
        .unwrap();
        let path = home.path().display().to_string();
        let found = machine(&Vars::only(&[("HOME", &path)]), Some("eu-west-1".into()));
        assert_eq!(found.aws.as_deref(), Some("AWS profile in ~/.aws/config"));
        assert_eq!(found.google.as_deref(), Some("~/.config/gcloud/application_default_credentials.json"));
        assert_eq!(found.google_project.as_deref(), Some("my-project"));
        assert_eq!(found.entra, None);
        assert!(!format!("{found:?}").contains("canary"));
        std::fs::write(at(".aws/config"), "[default]\nregion = eu-west-1\n").unwrap();
        assert_eq!(machine(&Vars::only(&[("HOME", &path)]), None).aws, None, "a region is no credential");
        let elsewhere = at("elsewhere");
        std::fs::create_dir_all(&elsewhere).unwrap();
        std::fs::copy(
            at(".config/gcloud/application_default_credentials.json"),
            elsewhere.join("application_default_credentials.json"),
        )
        .unwrap();
        let moved = [("CLOUDSDK_CONFIG", elsewhere.to_str().unwrap())];
        assert_eq!(machine(&Vars::only(&moved), None).google_project.as_deref(), Some("my-project"));
        assert_eq!(machine(&Vars::only(&[]), None), Machine::default());
    }
}
