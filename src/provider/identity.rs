//! Who a request is sent as, where no key says it: decided here, fetched by the engine.

/// What the engine adds to a request before its clock starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Identity {
    /// The headers say it already, or the server asks for nothing.
    #[default]
    None,
    /// `authorization: Bearer` with a token of Entra ID for this scope (`https://ai.azure.com/.default`).
    Entra { scope: String },
    /// `authorization: Bearer` with a token of Google's application default credentials,
    /// and `x-goog-user-project` where they name a quota project.
    Google,
    /// AWS Signature Version 4 over the whole request.
    SigV4 {
        /// The name the door signs with: `bedrock` or `bedrock-mantle`.
        service: &'static str,
        region: String,
    },
}
