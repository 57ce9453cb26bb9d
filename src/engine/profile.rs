//! The AWS profile that is meant, as the SDK's own reader of its files understands them.

use aws_config::profile::load;
#[expect(deprecated, reason = "the reader's own signature calls its files so")]
use aws_config::profile::profile_file::ProfileFiles;
use aws_types::os_shim_internal::{Env, Fs};

use super::transport::deepest;
use crate::provider::AwsProfile;

/// Settings of which a profile that gives credentials has one.
const WAYS: [&str; 7] = [
    "sso_session",
    "sso_start_url",
    "role_arn",
    "credential_process",
    "credential_source",
    "web_identity_token_file",
    "login_session",
];

/// A key's id without its secret is no credential.
const KEY: [&str; 2] = ["aws_access_key_id", "aws_secret_access_key"];

/// The profile that `AWS_PROFILE` names, or the default one; or what is wrong with the files.
pub async fn aws_profile() -> AwsProfile {
    #[expect(deprecated, reason = "the reader's own signature calls its files so")]
    let read = load(&Fs::real(), &Env::real(), &ProfileFiles::default(), None).await;
    let all = match read {
        Ok(all) => all,
        Err(e) => return AwsProfile { fault: Some(deepest(&e)), ..AwsProfile::default() },
    };
    let name = all.selected_profile();
    let profile = all.get_profile(name);
    AwsProfile {
        name: name.to_owned(),
        region: profile.and_then(|p| p.get("region")).map(ToOwned::to_owned),
        fault: None,
        gives: profile.is_some_and(|p| {
            let has = |name: &&str| p.get(name).is_some();
            WAYS.iter().any(has) || KEY.iter().all(has)
        }),
    }
}
