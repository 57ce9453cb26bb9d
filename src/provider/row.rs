//! What a row of the table can say.

use crate::model::Parity;
use crate::wire::Call;
use crate::wire::Chat;
use crate::wire::Dialect;
use crate::wire::MaxField;
use crate::wire::Quirks;

/// How a key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `authorization: Bearer KEY`.
    Bearer,
    /// The key alone in this header.
    Header(&'static str),
}

/// Who vouches for a request when there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    None,
    /// The AWS SDK's credential chain: environment, profiles, SSO, roles, containers, instances.
    Aws,
    /// Entra ID: client secret, workload, managed identity, the `az` and `azd` tools.
    Entra,
    /// Google's application default credentials.
    Google,
}

impl Chain {
    pub const ALL: [Self; 4] = [Self::None, Self::Aws, Self::Entra, Self::Google];

    /// The word of `auth = "…"`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Aws => "aws",
            Self::Entra => "entra",
            Self::Google => "google",
        }
    }

    /// For people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "no credential",
            Self::Aws => "AWS credential chain",
            Self::Entra => "Entra ID",
            Self::Google => "Google application default credentials",
        }
    }
}

/// One environment variable that may hold a key, and how that key is sent.
#[derive(Debug, Clone, Copy)]
pub struct KeyVar {
    pub name: &'static str,
    pub auth: Auth,
}

/// What stands after the last `@` of a spec, besides a base URL, which every provider takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    BaseUrl,
    /// A cloud region: `us-east-1`.
    Region,
    /// The name of an Azure resource: `contoso-east`.
    Resource,
    /// A Google project and location: `my-project/europe-west1`, or either alone.
    Location,
}

impl Place {
    /// What a person would call it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::BaseUrl => "a base URL",
            Self::Region => "a region or a base URL",
            Self::Resource => "a resource's name or a base URL",
            Self::Location => "project/location or a base URL",
        }
    }
}

/// One of the ways in which a provider is spoken to.
pub struct Api {
    /// The word of `?api=…`.
    pub id: &'static str,
    pub dialect: &'static dyn Dialect,
    /// Between the base URL and the dialect's own path; `{model}`, `{project}` and `{location}` are filled in.
    pub prefix: &'static str,
    /// Where this API has another host than the row.
    pub base_url: Option<&'static str>,
    /// Variables for its address and keys that stand before the row's.
    pub base_url_vars: &'static [&'static str],
    pub place_vars: &'static [&'static str],
    pub keys: &'static [KeyVar],
    /// Where a key is sent in another way than the row's.
    pub auth: Option<Auth>,
    /// The service that a SigV4 signature names.
    pub service: &'static str,
    /// Takes `?api-version=…`, and is chosen when the endpoint names one.
    pub dated: bool,
    pub quirks: Quirks,
    /// Whether this is the API for a model when the endpoint does not say; the first that fits is taken.
    pub fits: fn(&str) -> bool,
    /// What a request would need and this API cannot say, for its parity record.
    pub unsaid: fn(&Call<'_>) -> Option<Parity>,
    /// A model of this API's, where variables of its own may be all that is set.
    pub example: &'static str,
}

/// How a provider lists its models: a GET below a base URL.
pub struct Listing {
    /// Where it has another host than the row.
    pub base_url: Option<&'static str>,
    /// Path with the prefix it needs.
    pub path: &'static str,
    /// The service that a SigV4 signature names.
    pub service: &'static str,
    /// JSON pointer to the array.
    pub items: &'static str,
    /// Members of an item that may hold the id; the first that is a string counts.
    pub id: &'static [&'static str],
    /// JSON pointers in an item that may hold the context length in tokens.
    pub context: &'static [&'static str],
}

/// Everything about one provider.
pub struct Provider {
    /// The word in specs, config, files and prices.
    pub id: &'static str,
    pub label: &'static str,
    /// One line for `--help` and the README.
    pub doc: &'static str,
    /// In the order in which the vendor's own SDK prefers them.
    pub keys: &'static [KeyVar],
    /// How a key of the user's own naming is sent.
    pub auth: Auth,
    /// What stands in where no key is found.
    pub chain: Chain,
    /// Keys of the row's variables are for its own hosts alone: the server that is usually
    /// asked is the user's, and asks for none.
    pub keys_stay: bool,
    /// Nothing can be sent without a key.
    pub key_required: bool,
    pub place: Place,
    /// Variables that name the place, in order.
    pub place_vars: &'static [&'static str],
    /// The vendor's address, with `{place}`, `{host}`; `None` must come from the user.
    pub base_url: Option<&'static str>,
    /// Variables that official SDKs read for another address, in order.
    pub base_url_vars: &'static [&'static str],
    /// Domains that a key of the provider's own variables may be sent to, subdomains included;
    /// the first is where the list prices hold.
    pub hosts: &'static [&'static str],
    pub apis: &'static [Api],
    /// Variables whose values go out as headers: (variable, header).
    pub header_vars: &'static [(&'static str, &'static str)],
    /// Empty where no listing says what an account may call.
    pub listings: &'static [Listing],
    /// Models that a server on the user's machine passes on to a cloud, which wants money for them.
    pub passes_on: fn(&str) -> bool,
    /// What is billed of an answer whose connection was closed, as far as the vendor says it.
    pub broken_off: &'static str,
    /// A model id of this provider, for examples in help and errors.
    pub example: &'static str,
}

impl Provider {
    /// A server on the user's own machine, whose answers cost what the machine costs.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.base_url.is_some_and(|b| b.starts_with("http://127."))
    }
}

/// What most servers that speak an OpenAI wire take.
pub(super) const PLAIN: Quirks = Quirks {
    max_field: MaxField::MaxTokens,
    developer_role: false,
    plain: true,
    no_stream_options: false,
    parsed_reasoning: &[],
};

/// An API at the row's own address, for every model.
pub(super) const API: Api = Api {
    id: "chat",
    dialect: &Chat,
    prefix: "",
    base_url: None,
    base_url_vars: &[],
    place_vars: &[],
    keys: &[],
    auth: None,
    service: "",
    dated: false,
    quirks: PLAIN,
    fits: any,
    unsaid: |_| None,
    example: "",
};

/// A vendor that speaks Chat Completions at one address, with a bearer key.
pub(super) const ROW: Provider = Provider {
    id: "",
    label: "",
    doc: "",
    keys: &[],
    auth: Auth::Bearer,
    chain: Chain::None,
    keys_stay: false,
    key_required: true,
    place: Place::BaseUrl,
    place_vars: &[],
    base_url: None,
    base_url_vars: &[],
    hosts: &[],
    apis: &[API],
    header_vars: &[],
    listings: &[MODELS],
    passes_on: none,
    broken_off: "providers bill what was generated until they noticed; none of them tells how much",
    example: "",
};

/// `GET {base}/models`, as OpenAI and everybody after it answers it.
pub(super) const MODELS: Listing = Listing {
    base_url: None,
    service: "",
    path: "/models",
    items: "/data",
    id: &["id"],
    context: &[
        "/context_length",
        "/context_window",
        "/max_context_length",
        "/max_model_len",
        "/meta/n_ctx_train",
    ],
};

pub(super) fn any(_model: &str) -> bool {
    true
}

/// Chosen only by name.
pub(super) fn none(_model: &str) -> bool {
    false
}
