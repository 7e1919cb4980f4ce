namespace Sahab.Server.Hosting.Configuration;

[Doc("What the dialect `azure` needs beyond an API key.")]
internal sealed record AzureConfig
{
    [Doc("The dated API version (`2024-10-21`) of the older API, whose base URL ends with `/openai`. Left out: the v1 "
        + "API, whose base URL ends with `/openai/v1`.")]
    [Form(TextForm.Free)]
    public string? ApiVersion { get; init; }

    [Doc("Signs in with Microsoft Entra ID in place of an API key.")]
    public EntraConfig? Entra { get; init; }
}

[Doc("Signs in with Microsoft Entra ID: by client secret, by a workload's token, or as the machine's managed identity.")]
internal sealed record EntraConfig
{
    [Doc("The directory (tenant) id. Not needed for a managed identity.")]
    [Form(TextForm.Free)]
    public string? Tenant { get; init; }

    [Doc("The application (client) id. Left out with a managed identity: the machine's own.")]
    [Form(TextForm.Free)]
    public string? Client { get; init; }

    [Doc("The application's secret.")]
    public SecretConfig? ClientSecret { get; init; }

    [Doc("The file with the token of this workload (`AZURE_FEDERATED_TOKEN_FILE`).")]
    [Form(TextForm.FilePath)]
    public string? FederatedTokenFile { get; init; }

    [Doc("Whether to sign in as the managed identity of the machine.")]
    public bool ManagedIdentity { get; init; }

    [Doc("What the token is for.")]
    [Form(TextForm.Free)]
    public string Scope { get; init; } = "https://cognitiveservices.azure.com/.default";

    [Doc("Where to sign in; https only.")]
    [Form(TextForm.HttpUrl)]
    public string Authority { get; init; } = "https://login.microsoftonline.com";
}

[Doc("What the dialect `vertex` needs. Each region's id is Google's location (`europe-west4`), and its base URL ends "
    + "with the API version (`https://europe-west4-aiplatform.googleapis.com/v1`).")]
internal sealed record VertexConfig
{
    [Doc("The project's id. Not needed with an API key (`credentials`), which stands for a project of its own.")]
    [Form(TextForm.Free)]
    public string? Project { get; init; }

    [Doc("A service account or an external account (workload identity federation) as JSON, from a file or the "
        + "environment. Left out, and without an API key: application default credentials.")]
    public SecretConfig? Account { get; init; }

    [Doc("Which of its APIs to speak: Gemini's own or the OpenAI-compatible one, which needs a project. Embeddings go "
        + "over Gemini's own either way.")]
    public VertexApi Api { get; init; } = VertexApi.Gemini;
}

/// <summary>The APIs of Vertex AI.</summary>
internal enum VertexApi
{
    Gemini,
    OpenAi,
}

[Doc("What the dialect `bedrock` needs beyond a Bedrock API key. Each region's id is AWS's region (`us-east-1`), for "
    + "which requests are signed, and its base URL is the endpoint (`https://bedrock-runtime.us-east-1.amazonaws.com`). "
    + "Without keys here: the credentials that AWS's own tools would find.")]
internal sealed record BedrockConfig
{
    [Doc("The access key's id.")]
    public SecretConfig? AccessKeyId { get; init; }

    [Doc("The secret access key.")]
    public SecretConfig? SecretAccessKey { get; init; }

    [Doc("The session's token, for temporary keys.")]
    public SecretConfig? SessionToken { get; init; }

    [Doc("Which of its APIs to speak: Converse or the OpenAI-compatible one, whose base URL ends with the version "
        + "(`…/openai/v1`).")]
    public BedrockApi Api { get; init; } = BedrockApi.Converse;

    [Doc("The limit of output tokens where a request sets none. Bedrock takes this many out of the quota before it "
        + "begins, and without a limit the most that the model could write.")]
    [Between("1", "1000000")]
    public int MaxTokens { get; init; } = 8192;
}

/// <summary>The APIs of Bedrock.</summary>
internal enum BedrockApi
{
    Converse,
    OpenAi,
}

[Doc("What the dialect `oci` needs. A region's base URL ends with the API version "
    + "(`https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/20231130`).")]
internal sealed record OciConfig
{
    [Doc("The compartment's OCID.")]
    [Form(TextForm.Free)]
    public required string Compartment { get; init; } = "";

    [Doc("The tenancy's OCID, for signed requests.")]
    [Form(TextForm.Free)]
    public string? Tenancy { get; init; }

    [Doc("The user's OCID, for signed requests.")]
    [Form(TextForm.Free)]
    public string? User { get; init; }

    [Doc("The fingerprint of the user's key, for signed requests.")]
    [Form(TextForm.Free)]
    public string? Fingerprint { get; init; }

    [Doc("The user's private key as PEM, for signed requests. Without it, `credentials` is an API key for the "
        + "OpenAI-compatible API.")]
    public SecretConfig? PrivateKey { get; init; }

    [Doc("Which of its APIs to speak: its own, for models in its generic form or Cohere's, or the OpenAI-compatible "
        + "one, whose base URL ends with the version (`…/openai/v1`).")]
    public OciApi Api { get; init; } = OciApi.Generic;
}

/// <summary>The APIs of OCI Generative AI.</summary>
internal enum OciApi
{
    Generic,
    Cohere,
    OpenAi,
}

[Doc("What the dialect `anthropic` needs beyond an API key. A region's base URL ends with `/v1` "
    + "(`https://api.anthropic.com/v1`).")]
internal sealed record AnthropicConfig
{
    [Doc("The API's version (`anthropic-version`). From 2026-10-21 on it takes no temperature, top_p or top_k.")]
    [Form(TextForm.Free)]
    public string Version { get; init; } = "2023-06-01";

    [Doc("Output tokens at most for a request that gives no limit of its own, since the API needs one.")]
    [Between("1", "1000000")]
    public int MaxTokens { get; init; } = 32_000;
}
