//! What this machine has in files: profiles and sign-ins of the clouds' own tools.
//! Looked at, never read for their secrets.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::provider::Machine;
use crate::provider::Vars;

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
    let aws = named("AWS_CONFIG_FILE")
        .or_else(|| named("AWS_SHARED_CREDENTIALS_FILE"))
        .or_else(|| below(".aws/config"))
        .or_else(|| below(".aws/credentials"));
    let google = named("GOOGLE_APPLICATION_CREDENTIALS")
        .or_else(|| below(".config/gcloud/application_default_credentials.json"));
    let entra = below(".azure/azureProfile.json").or_else(|| below(".azd/auth.json"));
    let adc: Adc = google
        .as_ref()
        .and_then(|p| serde_json::from_str(&std::fs::read_to_string(p).ok()?).ok())
        .unwrap_or_default();
    let shown = |p: &Path| match home.as_ref().and_then(|h| p.strip_prefix(h).ok()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => p.display().to_string(),
    };
    Machine {
        aws: aws.map(|p| format!("AWS profile in {}", shown(&p))),
        aws_region,
        google: google.map(|p| shown(&p)),
        google_project: adc.quota_project_id.or(adc.project_id),
        entra: entra.map(|_| "Entra ID: az or azd sign-in".to_owned()),
    }
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
        std::fs::write(at(".aws/config"), "[default]\nregion = eu-west-1\n").unwrap();
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
        assert_eq!(machine(&Vars::only(&[]), None), Machine::default());
    }
}
