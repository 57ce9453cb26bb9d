//! The region of the AWS profile, which only the SDK's own reader knows how to find.

use aws_config::meta::region::ProvideRegion;
use aws_config::profile::ProfileFileRegionProvider;

/// `region` of the profile that `AWS_PROFILE` names, or of the default one.
pub async fn profile_region() -> Option<String> {
    ProfileFileRegionProvider::new().region().await.map(|r| r.as_ref().to_owned())
}
