namespace Sahab.Server.Hosting.Configuration;

[Doc("What is kept of calls to `/v1/responses`.")]
internal sealed record ResponsesConfig
{
    [Doc("How long a response is kept that was not made with `store: false`, counted from the last turn of its "
        + "conversation. A change holds for responses made after it.")]
    [Between("1h", "87600h")]
    public TimeSpan Retention { get; init; } = TimeSpan.FromHours(720);
}
