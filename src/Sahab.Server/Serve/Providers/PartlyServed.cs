namespace Sahab.Server.Serve.Providers;

/// <summary>
/// An error that ends a call of which a part had been served already, where one call is many requests: the provider
/// bills that part, so that it must be booked.
/// </summary>
internal static class PartlyServed
{
    static readonly HttpRequestOptionsKey<long> Served = new("sahab.prompt-tokens-served");

    /// <summary>Says of an error how many prompt tokens were served before it.</summary>
    public static void Mark(HttpResponseMessage error, long promptTokens) =>
        (error.RequestMessage ??= new HttpRequestMessage()).Options.Set(Served, promptTokens);

    /// <summary>Prompt tokens that were served before an error; mostly none.</summary>
    public static long PromptTokens(HttpResponseMessage error) =>
        error.RequestMessage is { } request && request.Options.TryGetValue(Served, out var tokens) ? tokens : 0;
}
