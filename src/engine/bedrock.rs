//! Bedrock Converse through the AWS SDK's own client.
//!
//! The SDK signs, resolves credentials and cuts the event stream; its HTTP is
//! ours (`aws_http`), so `t0`, headers and every arrival are stamped at the
//! socket, after credentials and before the SDK parses. Its retries, timeouts
//! and stalled-stream guard are off: they would change what is measured.

use std::error::Error;
use std::sync::Arc;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Token;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::StalledStreamProtectionConfig;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::primitives::event_stream::EventReceiver;
use aws_sdk_bedrockruntime::types::ConverseStreamOutput;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_runtime_api::client::auth::http::HTTP_BEARER_AUTH_SCHEME_ID;
use tokio::time::{Instant, timeout};

use super::Shared;
use super::aws_http::{Probe, http_client};
use super::call::{no_reply, plain_headers, sending};
use super::identity::{Signed, aws_fault, causes, fips, ours, renewal};
use super::pump::{self, Arrival, Reporter, Source};
use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Fault;
use crate::model::Prompt;
use crate::model::Step;
use crate::provider::Aws;
use crate::provider::Request;
use crate::provider::Vars;
use crate::wire::Call;
use crate::wire::Converse;
use crate::wire::ConverseReader;
use crate::wire::Head;
use crate::wire::Progress;
use crate::wire::explain;

/// Sends one prompt to Bedrock and reads its answer to the end.
///
/// # Errors
/// The fault that ended it.
pub(super) async fn converse(
    request: Request,
    endpoint: &Endpoint,
    prompt: &Prompt,
    shared: &Shared,
    reporter: &Reporter,
) -> Result<(), Fault> {
    let thinks = request.thinks;
    let Some(aws) = request.aws.clone() else {
        return Err(Fault::new(Class::Internal, "a Bedrock request without an AWS account"));
    };
    let transport = &shared.transport;
    transport.prepare(&request.url).await?;
    let probe = Probe::new(reporter.clone());
    // Credentials are fetched here and not inside the SDK's call, so that they are seen as a
    // step of their own and are the ones that sign.
    let asked = Instant::now();
    let (client, found) = client(&aws, shared, &probe).await?;
    let took = found.is_some().then(|| asked.elapsed());
    let mut request = request;
    if let Some(found) = found {
        request.via = Some(found.via);
        reporter.hide(&found.secrets);
    }
    let leaving = sending(&request, &http::HeaderMap::new(), request.via.clone(), took);
    reporter.send(Instant::now(), Step::Prepared(Box::new(leaving)));
    let call = Call {
        model: endpoint.sent_model(),
        is: &endpoint.model,
        prompt,
        params: &request.params,
        quirks: request.api.quirks,
    };
    let send = client
        .converse_stream()
        .model_id(call.model)
        .set_messages(Some(Converse::messages(&call)?))
        .set_system(Some(Converse::system(&call)).filter(|s| !s.is_empty()))
        .set_inference_config(Converse::inference(&call))
        .set_service_tier(Converse::tier(&call))
        .set_additional_model_request_fields(Converse::additional(&call)?)
        .send();
    transport.warm(&request.url).await;
    // Credentials come first and are not the provider's time; this limit covers both,
    // so that a hanging credential process still ends.
    let first = shared.limits.first_event_for(thinks);
    let output = match timeout(first, send).await {
        Err(_) if reporter.t0().is_none() => {
            let seconds = first.as_secs_f32();
            return Err(Fault::new(Class::Key, format!("AWS credentials took longer than {seconds} s"))
                .hint("run the profile's credential process or `aws sso login` by hand and look at what it waits for"));
        }
        Err(_) => return Err(no_reply(&request.url, first)),
        Ok(Err(error)) => {
            let mut fault = before_stream(&error);
            if fault.class == Class::Key && fault.status.is_some() {
                fault.hint.get_or_insert_with(|| renewal(request.via.as_deref()));
            }
            return Err(fault);
        }
        Ok(Ok(output)) => output,
    };
    let events = Events { stream: output.stream, reader: ConverseReader::new(&endpoint.model), probe };
    pump::run(events, reporter, &shared.limits, thinks).await
}

/// The SDK's name for its signatures.
const SIGV4: AuthSchemeId = AuthSchemeId::new("sigv4");

/// The SDK's client for one request, and the credentials of the chain that it signs with.
async fn client(aws: &Aws, shared: &Shared, probe: &Probe) -> Result<(Client, Option<Signed>), Fault> {
    let empty =
        |region| SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(region).build();
    let base = if aws.chain {
        shared.identities.aws.get(aws.region.clone(), &shared.transport).await
    } else {
        empty(aws.region.clone().map(Region::new))
    };
    fips(&base, &aws.endpoint_url)?;
    // What the environment holds must not reach a server that is to be asked without it.
    let base = if aws.anonymous { empty(base.region().cloned()) } else { base };
    if base.region().is_none() {
        return Err(Fault::new(Class::Setup, "no AWS region")
            .hint("write it after an @ (…@us-east-1), or set AWS_REGION or the profile's region"));
    }
    let mut config = aws_sdk_bedrockruntime::config::Builder::from(&base)
        .http_client(http_client(Arc::clone(&shared.transport), Some(probe.clone())))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        // The profile's address and its variants of hosts stand back behind the one that was checked.
        .endpoint_url(&aws.endpoint_url)
        .use_fips(false)
        .use_dual_stack(false);
    if let Some(bearer) = &aws.bearer {
        config = config
            .bearer_token(Token::new(bearer.expose(), None))
            .auth_scheme_preference([HTTP_BEARER_AUTH_SCHEME_ID]);
    }
    let mut found = None;
    if aws.anonymous {
        config = config.allow_no_auth();
    } else if aws.chain && aws.bearer.is_none() {
        let chain = shared.identities.aws.ready(aws.region.as_deref(), &shared.vars, &shared.transport);
        let (credentials, signed) = Box::pin(chain).await?;
        // The SDK reads a bearer token of the environment by itself and would rather send that;
        // where it may go was decided without it, so a signature it is.
        config = config.credentials_provider(credentials).auth_scheme_preference([SIGV4]);
        found = Some(signed);
    }
    Ok((Client::from_conf(config.build()), found))
}

/// The SDK's stream of events, with the stamps of the pieces that they came from.
struct Events {
    stream: EventReceiver<ConverseStreamOutput, ConverseStreamOutputError>,
    reader: ConverseReader,
    probe: Probe,
}

impl Source for Events {
    async fn next(&mut self) -> Arrival {
        let received = self.stream.recv().await;
        // The newest piece is the one that completed this event: the SDK reads no
        // further than it must.
        let (at, bytes) = self.probe.take();
        let mut deltas = Vec::new();
        match received {
            Ok(Some(event)) => {
                self.reader.read_event(&event, &mut deltas);
                Arrival::Chunk { at, bytes, deltas, fault: None }
            }
            Ok(None) => {
                let open = self.reader.progress() == Progress::Open;
                let fault =
                    open.then(|| Fault::new(Class::Cut, "the stream ended before the answer was complete"));
                Arrival::End { at, deltas, fault }
            }
            Err(_) if self.reader.progress() != Progress::Open => Arrival::End { at, deltas, fault: None },
            Err(error) => Arrival::End { at, deltas, fault: Some(in_stream(&error)) },
        }
    }

    fn progress(&self) -> Progress {
        self.reader.progress()
    }

    /// The SDK has read to the end by itself when the dialect says that it is over.
    async fn drain(self) {}
}

/// The fault of a request that brought no stream.
fn before_stream<E>(error: &SdkError<E>) -> Fault
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    if let Some(fault) = ours(error) {
        return fault;
    }
    match error {
        SdkError::ServiceError(context) => {
            let (service, raw) = (context.err(), context.raw());
            let status = raw.status().as_u16();
            let headers: http::HeaderMap = raw
                .headers()
                .iter()
                .filter_map(|(n, v)| Some((n.parse::<http::HeaderName>().ok()?, v.parse().ok()?)))
                .collect();
            let head = Head { status, headers: plain_headers(&headers) };
            let mut fault = match (service.code(), service.message()) {
                (Some(code), Some(message)) => Converse::fault(code, message, Some(status)),
                _ => explain(&head, raw.body().bytes().unwrap_or_default()),
            };
            fault.status = Some(status);
            fault.request_id = head.get("x-amzn-requestid").map(ToOwned::to_owned).or(fault.request_id);
            fault
        }
        SdkError::ResponseError(_) => {
            Fault::new(Class::Garbled, format!("not an answer of Bedrock: {}", causes(error)))
        }
        _ => without_reply(error),
    }
}

/// Nothing was sent: nearly always the credential chain.
fn without_reply(error: &(dyn Error + 'static)) -> Fault {
    let text = causes(error);
    let lower = text.to_ascii_lowercase();
    if ["credential", "sso", "token", "identity"].iter().any(|word| lower.contains(word)) {
        return aws_fault(error, Vars::process().get("AWS_PROFILE").as_deref());
    }
    Fault::new(Class::Unreachable, format!("Bedrock could not be called: {text}"))
}

/// The name of an exception inside a stream, where the SDK gives the type but no code.
fn exception(error: &ConverseStreamOutputError) -> &'static str {
    match error {
        ConverseStreamOutputError::ThrottlingException(_) => "ThrottlingException",
        ConverseStreamOutputError::InternalServerException(_) => "InternalServerException",
        ConverseStreamOutputError::ModelStreamErrorException(_) => "ModelStreamErrorException",
        ConverseStreamOutputError::ServiceUnavailableException(_) => "ServiceUnavailableException",
        ConverseStreamOutputError::ValidationException(_) => "ValidationException",
        _ => "an exception that this version does not know",
    }
}

/// The fault that broke a running stream.
fn in_stream<R: std::fmt::Debug + Send + Sync + 'static>(
    error: &SdkError<ConverseStreamOutputError, R>,
) -> Fault {
    if let Some(fault) = ours(error) {
        return fault;
    }
    if let SdkError::ServiceError(context) = error {
        let service = context.err();
        return Converse::fault(
            service.code().unwrap_or(exception(service)),
            service.message().unwrap_or("Bedrock ended the stream with an error"),
            None,
        );
    }
    let cause = causes(error);
    // A frame that is whole, with an event in it that the service does not send.
    if cause.contains("unmarshall") {
        return Fault::new(Class::Garbled, format!("an event that is not Bedrock's: {cause}")).hint(
            "this server's Converse is not quite the service's: if it has another API, ask that (api=chat)",
        );
    }
    Fault::new(Class::Garbled, format!("a broken frame in the event stream: {cause}"))
        .hint("re-run it; if it stays, something between here and AWS changes the bytes")
}
