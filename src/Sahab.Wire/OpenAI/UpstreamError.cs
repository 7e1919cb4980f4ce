using System.Diagnostics.CodeAnalysis;

namespace Sahab.Wire.OpenAI;

/// <summary>
/// An error as a provider reported it, whatever its form there. What looks like a secret is redacted.
/// </summary>
public readonly record struct UpstreamError
{
    /// <summary>The longest <see cref="Message"/>, in UTF-16 characters.</summary>
    public const int MaxMessageLength = 2_000;

    /// <summary>
    /// The longest <see cref="Type"/>, <see cref="Code"/> and <see cref="Param"/>, in UTF-16 characters.
    /// </summary>
    public const int MaxWordLength = 200;

    /// <summary>What the provider says. Never empty in an error that was read.</summary>
    [AllowNull]
    public string Message
    {
        get => field ?? "";
        init;
    }

    /// <summary>The provider's type of error, such as <c>invalid_request_error</c>.</summary>
    public string? Type { get; init; }

    /// <summary>The provider's code: a word, or the status that vLLM and others write here as a number.</summary>
    public string? Code { get; init; }

    /// <summary>The parameter at fault.</summary>
    public string? Param { get; init; }

    /// <summary>What kind of error it is, where the provider's dialect tells; null where its words must be read for it.</summary>
    public ErrorClass? Class { get; init; }
}

/// <summary>
/// What kind of error it is, from which it follows whose fault it is and whether another deployment can help.
/// </summary>
public enum ErrorClass : byte
{
    /// <summary>Nothing tells.</summary>
    Unknown,

    /// <summary>The request is wrong in itself.</summary>
    InvalidRequest,

    /// <summary>Prompt and output do not fit the model's context on this deployment.</summary>
    ContextLengthExceeded,

    /// <summary>The provider's content filter refuses the prompt.</summary>
    ContentFiltered,

    /// <summary>The body is too large for the provider.</summary>
    TooLarge,

    /// <summary>The request alone is more than this deployment's whole limit; another may take it.</summary>
    TooLargeForDeployment,

    /// <summary>The provider does not do this.</summary>
    Unsupported,

    /// <summary>Our credentials are not accepted.</summary>
    Unauthorized,

    /// <summary>Our credentials do not reach this far.</summary>
    Forbidden,

    /// <summary>The provider does not have the model, or not under this name.</summary>
    ModelNotFound,

    /// <summary>There is nothing at this address.</summary>
    NotFound,

    /// <summary>What we may spend there is spent; waiting does not help.</summary>
    QuotaExhausted,

    /// <summary>We ask too often or for too much at a time; waiting helps.</summary>
    RateLimited,

    /// <summary>The provider has no capacity, or is still loading the model.</summary>
    Overloaded,

    /// <summary>The provider waited for too long, for us or for itself.</summary>
    Timeout,

    /// <summary>The provider failed.</summary>
    ServerError,
}
