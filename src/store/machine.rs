//! What this machine has in files: profiles and sign-ins of the clouds' own tools.
//! Looked at, never read for their secrets.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::provider::AwsProfile;
use crate::provider::Machine;
use crate::provider::Vars;
use crate::provider::google_file;

/// The fields of Google's file that are no secret.
#[derive(Deserialize, Default)]
struct Adc {
    quota_project_id: Option<String>,
    project_id: Option<String>,
}

/// Looks at the usual places below the home directory. What AWS's own files say is brought
/// along: only the SDK knows how to read them.
#[must_use]
pub fn machine(vars: &Vars, aws: &AwsProfile) -> Machine {
    let home = vars.get("HOME").map(PathBuf::from);
    let google = google_file(vars).map(|(path, _)| path).filter(|p| p.is_file());
    let tool = |named: &str, usual: &str, file: &str| {
        let dir = vars.get(named).map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(usual)))?;
        Some(dir.join(file)).filter(|p| p.is_file())
    };
    let entra = tool("AZURE_CONFIG_DIR", ".azure", "azureProfile.json")
        .or_else(|| tool("AZD_CONFIG_DIR", ".azd", "auth.json"));
    let adc: Adc = google
        .as_ref()
        .and_then(|p| serde_json::from_str(&std::fs::read_to_string(p).ok()?).ok())
        .unwrap_or_default();
    let profile = aws.gives.then(|| format!("AWS profile {}", aws.name));
    Machine {
        aws: profile.or_else(|| instance(vars)),
        // Only one that somebody meant is missed.
        aws_empty: vars.get("AWS_PROFILE").filter(|_| !aws.gives),
        aws_fault: aws.fault.clone(),
        aws_region: aws.region.clone(),
        google: google.map(|p| shorten_home(&p, home.as_deref())),
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
        std::fs::create_dir_all(at(".config/gcloud")).unwrap();
        std::fs::write(
            at(".config/gcloud/application_default_credentials.json"),
            r#"{"type": "authorized_user", "refresh_token": "canary", "quota_project_id": "my-project"}"#,
        )
        .unwrap();
        let path = home.path().display().to_string();
        let aws =
            AwsProfile { name: "dev".into(), region: Some("eu-west-1".into()), gives: true, fault: None };
        let found = machine(&Vars::only(&[("HOME", &path)]), &aws);
        assert_eq!(found.aws.as_deref(), Some("AWS profile dev"));
        assert_eq!(found.google.as_deref(), Some("~/.config/gcloud/application_default_credentials.json"));
        assert_eq!(found.google_project.as_deref(), Some("my-project"));
        assert_eq!(found.entra, None);
        assert!(!format!("{found:?}").contains("canary"));
        let none = AwsProfile { gives: false, ..aws };
        let named = machine(&Vars::only(&[("HOME", &path), ("AWS_PROFILE", "dev")]), &none);
        assert_eq!((named.aws, named.aws_empty.as_deref()), (None, Some("dev")), "a region is no credential");
        std::fs::create_dir_all(at("az")).unwrap();
        std::fs::write(at("az/azureProfile.json"), "{}").unwrap();
        let az = machine(&Vars::only(&[("AZURE_CONFIG_DIR", at("az").to_str().unwrap())]), &none);
        assert!(az.entra.is_some() && found.entra.is_none());
        let elsewhere = at("elsewhere");
        std::fs::create_dir_all(&elsewhere).unwrap();
        std::fs::copy(
            at(".config/gcloud/application_default_credentials.json"),
            elsewhere.join("application_default_credentials.json"),
        )
        .unwrap();
        let moved = [("CLOUDSDK_CONFIG", elsewhere.to_str().unwrap())];
        assert_eq!(
            machine(&Vars::only(&moved), &AwsProfile::default()).google_project.as_deref(),
            Some("my-project")
        );
        assert_eq!(machine(&Vars::only(&[]), &AwsProfile::default()), Machine::default());
    }
}
